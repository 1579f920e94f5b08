"""Reads .npz files safely: headers first, sizes checked before memory is allocated, nothing unpickled.

Knows zip and .npy; does not know what the arrays are for. No message repeats what a file says, only names of arrays.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import DTYPES

LIMIT = 8 * 2**30
"""Bytes that the arrays of one file may take together, as declared by the file."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the file declares of one array: `dtype` is a name of `tensor.DTYPES`, `str` or `bytes`."""

    shape: tuple[int, ...]
    dtype: str


def read_headers(file: BinaryIO, shown: str) -> dict[str, Header]:
    """The header of each array in the open .npz `file`, called `shown` in messages. Raises RunError E405."""
    with opened(file, shown) as (_, members):
        return {name: header for name, (_, header) in members.items()}


def read_arrays(file: BinaryIO, shown: str) -> dict[str, NumpyArray]:
    """Each array in the open .npz `file`, in native byte order and C order. Raises RunError E405."""
    arrays = {}
    with opened(file, shown) as (zipped, members):
        for name, (entry, header) in members.items():
            with zipped.open(entry) as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
                # The zip checksum is compared only when a member is read past its last byte.
                member.read(1)
            if header.dtype == "bool":
                # Bytes other than 0 and 1 would be booleans that are neither equal to True nor to False.
                array = array.view(np.uint8) != 0
            array = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
            arrays[name] = array
    return arrays


@contextmanager
def opened(
    file: BinaryIO, shown: str
) -> Iterator[tuple[zipfile.ZipFile, Mapping[str, tuple[zipfile.ZipInfo, Header]]]]:
    """The archive and its checked members by array name; every fault, in the block too, becomes a RunError E405."""
    try:
        with zipfile.ZipFile(file) as zipped:
            entries = check_directory(zipped.infolist(), shown)
            yield zipped, {name: (entry, read_header(zipped, entry, name, shown)) for name, entry in entries.items()}
    # What zipfile, zlib and numpy raise on damaged files, by fuzzing; their texts may quote the file and are dropped.
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, OverflowError, NotImplementedError):
        message = f"{shown!r} is damaged or not an .npz file"
        raise RunError("E405", message, helps=("write it with `numpy.savez_compressed`",)) from None
    except MemoryError:
        raise RunError("E405", f"{shown!r} does not fit into memory") from None


def check_directory(entries: list[zipfile.ZipInfo], shown: str) -> dict[str, zipfile.ZipInfo]:
    """The entries by array name, once their names, kinds and declared sizes are found harmless. Raises RunError E405."""
    named: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename.removesuffix(".npy")
        if name == entry.filename or not name.isprintable() or name[:1] in ("", ".") or {"/", "\\"} & {*name}:
            raise RunError("E405", f"{shown!r} contains something other than arrays: the member {entry.filename!r}")
        if name in named:
            raise RunError("E405", f"{shown!r} contains the array `{name}` twice")
        if entry.flag_bits & 1:
            raise RunError("E405", f"the array `{name}` in {shown!r} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RunError("E405", f"the array `{name}` in {shown!r} is compressed in a way that numpy does not write")
        named[name] = entry
    if not named:
        raise RunError("E405", f"{shown!r} contains no arrays")
    total = sum(entry.file_size for entry in named.values())
    if total > LIMIT:
        raise RunError("E405", f"the arrays in {shown!r} take {total:,} bytes, more than the limit of {LIMIT:,}")
    return named


def read_header(zipped: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, shown: str) -> Header:
    """The .npy header of one member, checked against the size that the zip directory declares. Raises RunError E405."""
    with zipped.open(entry) as member:
        version = np.lib.format.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise RunError("E405", f"the array `{name}` in {shown!r} is in a format that is for structured arrays only")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
        start = member.tell()
    if dtype.hasobject:
        message = f"the array `{name}` in {shown!r} contains Python objects, which are never unpickled"
        raise RunError("E405", message, helps=("save numbers, or strings as `array.astype(str)`",))
    known = {"U": "str", "S": "bytes"}.get(dtype.kind, dtype.name)
    if known not in (*DTYPES, "str", "bytes"):
        raise RunError(
            "E405", f"the array `{name}` in {shown!r} holds {dtype.kind!r} values, expected numbers or strings"
        )
    # A row of no bytes could be declared 10^18 times; no size, negative sizes and a lie about the length end here too.
    if min(shape, default=0) < 0 or dtype.itemsize == 0 or start + math.prod(shape) * dtype.itemsize != entry.file_size:
        raise RunError("E405", f"the array `{name}` in {shown!r} does not have the length in its header")
    return Header(tuple(map(int, shape)), known)
