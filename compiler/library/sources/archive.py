"""Reads .npz files safely: headers first, sizes and memory checked before any is taken, nothing unpickled.

Knows zip and .npy; does not know what the arrays are for. No message repeats what a file says, only names of arrays.
"""

import sys
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.library.sources.npy_header import MAGIC, BadHeader, Header, Unsupported, read_header

MAX_ARRAYS = 10_000
MAX_DIRECTORY = 2 * 2**20
"""Bytes of the list of members, which `zipfile` reads at once."""
DEFLATE_RATIO = 1032
"""To how many bytes one byte can unpack: deflate's bound (zlib.net/zlib_tech.html)."""
CHUNK = 2**20
"""Bytes that are unpacked at once."""
FIRST = (b"PK\3\4", b"PK\5\6")
"""What an archive begins with, and one without members."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""What stands in place of a file that Git LFS has not fetched (git-lfs/docs/spec.md)."""
DAMAGED = "is damaged or not an .npz file"


@dataclass(frozen=True, slots=True)
class Member:
    """One checked array of an archive."""

    entry: zipfile.ZipInfo
    header: Header


class Listing(NamedTuple):
    """The header of each array of an archive by name; `refused` has the error of each array that cannot be read, for who asks
    for it.
    """

    headers: Mapping[str, Header]
    refused: Mapping[str, RunError]


def read_headers(file: BinaryIO, shown: str) -> Listing:
    """The headers in the open .npz `file`, called `shown` in messages. Raises RunError E405, also where no array is readable."""
    with opened(file, shown) as (_, members, refused):
        return Listing({name: member.header for name, member in members.items()}, refused)


def read_arrays(file: BinaryIO, shown: str, names: Collection[str] | None = None) -> dict[str, NumpyArray]:
    """The arrays called `names` in the open .npz `file`, or all, in native byte order and C order.

    Names that the file does not have are left out, as are members that cannot be read. Only these arrays are unpacked, each to the size in its header and
    no further. Raises RunError E405, and E502 if they do not fit into the memory that is available.
    """
    with opened(file, shown) as (zipped, members, _):
        wanted = {name: member for name, member in members.items() if names is None or name in names}
        need_room({name: member.header for name, member in wanted.items()}, shown)
        arrays = {}
        for name, member in wanted.items():
            with zipped.open(member.entry) as packed:
                arrays[name] = read_array(packed, member.header)
            if member.header.dtype == "str":
                check_characters(arrays[name], name, shown)
        return arrays


def need_room(headers: Mapping[str, Header], shown: str) -> None:
    """Raise RunError E502 unless the arrays fit into the memory that is available."""
    there = available_memory()
    # One array at a time is turned from the order of Fortran into that of C, which takes a second one.
    turned = max((header.bytes for header in headers.values() if header.fortran_order), default=0)
    needed = sum(header.bytes for header in headers.values()) + turned
    if there is None or needed <= there:
        return
    largest = max(headers, key=lambda name: headers[name].bytes)
    raise RunError(
        "E502",
        f"the columns that are read of {shown!r} take {gigabytes(needed)} of memory, but {gigabytes(there)} are available",
        notes=(f"the largest is `{largest}`: {list(headers[largest].shape)} {headers[largest].dtype}",),
        helps=("keep fewer rows in the file, or store smaller numbers, such as uint8 for the pixels of images",),
    )


def read_array(packed: IO[bytes], header: Header) -> NumpyArray:
    """The array of the member `packed`, read to the end that `header` declares and not beyond. Raises EOFError before it."""
    packed.read(header.start)
    dtype = np.dtype(header.code)
    array = np.empty(header.shape, dtype, order="F" if header.fortran_order else "C")
    # Of a Fortran array the transpose is what lies in memory in order; nothing is copied here.
    flat = (array.T if header.fortran_order else array).reshape(-1).view(np.uint8)
    place = 0
    while place < header.bytes:
        chunk = packed.read(min(CHUNK, header.bytes - place))
        if not chunk:
            raise EOFError
        flat[place : place + len(chunk)] = np.frombuffer(chunk, np.uint8)
        place += len(chunk)
    # The checksum of a member is compared only when it is read past its last byte.
    packed.read(1)
    if header.dtype == "bool":
        # Bytes other than 0 and 1 would be booleans that are neither equal to True nor to False.
        np.not_equal(flat, 0, out=flat.view(np.bool_))
    if not dtype.isnative:
        array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return np.asarray(array, order="C")


def check_characters(array: NumpyArray, name: str, shown: str) -> None:
    """Raise RunError E405 if an array of strings has a code beyond those of Unicode: neither numpy nor Python takes it."""
    if array.reshape(-1).view(np.uint32).max(initial=0) > sys.maxunicode:
        raise RunError(
            "E405",
            f"the array `{name}` in {shown!r} contains codes above U+10FFFF, which are no characters",
            helps=("write it again from strings, as `array.astype(str)`",),
        )


Opened = tuple[zipfile.ZipFile, Mapping[str, Member], Mapping[str, RunError]]
"""An archive, its checked members by array name, and the errors of those that cannot be read."""


@contextmanager
def opened(file: BinaryIO, shown: str) -> Iterator[Opened]:
    """The archive and its members; every fault, in the block too, becomes a RunError E405."""
    try:
        # What begins as another file is none for numpy either: zip would allow anything before its first member.
        file.seek(0)
        begin = file.read(len(POINTER))
        if begin == POINTER:
            raise AbsentFile(
                shown,
                f"{shown!r} is a pointer of Git LFS, not the file itself",
                helps=("fetch it with `git lfs pull`",),
            )
        if begin[:4] not in FIRST:
            raise other_file(begin, shown)
        with zipfile.ZipFile(Bounded(file)) as zipped:
            entries, refused = check_directory(zipped.infolist(), shown)
            members = {}
            for name, entry in entries.items():
                with zipped.open(entry) as packed:
                    found = checked_header(packed, entry, name, shown)
                if isinstance(found, Header):
                    members[name] = Member(entry, found)
                else:
                    refused[name] = found
            if not members:
                raise next(iter(refused.values()), no_arrays(zipped.namelist(), shown))
            yield zipped, members, refused
    except RunError:
        raise
    except MemoryError:
        raise RunError("E502", f"{shown!r} does not fit into memory") from None
    # Hostile bytes make zipfile and zlib raise nearly anything, by fuzzing; their texts may quote the file and are dropped.
    except Exception:  # noqa: BLE001 - see above: whatever is raised while the file is read is about the file
        raise RunError("E405", f"{shown!r} {DAMAGED}", helps=("write it with `numpy.savez_compressed`",)) from None


def other_file(begin: bytes, shown: str) -> RunError:
    """The error E405 for a file that begins with `begin`, as no archive does."""
    if begin.startswith(MAGIC):
        message = f"{shown!r} is an .npy file of one array, not an .npz file of named arrays"
        together = 'save the arrays together: `numpy.savez_compressed("data.npz", x=numpy.load("x.npy"), y=numpy.load("y.npy"))`'
        single = "or let the source `npy` read them: `npy: {train: {x: x.npy, y: y.npy}}`"
        return RunError("E405", message, helps=(together, single))
    if begin and all(32 <= byte < 127 or byte in b"\t\r\n" or byte > 127 for byte in begin):
        help = f"if it is a table, read it as one: `source: {{csv: {shown}}}`"
        return RunError("E405", f"{shown!r} is a text, not an .npz file of arrays", helps=(help,))
    return RunError("E405", f"{shown!r} {DAMAGED}", helps=("write it with `numpy.savez_compressed`",))


class Bounded:
    """An open file as `zipfile` reads it, whose list of members cannot take more than `MAX_DIRECTORY` bytes at once."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        found = self.file.read(MAX_DIRECTORY + 1 if count < 0 else min(count, MAX_DIRECTORY + 1))
        if len(found) > MAX_DIRECTORY:
            raise zipfile.BadZipFile
        return found


def check_directory(
    entries: list[zipfile.ZipInfo], shown: str
) -> tuple[dict[str, zipfile.ZipInfo], dict[str, RunError]]:
    """The entries by array name, once their kinds and declared sizes are found harmless, and the errors of arrays whose names
    no array can have. Other files among them are left out. Raises RunError E405.
    """
    if len(entries) > MAX_ARRAYS:
        raise RunError("E405", f"{shown!r} contains {len(entries):,} arrays, more than the limit of {MAX_ARRAYS:,}")
    named: dict[str, zipfile.ZipInfo] = {}
    refused: dict[str, RunError] = {}
    for entry in entries:
        name = entry.filename.removesuffix(".npy")
        if name == entry.filename:
            continue
        error = refusal_of_name(name, shown)
        if error is not None:
            refused.setdefault(name, error)
            continue
        if name in named:
            raise RunError("E405", f"{shown!r} contains the array `{name}` twice")
        if entry.flag_bits & 1:
            raise RunError("E405", f"the array `{name}` in {shown!r} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RunError("E405", f"the array `{name}` in {shown!r} is compressed in a way that numpy does not write")
        named[name] = entry
    return named, refused


def no_arrays(members: list[str], shown: str) -> RunError:
    """The error E405 for an archive with no arrays among its members."""
    if not members:
        return RunError("E405", f"{shown!r} contains no arrays")
    return other_member(members[0], shown)


def other_member(member: str, shown: str) -> RunError:
    return RunError("E405", f"{shown!r} contains something other than arrays: the member {member!r}")


def refusal_of_name(name: str, shown: str) -> RunError | None:
    """The error E405 for an array with a name that none can have; None for any other."""
    if not name.isprintable() or not name:
        return other_member(f"{name}.npy", shown)
    sign = next((sign for sign in ("/", "\\") if sign in name), "")
    if not sign and not name.startswith("."):
        return None
    has = f"has a `{sign}` in its name" if sign else "has a name that begins with a `.`"
    helps = ("save it under a name without, such as `x` or `train_x`",)
    return RunError("E405", f"the array `{name}` in {shown!r} {has}", helps=helps)


def checked_header(packed: IO[bytes], entry: zipfile.ZipInfo, name: str, shown: str) -> Header | RunError:
    """The header of a member, whose values have exactly the length that the list of members says; the error E405 for one that
    is well-formed and not read. Raises RunError E405 for others.
    """
    try:
        header = read_header(packed)
        # What is declared must also be there: so many bytes cannot come of fewer.
        most = entry.compress_size * (DEFLATE_RATIO if entry.compress_type == zipfile.ZIP_DEFLATED else 1)
        if header.start + header.bytes != entry.file_size or entry.file_size > most:
            raise BadHeader("does not have the length in its header")
    except BadHeader as error:
        helps = (error.help,) if error.help else ()
        refusal = RunError("E405", f"the array `{name}` in {shown!r} {error}", helps=helps)
        if isinstance(error, Unsupported):
            return refusal
        raise refusal from None
    return header
