"""Digests of columns, by which the data of a run is known again, in whatever dtype its values are stored now."""

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.library.base.exact_casts import changed_by_cast
from modelc.runtime.data.arrays import Array, Arrays

NUMBERS = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
"""The dtypes of numbers that a column can have."""
BLOCK = 2**20
"""As many values are cast together."""
LARGEST = 2**32
"""Bytes of texts, all as wide as the longest, beyond which their digest is by their lengths."""
WIDER = 100
"""Texts are looked for in a dtype of at most so many times their own width: a damaged record asks for no more memory."""


Dtype = np.dtype[Any]


class ColumnDigests(NamedTuple):
    """The sha256 of each column, and the dtype that it is stored in, by name; and the number of rows, None where that is not
    known.
    """

    digests: Mapping[str, str] = MappingProxyType({})
    dtypes: Mapping[str, str] = MappingProxyType({})
    rows: int | None = None


class KnownDigests(NamedTuple):
    """What a run recorded of its columns: of those of its source, and of test and validation rows that have columns of their own."""

    train: ColumnDigests = ColumnDigests()
    test: ColumnDigests = ColumnDigests()
    validation: ColumnDigests = ColumnDigests()


NONE_KNOWN = KnownDigests()


def digests_of(columns: Arrays, names: Iterable[str], known: ColumnDigests) -> ColumnDigests:
    """The digests of the columns called `names`, as far as they are there. One with the values of a `known` column has the digest
    of that, also if it is stored in another dtype.
    """
    there = sorted(name for name in names if name in columns)
    digests = {name: known_digest(columns[name], name, known) for name in there}
    rows = len(columns[there[0]]) if there else None
    return ColumnDigests(digests, {name: columns[name].dtype.str for name in there}, rows)


def known_digest(column: Array, name: str, known: ColumnDigests) -> str:
    """The digest of the column called `name`, or the known one if that is of the same values."""
    own, before = digest(column), known.digests.get(name)
    if before is None or own == before:
        return own
    dtypes = other_dtypes(column, known.dtypes.get(name) or "")
    return before if any(digest_in(dtype, column) == before for dtype in dtypes) else own


def digest(column: Array) -> str:
    """The sha256 of a column's dtype, shape and values, and of which are missing.

    Texts of any length have that of the same texts in the narrowest dtype of strings, unless that takes very much.
    """
    if isinstance(column, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(column)
        whole = digest(column.filled("" if column.dtype.kind in "TUS" else 0))
        return sha256(f"{whole} {digest(missing)}".encode()).hexdigest() if missing.any() else whole
    if column.dtype.kind == "T":
        width = longest_text(column)
        if 4 * width * column.size > LARGEST:
            return digest_of_lengths(column)
        found = digest_in(np.dtype(f"U{width}"), column)
        assert found is not None, "strings of that width hold all"
        return found
    hasher = sha256(f"{column.dtype.str} {column.shape} ".encode())
    hasher.update(bytes_of(column))
    return hasher.hexdigest()


def digest_of_lengths(column: Array) -> str:
    """The sha256 of texts of any length, by the length of each."""
    hasher = sha256(f"texts {column.shape} ".encode())
    for block in blocks(column, longest_text(column)):
        texts = [text.encode("utf-8", "surrogatepass") for text in block.reshape(-1).tolist()]
        hasher.update(np.array([len(text) for text in texts], "<i8").data)
        hasher.update(b"".join(texts))
    return hasher.hexdigest()


def longest_text(column: Array) -> int:
    """The characters of the longest text, at least one."""
    return int(np.strings.str_len(column).max(initial=1))


def digest_in(dtype: Dtype, column: Array) -> str | None:
    """The digest of the column in another dtype; None where that does not hold all of its values exactly."""
    hasher = sha256(f"{dtype.str} {column.shape} ".encode())
    for block in blocks(column, dtype.itemsize // 4):
        found = as_numbers(block, dtype) if dtype.kind not in "US" else as_texts(block, dtype)
        if found is None:
            return None
        hasher.update(bytes_of(found))
    return hasher.hexdigest()


def bytes_of(array: Array) -> memoryview:
    """The values of an array, in the order of C."""
    return np.ascontiguousarray(array).view(np.uint8).reshape(-1).data


def blocks(column: Array, width: int = 1) -> Iterator[Array]:
    """The rows of a column, as many together as need little memory, where a value takes about `width` characters."""
    step = max(1, BLOCK // (max(1, column[:1].size) * max(1, width // 16)))
    return (column[start : start + step] for start in range(0, len(column), step))


def other_dtypes(column: Array, recorded: str) -> list[Dtype]:
    """The dtypes that a column with these values may have been stored in: the one that was `recorded` first, if any."""
    if column.dtype.kind in "TUS":
        found = [dtype for kind in "US" for dtype in text_dtypes(column, kind, recorded)]
    else:
        first = (recorded,) if recorded.lstrip("<>=|") in NUMBERS else ()
        found = [np.dtype(code) for code in (*first, *NUMBERS)]
    return [dtype for dtype in dict.fromkeys(found) if dtype != column.dtype]


def text_dtypes(column: Array, kind: str, recorded: str) -> Iterator[Dtype]:
    """The dtypes of this kind, strings or bytes in UTF-8, with the width that the longest text takes, and with that of the
    `recorded` one if it has more.
    """
    longest = 1
    for block in blocks(column):
        texts = of_kind(kind, block)
        if texts is None:
            return
        longest = max(longest, longest_text(texts))
    width = re.fullmatch(rf"[<>=|]?{kind}([0-9]{{1,6}})", recorded)
    if width is not None and longest < int(width[1]) <= WIDER * longest:
        yield np.dtype(recorded)
    yield np.dtype(f"{kind}{longest}")


def as_numbers(block: Array, dtype: Dtype) -> Array | None:
    """Numbers in another dtype; None where it does not hold one of them exactly."""
    with np.errstate(all="ignore"):
        found = block.astype(dtype)
    return None if changed_by_cast(block, found).any() else found


def as_texts(block: Array, dtype: Dtype) -> Array | None:
    """Texts in another dtype, which is wide enough; None where it cannot be."""
    found = of_kind(dtype.kind, block)
    return None if found is None else found.astype(dtype)


def of_kind(kind: str, texts: Any) -> Array | None:
    """Texts as strings (`U`) or as bytes in UTF-8 (`S`); None for surrogates, and for bytes that are no UTF-8."""
    try:
        if texts.dtype.kind == kind:
            found: Array = texts
        elif texts.dtype.kind == "T":
            found = of_kind(kind, texts.astype(f"U{longest_text(texts)}"))  # type: ignore[assignment]  # as below
        else:
            found = np.strings.encode(texts, "utf-8") if kind == "S" else np.strings.decode(texts, "utf-8")
    except UnicodeError:
        return None
    return found
