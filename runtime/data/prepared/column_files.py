"""Columns as plain `.npy` files: written once, with their digests, and read only where they are as they were written."""

import mmap
import os
from collections.abc import Iterator, Sequence
from hashlib import file_digest, sha256
from io import BufferedReader, BytesIO
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.prepared.stamps import Stamp, stamp_of
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import reading
from modelc.runtime.runs.sealed_json import Sealed
from modelc.runtime.runs.unsound import UnsoundError

CHUNK = 2**24
"""Bytes that are written and hashed together."""


class ColumnFile(Sealed):
    """A file of one column: its values begin after `offset` bytes. `stamp` is that of the file when it was written."""

    file: str
    dtype: str
    shape: list[int]
    offset: int
    stamp: list[int]
    sha256: str

    @property
    def size(self) -> int:
        """The bytes of its values."""
        return Stamp(*self.stamp).size - self.offset


class ColumnWriter:
    """Writes one column, part by part, into the new file `name`. Raises OSError."""

    def __init__(self, folder: OpenFolder, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.name, self.shape, self.dtype = name, shape, dtype
        head = BytesIO()
        npy.write_array_header_1_0(head, {"descr": dtype.str, "fortran_order": False, "shape": shape})
        self.file = os.fdopen(folder.create(name), "wb", buffering=0)
        self.hasher = sha256()
        self.offset = len(head.getvalue())
        self.put(head.getbuffer())

    def put(self, values: memoryview) -> None:
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK]
            self.hasher.update(part)
            while part:
                part = part[self.file.write(part) :]

    def add(self, rows: Array) -> None:
        """The next `rows`."""
        if rows.size:
            self.put(np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data)

    def done(self) -> ColumnFile:
        """What was written, once it is on the disk."""
        with self.file:
            os.fsync(self.file.fileno())
            stamp = stamp_of(os.fstat(self.file.fileno()))
        dtype, shape = self.dtype.str, list(self.shape)
        found = self.hasher.hexdigest()
        return ColumnFile(file=self.name, dtype=dtype, shape=shape, offset=self.offset, stamp=list(stamp), sha256=found)


def need_whole(file: BufferedReader, column: ColumnFile, *, verify: bool = False) -> None:
    """Raise UnsoundError unless an open file is as it was written: by its stamp, or else, and with `verify`, by its digest."""
    before, now = Stamp(*column.stamp), stamp_of(os.fstat(file.fileno()))
    if now.size != before.size:
        raise UnsoundError(f"has {now.size:,} bytes, and was written with {before.size:,}")
    if verify or now != before:
        file.seek(0)
        if file_digest(file, "sha256").hexdigest() != column.sha256:
            raise UnsoundError("has changed since it was written")


def read_column(folder: OpenFolder, column: ColumnFile) -> Array:
    """A column, in memory. Raises UnsoundError where it is not as it was written."""
    with reading(folder, column.file) as file:
        need_whole(file, column)
        array: Array = np.empty(column.shape, np.dtype(column.dtype))
        file.seek(column.offset)
        for part in parts(array):
            if file.readinto(part) != len(part):
                raise UnsoundError("became shorter while it was read")
    return array


class MappedFile(NamedTuple):
    """A file that is mapped, open for as long as its values are looked at."""

    file: BufferedReader
    size: int


def map_column(folder: OpenFolder, column: ColumnFile) -> tuple[Array, MappedFile]:
    """A column, mapped from its file, which is read where and when it is looked at. Raises UnsoundError where it is not as it was
    written, OSError.
    """
    with reading(folder, column.file) as found:
        file = os.fdopen(os.dup(found.fileno()), "rb")
    need_whole(file, column)
    dtype, shape = np.dtype(column.dtype), tuple(column.shape)
    if not column.size:
        return np.empty(shape, dtype), MappedFile(file, 0)
    try:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise UnsoundError("became shorter while it was opened") from None
    values: Array = np.frombuffer(mapped, dtype, prod(shape), column.offset).reshape(shape)
    return values, MappedFile(file, column.offset + column.size)


def need_mapped(files: Sequence[MappedFile]) -> None:
    """Raise RunError E405 where a mapped file has become shorter: the system kills a process that looks at what is gone."""
    for file, size in files:
        if os.fstat(file.fileno()).st_size < size:
            raise RunError(
                "E405",
                "the prepared rows in the cache have been cut off while they were used",
                helps=("train again, or go on with `--resume`: they are prepared anew",),
            )


def parts(array: Array) -> Iterator[memoryview]:
    """The bytes of an array, some after the other."""
    if array.size:
        values = array.reshape(-1).view(np.uint8).data
        yield from (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
