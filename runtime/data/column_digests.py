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
WIDER = 100
"""Texts are looked for in a dtype of at most so many times their own width: a damaged record asks for no more memory."""


class ColumnDigests(NamedTuple):
    """The sha256 of each column, and the dtype that it is stored in, by name."""

    digests: Mapping[str, str] = MappingProxyType({})
    dtypes: Mapping[str, str] = MappingProxyType({})


class KnownDigests(NamedTuple):
    """What a run recorded of its columns: of those of its training rows, and of its test rows."""

    train: ColumnDigests = ColumnDigests()
    test: ColumnDigests = ColumnDigests()


NONE_KNOWN = KnownDigests()


def digests_of(columns: Arrays, names: Iterable[str], known: ColumnDigests) -> ColumnDigests:
    """The digests of the columns called `names`, as far as they are there. One with the values of a `known` column has the digest
    of that, also if it is stored in another dtype.
    """
    there = sorted(name for name in names if name in columns)
    digests = {name: known_digest(columns[name], name, known) for name in there}
    return ColumnDigests(digests, {name: columns[name].dtype.str for name in there})


def known_digest(column: Array, name: str, known: ColumnDigests) -> str:
    """The digest of the column called `name`, or the known one if that is of the same values."""
    own, before = digest(column), known.digests.get(name)
    if before is None or own == before:
        return own
    same = any(digest(other) == before for other in in_other_dtypes(column, known.dtypes.get(name)))
    return before if same else own


def digest(column: Array) -> str:
    """The sha256 of a column's dtype, shape and values."""
    hasher = sha256(f"{column.dtype.str} {column.shape} ".encode())
    hasher.update(np.ascontiguousarray(column).view(np.uint8).reshape(-1).data)
    return hasher.hexdigest()


def in_other_dtypes(column: Array, recorded: str | None) -> Iterator[Array]:
    """The column in each other dtype that holds all of its values exactly, in the `recorded` one first."""
    if column.dtype.kind in "US":
        yield from as_other_texts(column, recorded)
        return
    dtypes = dict.fromkeys(np.dtype(code) for code in (*((recorded,) if is_number(recorded) else ()), *NUMBERS))
    for dtype in dtypes:
        if dtype == column.dtype:
            continue
        with np.errstate(all="ignore"):
            found = column.astype(dtype)
        if not changed_by_cast(column, found).any():
            yield found


def is_number(dtype: str | None) -> bool:
    """Whether this is numpy's notation of a dtype of numbers, in any byte order."""
    return dtype is not None and dtype.lstrip("<>=|") in NUMBERS


def as_other_texts(column: Array, recorded: str | None) -> Iterator[Array]:
    """A column of strings or of bytes in UTF-8 as the other of the two, and each in the width that its longest text takes and in
    that of the `recorded` dtype.
    """
    other = as_bytes(column) if column.dtype.kind == "U" else as_strings(column)
    for texts in (column, other):
        if texts is None:
            continue
        # Of no texts, or empty ones, numpy makes texts of one character.
        longest = max(int(np.strings.str_len(texts).max(initial=0)), 1)
        yield texts.astype(f"{texts.dtype.kind}{longest}")
        width = re.fullmatch(rf"[<>=|]?{texts.dtype.kind}([0-9]{{1,6}})", recorded or "")
        if width is not None and longest < int(width[1]) <= WIDER * longest:
            yield texts.astype(recorded)


def as_bytes(texts: Any) -> Array | None:
    """Strings as bytes in UTF-8; None for surrogates, which have none."""
    try:
        found: Array = np.strings.encode(texts, "utf-8")
    except UnicodeEncodeError:
        return None
    return found


def as_strings(texts: Any) -> Array | None:
    """Bytes in UTF-8 as strings; None for other bytes."""
    try:
        found: Array = np.strings.decode(texts, "utf-8")
    except UnicodeDecodeError:
        return None
    return found
