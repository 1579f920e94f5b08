"""Opens files beneath a folder, one component after the other from the folder's descriptor, following no link on the way.

A path that is checked and then opened by its name can lead elsewhere by then: a folder on its way may have become a link.
Here links are resolved first, and what they lead to is walked again from the folder, so that a link that is swapped in
meanwhile is met by the walk, and never followed. POSIX has all that is needed (`openat`), so Linux and macOS have it.
"""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

ATTEMPTS = 16
"""The number of times that links are resolved again where a component turned into a link in between; each time needs a swap."""
SEARCH = getattr(os, "O_PATH", getattr(os, "O_SEARCH", os.O_RDONLY)) | os.O_DIRECTORY | os.O_CLOEXEC
"""Opens a folder to go through it, which needs no permission to list it."""
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
LINK = (errno.ELOOP, errno.EMLINK, errno.ENOTDIR)
"""What systems say to `O_NOFOLLOW` of a link, and to `O_DIRECTORY` of what is a link or has become a file."""


class OutsideError(Exception):
    """A link leads out of the folder."""


class NotRegularError(Exception):
    """There is something, but no regular file: `kind` says what."""

    def __init__(self, mode: int) -> None:
        super().__init__(file_kind(mode))
        self.kind = file_kind(mode)


def file_kind(mode: int) -> str:
    """The kind of a file that is not a regular file, for a message."""
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a link"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def real_path(path: str | Path) -> str:
    """`os.path.realpath`, which raises even where it should not: if a link goes while it is read, of a null byte, and where
    the current folder was deleted.
    """
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.normpath(os.path.join("/", path))


def real_path_beneath(folder: str | Path, path: str) -> tuple[Path, Path]:
    """The real paths of `folder` and of what `path` in it refers to, links followed. Opens nothing.

    Raises OutsideError if that is not beneath the folder, OSError if it is not there.
    """
    try:
        real = Path(os.path.realpath(folder, strict=True))
        target = Path(os.path.realpath(real / path, strict=True))
    except ValueError:
        # A null byte, in a path that comes from a damaged file.
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
    if not target.is_relative_to(real):
        raise OutsideError
    return real, target


def open_beneath(folder: str | Path, path: str) -> int:
    """The descriptor, for reading, of the regular file at `path` in `folder`; links that stay beneath it are followed.

    Raises OutsideError, NotRegularError or OSError. A pipe or device is neither opened nor waited for.
    """
    for _ in range(ATTEMPTS):
        real, target = real_path_beneath(folder, path)
        try:
            top = os.open(real, SEARCH | os.O_NOFOLLOW)
            try:
                return open_from(top, target.relative_to(real).parts)
            finally:
                os.close(top)
        except OSError as error:
            if error.errno not in LINK:
                raise
    raise OSError(errno.ELOOP, "it changes while it is opened")


def open_from(top: int, parts: Sequence[str]) -> int:
    """The descriptor of the regular file that `parts` lead to from the folder `top`, through folders and no links.

    Raises NotRegularError, and OSError with one of `LINK` where a part is a link.
    """
    if not parts:
        raise NotRegularError(stat.S_IFDIR)
    opened: list[int] = []
    try:
        here = top
        for part in parts[:-1]:
            here = os.open(part, SEARCH | os.O_NOFOLLOW, dir_fd=here)
            opened.append(here)
        return open_entry(here, parts[-1])
    finally:
        for descriptor in opened:
            os.close(descriptor)


def open_entry(folder: int, name: str) -> int:
    """The descriptor, for reading, of the regular file `name` directly in the folder. Raises as `open_from` does."""
    # Looked at first: opening a device may do something by itself, such as rewinding a tape.
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise NotRegularError(mode)
    return regular(os.open(name, READ, dir_fd=folder))


def regular(descriptor: int) -> int:
    """`descriptor`, if it is that of a regular file; else it is closed, and NotRegularError raised."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise NotRegularError(mode)
