"""File access of specs: regular files below a root folder, and the folder of downloads."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError


@dataclass(frozen=True, slots=True)
class Root:
    """The files that a spec may read: those below `folder` (its own, or `--root`), and the cache of downloads."""

    folder: Path
    cache: Path

    def resolve(self, path: str) -> Path:
        """The real path of the regular file that `path`, a string in a spec, refers to. Opens nothing.

        Raises RunError E405 for a path that is absolute, leaves the folder (by `..` or a link), or is no regular file.
        """
        reason = refusal(path)
        if reason:
            raise refused(
                path, reason, "write a path inside the folder of the spec, or widen the root with `--root DIR`"
            )
        try:
            folder = Path(os.path.realpath(self.folder, strict=True))
            real = Path(os.path.realpath(folder / path, strict=True))
            mode = real.stat().st_mode
        except FileNotFoundError:
            helps = ("paths are relative to the folder of the spec, or to `--root DIR`",)
            raise RunError("E405", f"there is no file {path!r}", helps=helps) from None
        except OSError as error:
            raise refused(path, f"cannot be followed: {os.strerror(error.errno or 0)}") from None
        if not real.is_relative_to(folder):
            reason = "points outside the spec's folder through a symbolic link"
            raise refused(path, reason, "move the file itself into the root, or widen the root with `--root DIR`")
        if not stat.S_ISREG(mode):
            raise refused(path, f"is {file_kind(mode)}, expected a regular file")
        return real


def refused(path: str, reason: str, *helps: str) -> RunError:
    return RunError("E405", f"the path {path!r} {reason}", helps=helps)


def refusal(path: str) -> str | None:
    """Why `path` is refused before looking at the disk; None if it is not."""
    if not path or not path.isprintable():
        return "is empty or has control characters"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", path):
        return "is a URL, but a spec can only name local files"
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "is absolute"
    if path.startswith("~"):
        return "starts with `~`, which is not expanded"
    if ".." in re.split(r"[/\\]", path):
        return "points outside the spec's folder"
    if "\\" in path:
        return "has a backslash, write `/`"
    return None


def file_kind(mode: int) -> str:
    """The kind of a file that is not a regular file, for a message."""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def open_regular(path: Path, shown: str) -> BinaryIO:
    """The file at `path`, open for reading; `shown` is its name in messages.

    A pipe or device that has replaced the file in the meantime is refused without waiting for it. Raises RunError E405
    if there is no file, or if it is not a regular file or cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise RunError("E405", f"there is no file {shown!r}") from None
    except OSError as error:
        raise RunError("E405", f"{shown!r} cannot be opened: {os.strerror(error.errno or 0)}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise RunError("E405", f"{shown!r} is {file_kind(mode)}, expected a regular file")
    return os.fdopen(descriptor, "rb")


def cache_folder() -> Path:
    """The folder of downloads: `MODELC_CACHE`, else `modelc` below `XDG_CACHE_HOME` or `~/.cache`. Not created here."""
    own = os.environ.get("MODELC_CACHE")
    if own:
        return Path(own)
    shared = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is invalid and to be ignored.
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".cache") / "modelc"
