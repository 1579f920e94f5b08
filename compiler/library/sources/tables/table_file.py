"""Files of tables: where they are, and that they stay as they are while they are read."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, TypeVar, cast
from urllib.parse import unquote

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching
from modelc.compiler.syntax.pattern_walk import ANY_FOLDERS, parts_of, wildcards

PACKED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
}
"""What files begin with that are packed."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file as messages call it, and how it is opened. `folders` are the columns and values that the names of its folders
    stand for.
    """

    shown: str
    open: Callable[[], BinaryIO]
    folders: tuple[tuple[str, str], ...] = ()


Result = TypeVar("Result")
Stamp = tuple[int, int, int, int]
"""What changes where a file does: its device, inode, size and time of modification."""


def table_files(root: Root, paths: Sequence[str]) -> tuple[TableFile, ...]:
    """The files below `root` that the paths and patterns of a spec stand for. Raises RunError E405."""
    found: dict[str, TableFile] = {}
    for path in paths:
        for name in files_matching(root, path):
            found.setdefault(name, TableFile(name, partial(root.open, name), folders_of(name, path)))
    return tuple(found.values())


def folders_of(path: str, pattern: str) -> tuple[tuple[str, str], ...]:
    """The columns and values in the names of folders of the file at `path`: those from the first wildcard of `pattern` on."""
    parts = parts_of(pattern)
    first = next((place for place, part in enumerate(parts) if part == ANY_FOLDERS or wildcards(part)), len(parts))
    return named(path.split("/")[first:-1])


def named(folders: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The columns and values in the names of `folders`."""
    pairs = (folder.partition("=") for folder in folders)
    return tuple((unquote(name), unquote(value)) for name, sign, value in pairs if sign and name)


def stamp(file: BinaryIO) -> Stamp:
    """The stamp of an open file."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def unchanged(table: TableFile) -> Iterator[BinaryIO]:
    """The file, open for as long as the block reads it. Raises RunError E405 where it changes in the meantime."""
    with table.open() as file:
        before = stamp(file)
        try:
            yield file
        except RunError:
            if stamp(file) == before:
                raise
        if stamp(file) != before:
            raise changed(table)


def changed(table: TableFile) -> RunError:
    """The error E405 for a file that changes while it is read."""
    return RunError("E405", f"{table.shown!r} changed while it was read", helps=("wait until it is written",))


@contextmanager
def all_unchanged(files: Sequence[TableFile]) -> Iterator[None]:
    """Let the block look at the files as often as it has to. Raises RunError E405 where one changes between two looks."""
    before = [stamp_of(file) for file in files]
    try:
        yield
    except RunError:
        need_unchanged(files, before)
        raise
    need_unchanged(files, before)


def need_unchanged(files: Sequence[TableFile], before: Sequence[Stamp]) -> None:
    for file, stamp_before in zip(files, before, strict=True):
        if stamp_of(file) != stamp_before:
            raise changed(file)


def refuse_packed(begin: bytes, shown: str) -> None:
    """Raise RunError E405 for a file that begins with `begin` as packed ones do."""
    kind = next((kind for magic, kind in PACKED.items() if begin.startswith(magic)), None)
    if kind is not None:
        raise RunError("E405", f"{shown!r} is packed with {kind}", helps=("unpack it, and name what is in it",))


KEPT = 16
"""As many results of looking through all rows are kept: a command asks for the types of columns, then for the columns."""
FRESH = 10**9
"""Nanoseconds for which what a file says is not kept."""
kept: OrderedDict[tuple[Hashable, ...], object] = OrderedDict()


def once(files: Sequence[TableFile], key: tuple[Hashable, ...], look: Callable[[], Result]) -> Result:
    """What `look` says of the files, which are looked through again only where one has changed; `key` is what else it depends on.

    Raises RunError as `look` does, E405 as opening a file does.
    """
    stamps = [stamp_of(file) for file in files]
    # A file may be written again without another time, where that is not finer than this.
    if any(modified > time.time_ns() - FRESH for *_, modified in stamps):
        return look()
    whole = (key, *zip((file.shown for file in files), stamps, strict=True))
    if whole not in kept:
        kept[whole] = look()
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return cast("Result", kept[whole])


def stamp_of(file: TableFile) -> Stamp:
    """The stamp of a file. Raises RunError E405."""
    with file.open() as opened:
        return stamp(opened)
