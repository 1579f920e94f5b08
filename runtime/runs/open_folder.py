"""An open folder: what is done in it goes through its descriptor, and follows no link that has been put there.

Entries are named without a path. Everything that can fail raises OSError, whose text `files.writing` reports.
"""

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Self

from modelc.compiler.syntax.beneath import open_entry

OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
"""Exclusive, so that nothing that is there is opened, and nobody's link followed."""
MODE = 0o666
"""The umask decides, as for any new file."""
TEMPORARY = ".{name}.{token}.tmp"
"""What a file is called until it is whole: by the first letters of its name, and twelve random ones."""


class OpenFolder:
    """A folder that is open until the `with` block ends; it stays the same one wherever it is moved. `path` is for messages."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor = descriptor
        self.path = path

    @classmethod
    def at(cls, path: Path, *, make: bool = False) -> Self:
        """The folder at `path`, which the user named: links on the way to it are followed. With `make`, it is made first."""
        if make:
            os.makedirs(path, exist_ok=True)
        return cls(os.open(path, OPEN), path)

    def below(self, name: str) -> Self:
        """The folder `name` in this one, made if it is missing."""
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=self.descriptor)
        return self.existing(name)

    def existing(self, name: str) -> Self:
        """The folder `name` in this one."""
        self.refuse_link(name)
        return type(self)(os.open(name, OPEN | os.O_NOFOLLOW, dir_fd=self.descriptor), self.path / name)

    def reading(self, name: str) -> BufferedReader:
        """The regular file `name`, open for reading. Raises NotRegularError for what is none."""
        self.refuse_link(name)
        return os.fdopen(open_entry(self.descriptor, name), "rb")

    def refuse_link(self, name: str) -> None:
        """Say of a link what it is, instead of what the system says of it; where one is swapped in later, that has to do."""
        if stat.S_ISLNK(os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "it is a symbolic link, and none is followed in a run")

    def has(self, name: str) -> bool:
        """Whether there is an entry `name`, whatever it is."""
        try:
            os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def is_folder(self, name: str) -> bool:
        """Whether there is a folder `name`; a link to one is none."""
        try:
            return stat.S_ISDIR(os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return False

    def create(self, name: str, flags: int = 0) -> int:
        """The descriptor of the new file `name`, for writing."""
        return os.open(name, NEW | flags, MODE, dir_fd=self.descriptor)

    def write_new(self, name: str, data: bytes) -> None:
        """Write `data` to the new file `name` and sync it to disk."""
        with os.fdopen(self.create(name), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def replacing(self, name: str) -> Iterator[BinaryIO]:
        """A temporary file that replaces `name` if the block succeeds, and is removed if it fails.

        A link of this name is replaced itself; what it refers to stays as it is.
        """
        # Not the whole name with an addition, which could grow beyond what the file system takes.
        temporary = TEMPORARY.format(name=name[:40], token=secrets.token_hex(6))
        try:
            with os.fdopen(self.create(temporary), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self.descriptor)
        self.sync()

    def rename(self, name: str, new: str) -> None:
        """Rename an entry; a link is renamed itself."""
        os.rename(name, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove an entry, if it is there: a folder with all that is in it, a link without what it refers to."""
        with suppress(FileNotFoundError):
            if stat.S_ISDIR(os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_mode):
                shutil.rmtree(name, dir_fd=self.descriptor)
            else:
                os.unlink(name, dir_fd=self.descriptor)

    def entries(self) -> list[str]:
        return os.listdir(self.descriptor)

    def sync(self) -> None:
        """Sync the entries to disk."""
        os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
