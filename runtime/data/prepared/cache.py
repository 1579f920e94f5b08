"""The folder of prepared sets in the cache: each has its key for a name, is whole from the moment it is there, and never changes.

Any number of processes may use it at once: what is removed while it is read stays open for those who read it.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelc.runtime.runs.open_folder import OpenFolder

FOLDER = "prepared"
SHARE = 5
"""Prepared sets take at most this part of the disk: a fifth."""
STALE = 24 * 3600.0
"""Seconds after which what a process has begun to write and not finished is taken for left behind."""


@contextmanager
def found(cache: Path, key: str) -> Iterator[OpenFolder | None]:
    """The set called `key`, for as long as the block reads it; None where there is none. Raises OSError."""
    try:
        folder = OpenFolder.at(cache / FOLDER / key)
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    with folder:
        # When it was used last; a cache that cannot be written keeps the time that it has.
        with suppress(OSError):
            os.utime(folder.descriptor)
        yield folder


def put(cache: Path, key: str, size: int, write: Callable[[OpenFolder], None]) -> None:
    """Let `write` fill a folder with about `size` bytes, which then becomes the set called `key`, in place of one that may be
    there. Raises OSError; nothing is left of what was written then.
    """
    with OpenFolder.at(cache / FOLDER, make=True) as sets:
        make_room(sets, size)
        temporary = f".{key[:12]}.{secrets.token_hex(6)}.tmp"
        try:
            with sets.below(temporary) as folder:
                write(folder)
            replace(sets, temporary, key)
        finally:
            sets.remove(temporary)
        sets.sync()
        make_room(sets, 0, keep=key)


def replace(sets: OpenFolder, temporary: str, key: str) -> None:
    """Give the folder `temporary` the name `key`; what has that name is removed."""
    if sets.has(key):
        old = f".{key[:12]}.{secrets.token_hex(6)}.old"
        with suppress(FileNotFoundError):
            sets.rename(key, old)
        with suppress(OSError):
            sets.remove(old)
    try:
        sets.rename(temporary, key)
    except OSError:
        # Another process was faster: its set is as good.
        if not sets.is_folder(key):
            raise


def has_room(cache: Path, size: int) -> bool:
    """Whether a set of so many bytes may be written, once others have made room for it. Raises OSError."""
    with OpenFolder.at(cache / FOLDER, make=True) as sets:
        disk = os.statvfs(sets.descriptor)
        if size > disk.f_frsize * disk.f_blocks // SHARE:
            return False
        used = 0
        for name in sets.entries():
            with suppress(OSError):
                used += 0 if name.startswith(".") else size_of(sets, name)
        return size <= disk.f_frsize * disk.f_bavail + used


def make_room(sets: OpenFolder, size: int, keep: str = "") -> None:
    """Remove those sets that were used longest ago, as far as `size` more bytes ask for it, and what was left behind."""
    disk = os.statvfs(sets.descriptor)
    allowed = disk.f_frsize * disk.f_blocks // SHARE - size
    free = disk.f_frsize * disk.f_bavail - size
    now, used = time.time(), 0
    there: list[tuple[float, int, str]] = []
    for name in sets.entries():
        with suppress(OSError):
            time_of = os.stat(name, dir_fd=sets.descriptor, follow_symlinks=False).st_mtime
            if name.startswith(".") and now - time_of < STALE:
                continue
            bytes_there = 0 if name.startswith(".") else size_of(sets, name)
            there.append((0.0 if name.startswith(".") else time_of, bytes_there, name))
            used += bytes_there
    for _, bytes_there, name in sorted(there):
        if name == keep or (not name.startswith(".") and used <= allowed and free >= 0):
            continue
        with suppress(OSError):
            sets.remove(name)
            used, free = used - bytes_there, free + bytes_there


def size_of(sets: OpenFolder, name: str) -> int:
    """The bytes of the files of a set."""
    with sets.existing(name) as folder:
        return sum(os.stat(file, dir_fd=folder.descriptor, follow_symlinks=False).st_size for file in folder.entries())
