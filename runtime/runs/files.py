"""Writing files so that a crash leaves the old or the new, never half of one. Knows nothing of what is in them."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import file_kind

CURES = {
    errno.ENOSPC: "free some space on the disk, or write to another folder",
    errno.EDQUOT: "your quota is used up: delete something, or write to another folder",
    errno.ENOENT: "make the folder first",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder on a disk that is not read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while `path` is written into RunError E604."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> RunError:
    """RunError E604 with the reason and its cure."""
    reason = (error.strerror or str(error)).lower()
    cure = CURES.get(error.errno or 0)
    return RunError("E604", f"cannot write `{path}`: {reason}", helps=(cure,) if cure else ())


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once the block ends well, and is gone if it does not.

    A link is followed. Raises RunError E604 where it cannot be written, or where `path` is no regular file.
    """
    real = Path(os.path.realpath(path))
    with writing(path):
        if real.exists() and not stat.S_ISREG(mode := real.stat().st_mode):
            raise RunError("E604", f"cannot write `{path}`: it is {file_kind(mode)}", helps=("name a file",))
        # Not the whole name with an addition, which could grow beyond what the file system takes.
        temporary = real.with_name(f".{real.name[:40]}.{secrets.token_hex(6)}.tmp")
        try:
            # Exclusive, so that nobody's link is followed; 0o666 so that the umask decides, as for any new file.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, real)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(real.parent)


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before` in the file at `path`, which keeps its mode.

    Raises RunError E604 where it cannot be written, or where it has become something else than `before`.
    """
    with writing(path):
        found, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    if found != before:
        raise RunError("E604", f"`{path}` was changed by someone else meanwhile", helps=("run it again",))
    with replacing(path) as file:
        os.chmod(file.fileno(), mode)
        file.write(after)


def write_file(path: Path, data: bytes) -> None:
    """`data` in a new file at `path`, on the disk when this returns. Raises OSError."""
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Puts the names in `folder` on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
