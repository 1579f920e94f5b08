"""File access of specs: regular files below a root folder, and the folder of downloads."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.syntax.beneath import (
    NotRegularError,
    OutsideError,
    open_beneath,
    real_path_beneath,
    regular,
)
from modelc.compiler.syntax.path_rules import refusal


class LoadedFile(NamedTuple):
    """A file that a path in a spec names: its name for messages, its bytes, and the number of its hard links."""

    name: str
    data: bytes
    hard_links: int = 1


@dataclass(frozen=True, slots=True)
class Root:
    """The files that a spec may read: those below `folder`, and the cache of downloads.

    `chosen` says who chose the folder: it is the spec's own, or that of `--root` or `--data-root`, or the one that a run recorded,
    or that of `rows` which the user names for a prediction.
    `beside` is the folder of the file in which the paths stand, if it is another one, and `recorded` the one that a run recorded,
    if this is another: only messages need them. `data` is where the files of sources are, if that is another folder.
    """

    folder: Path
    cache: Path
    chosen: Literal["spec", "option", "data", "run", "rows"] = "spec"
    beside: Path | None = None
    recorded: Path | None = None
    data: "Root | None" = None

    @property
    def called(self) -> str:
        """What messages call the folder."""
        called = {
            "spec": "the spec's folder",
            "data": f"the data root `{self.folder}`",
            "rows": f"the folder `{self.folder}` of the new rows",
        }
        return called.get(self.chosen, f"the root `{self.folder}`")

    def for_paths_in(self, file: str) -> "Root":
        """This root for the paths that stand in `file`, one of those that a spec is made of."""
        return replace(self, beside=Path(file).parent)

    def resolve(self, path: str) -> Path:
        """The real path of the regular file that `path`, a string in a spec, refers to. Opens nothing.

        Raises RunError E405 for a path that is absolute, leaves the folder (by `..` or a link), or is no regular file.
        """
        with self.reported(path):
            _, real = real_path_beneath(self.folder, path)
            if not stat.S_ISREG(mode := real.stat().st_mode):
                raise NotRegularError(mode)
            return real

    def open(self, path: str) -> BufferedReader:
        """The file that `path`, a string in a spec, refers to, open for reading. Raises RunError E405 as `resolve` does, an
        AbsentFile where there is none.

        Whatever becomes a link in the meantime, the file is one below the folder.
        """
        with self.reported(path):
            return os.fdopen(open_beneath(self.folder, path), "rb")

    def hard_links(self, path: str) -> int:
        """The number of names of the file that `path` refers to, one or more. Raises RunError E405 as `open` does."""
        with self.open(path) as file:
            return os.fstat(file.fileno()).st_nlink

    @contextmanager
    def reported(self, path: str) -> Iterator[None]:
        """Check the words of `path`, and turn what the block raises about it into RunError E405."""
        reason = refusal(path, self.called)
        if reason:
            raise refused(path, reason, *self.helps(path))
        try:
            yield
        except FileNotFoundError:
            raise AbsentFile(path, helps=self.helps(path, missing=True)) from None
        except OSError as error:
            raise refused(path, f"cannot be read: {reason_of(error)}") from None
        except OutsideError:
            reason = f"points outside {self.called} through a symbolic link"
            raise refused(path, reason, *self.helps(path)) from None
        except NotRegularError as error:
            raise refused(path, f"is {error.kind}, expected a regular file") from None

    def helps(self, path: str, *, missing: bool = False) -> tuple[str, ...]:
        """What to do about a path that is refused, or that names no file."""
        from modelc.compiler.syntax import path_help

        return path_help.missing_helps(self, path) if missing else path_help.refusal_helps(self, path)


def spec_root(spec: Path | None, root: Path | None, data: Path | None = None) -> Root:
    """The files that the spec at `spec` may read; None is one from standard input. `root` is the folder of `--root`, `data` that
    of `--data-root`.
    """
    own = Path() if spec is None else Path(os.path.realpath(spec)).parent
    found = Root(own, cache_folder()) if root is None else Root(root, cache_folder(), "option", own)
    return found if data is None else replace(found, data=data_root(data))


def data_root(folder: Path) -> Root:
    """The folder of `--data-root`."""
    return Root(folder, cache_folder(), "data")


def refused(path: str, reason: str, *helps: str) -> RunError:
    return RunError("E405", f"the path {path!r} {reason}", helps=helps)


def reason_of(error: OSError) -> str:
    """What the operating system says, in a message."""
    return (error.strerror or str(error)).lower()


def open_regular(path: Path, shown: str) -> BinaryIO:
    """The file at `path`, which the user named, open for reading; `shown` is its name in messages.

    A pipe or device that has replaced the file in the meantime is refused without waiting for it. Raises RunError E405
    if there is no file, or if it is not a regular file or cannot be opened.
    """
    try:
        return os.fdopen(regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)), "rb")
    except FileNotFoundError:
        raise RunError("E405", f"there is no file {shown!r}") from None
    except OSError as error:
        raise RunError("E405", f"{shown!r} cannot be opened: {reason_of(error)}") from None
    except NotRegularError as error:
        raise RunError("E405", f"{shown!r} is {error.kind}, expected a regular file") from None


def read_text(path: Path, most: int) -> bytes:
    """Up to `most` bytes of the text at `path`, which the user named: a regular file, or the pipe of `<(command)`.

    Nothing else may keep the command waiting: a pipe with a name, for example, for a writer that never comes. Raises
    OSError, NotRegularError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode) and not is_named(path):
        os.set_blocking(descriptor, True)
    else:
        descriptor = regular(descriptor)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most)


def is_named(path: Path) -> bool:
    """Whether the pipe at `path` is in a folder, not only among the open files of this process."""
    real = os.path.realpath(path)
    return os.path.lexists(real) and not real.startswith("/dev/fd/")


def cache_folder() -> Path:
    """The folder of downloads: `MODELC_CACHE`, else `modelc` below `XDG_CACHE_HOME` or `~/.cache`. Not created here."""
    own = os.environ.get("MODELC_CACHE")
    if own:
        return Path(os.path.expanduser(own))
    shared = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is invalid and to be ignored.
    if os.path.isabs(shared):
        return Path(shared) / "modelc"
    home = os.path.expanduser("~")
    # A user without a home folder has no folder of downloads either: nothing can be written below a device.
    return Path(home, ".cache", "modelc") if os.path.isabs(home) else Path(os.devnull, "modelc")
