"""Writes files atomically: a crash leaves the old or the new one. Knows nothing about their contents."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import file_kind
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.open_folder import OpenFolder

ADVICE = {
    errno.ENOSPC: "free some space on the disk, or write to another folder",
    errno.EDQUOT: "your disk quota is used up: delete files, or write to another folder",
    errno.ENOENT: "create the folder first",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder on a disk that is not read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an OSError while writing `path` into RunError E604."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None


def may_be_there(path: Path) -> bool:
    """Whether something is at `path`, or cannot be looked for: whoever opens it then says why not."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def cannot_write(path: Path, error: OSError) -> RunError:
    """RunError E604 with the reason and a help."""
    advice = ADVICE.get(error.errno or 0)
    return RunError("E604", f"cannot write `{path}`: {reason_of(error)}", helps=(advice,) if advice else ())


def need_file(path: Path) -> os.stat_result | None:
    """What the system says of the file at `path`, None if there is none. Raises RunError E604 unless it is a regular one."""
    with writing(path):
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return None
    if not stat.S_ISREG(found.st_mode):
        raise RunError("E604", f"cannot write `{path}`: it is {file_kind(found.st_mode)}", helps=("name a file",))
    return found


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A temporary file that replaces `path` if the block succeeds, and is removed if it fails.

    Symbolic links are followed. Raises RunError E604 if it cannot be written, or if `path` is not a regular file.
    """
    need_file(path)
    real = Path(os.path.realpath(path))
    with writing(path), OpenFolder.at(real.parent) as folder, folder.replacing(real.name) as file:
        yield file


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """Replace the content `before` of the file at `path` by `after`; the file keeps its mode.

    Raises RunError E604 if it cannot be written, or if its content is no longer `before`.
    """
    try:
        found, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
        if found != before:
            raise RunError("E604", f"`{path}` was changed by another program in the meantime", helps=("run it again",))
        real = Path(os.path.realpath(path))
        with OpenFolder.at(real.parent) as folder, folder.replacing(real.name) as file:
            os.chmod(file.fileno(), mode)
            file.write(after)
    except PermissionError as error:
        helps = ("allow yourself to write to its folder, or copy the file elsewhere, and change the copy",)
        raise RunError("E604", f"cannot write `{path}`: {reason_of(error)}", helps=helps) from None
    except OSError as error:
        raise cannot_write(path, error) from None
