"""Rows that are equal in all columns. Found by a hash of one column after the other, then compared."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.variables import missing_in

BLOCK = 2**22
"""Bytes of a column that are hashed together."""
PRIME = np.uint64(0x9E3779B97F4A7C15)
"""The odd number of Fibonacci hashing, 2**64 over the golden ratio (Knuth, The Art of Computer Programming 3, 6.4)."""
COSTS = {**dict.fromkeys("fiub", 0), **dict.fromkeys("TUS", 2)}
"""Which columns are hashed first, by the letter of their dtype; arrays are between."""


class Repeated(NamedTuple):
    """All rows that have an equal, ascending, and of each the `first` row that it is equal to, which may be the row itself.

    Rows of several tables are counted through, from those of the first on.
    """

    rows: Array
    first: Array


def repeated_rows(tables: Sequence[Arrays]) -> Repeated:
    """The rows of `tables`, which have the same columns, that are equal to another in all of them."""
    names = sorted(tables[0], key=lambda name: cost_of(tables[0][name]))
    starts = np.cumsum([0, *(len(table[names[0]]) for table in tables)])
    rows, keys = np.arange(starts[-1]), np.zeros(starts[-1], "uint64")
    for name in names:
        hashes = [hashes_of(part) for part in taken(tables, name, starts, rows)]
        keys = mixed(keys * PRIME + np.concatenate(hashes))
        # Mostly few columns tell nearly all rows apart, and the others are looked at in what is left.
        order = np.argsort(keys, kind="stable")
        same = keys[order][1:] == keys[order][:-1]
        left = np.sort(order[np.r_[False, same] | np.r_[same, False]]) if len(order) else order
        rows, keys = rows[left], keys[left]
    return confirmed(tables, names, starts, rows, first_of_each(keys))


def first_of_each(keys: Array) -> Array:
    """The place of the first key that is equal, for each of `keys`."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])


def confirmed(tables: Sequence[Arrays], names: Sequence[str], starts: Array, rows: Array, first: Array) -> Repeated:
    """Those of `rows` that really are equal to the row at the place `first` among them."""
    same = np.ones(len(rows), bool)
    for name in names:
        column = joined(list(taken(tables, name, starts, rows)))
        same &= equal_rows(column, column[first])
    rows, firsts = rows[same], rows[first][same]
    several = np.isin(firsts, firsts[rows != firsts])
    return Repeated(rows[several], firsts[several])


def joined(parts: Sequence[Array]) -> Array:
    """The rows of `parts` of a column, one after the other."""
    if len(parts) == 1:
        return parts[0]
    values = np.concatenate([np.ma.getdata(part) for part in parts])
    if not any(isinstance(part, np.ma.MaskedArray) for part in parts):
        return values
    return np.ma.MaskedArray(values, np.concatenate([np.ma.getmaskarray(part) for part in parts]))


def cost_of(column: Array) -> int:
    """The place of a column among those that are hashed."""
    return 1 if column.ndim > 2 else COSTS.get(column.dtype.kind, 1)


def taken(tables: Sequence[Arrays], name: str, starts: Array, rows: Array) -> Iterator[Array]:
    """The values of `rows`, ascending, in the column called `name`, table by table."""
    bounds = np.searchsorted(rows, starts)
    for place, table in enumerate(tables):
        chosen = rows[bounds[place] : bounds[place + 1]] - starts[place]
        yield table[name] if len(chosen) == len(table[name]) else table[name][chosen]


def hashes_of(column: Array) -> Array:
    """A number for each row of a column `[rows, ...]`."""
    values, missing = np.ma.getdata(column), missing_in(column)
    if missing is not None:
        values = np.where(missing, np.zeros((), values.dtype), values)
    if values.dtype.kind in "TUS":
        # The hash of Python is another one in each process, and none of them is kept.
        hashes = np.fromiter(map(hash, values.reshape(-1).tolist()), "int64", values.size)
        found = combined(flat(hashes.view("uint64").reshape(values.shape)))
    else:
        # As float64, which makes equals of the same numbers in other dtypes; integers beyond 2**53 are compared afterwards.
        wide = flat(values)
        rows = max(1, BLOCK // (8 * max(1, wide.shape[1])))
        found = np.zeros(len(wide), "uint64")
        for start in range(0, len(wide), rows):
            # Minus 0 and 0 are equal.
            part = wide[start : start + rows].astype("float64") + 0.0
            found[start : start + rows] = combined(part.view("uint64"))
    if missing is not None:
        found = found + combined(flat(np.broadcast_to(missing, values.shape)).astype("uint64"))
    return found


def flat(values: Array) -> Array:
    """`values` `[rows, ...]` as `[rows, values]`."""
    return values.reshape(len(values), prod(values.shape[1:]))


def combined(words: Array) -> Array:
    """One number for each row of `words`, uint64 `[rows, words]`."""
    factors = np.random.default_rng(0).integers(1, 2**63, size=words.shape[1], dtype="uint64") | np.uint64(1)
    return np.asarray((mixed(words) * factors).sum(axis=1, dtype="uint64"))


def mixed(words: Array) -> Array:
    """`words` with their high bits brought into the low ones."""
    return np.asarray((words ^ (words >> np.uint64(32))) * PRIME)


def equal_rows(one: Array, other: Array) -> Array:
    """Whether each row of two columns has the same values, and the same missing ones."""
    gone, also = (
        np.broadcast_to(found, one.shape) if found is not None else None for found in map(missing_in, (one, other))
    )
    same = np.ma.getdata(one) == np.ma.getdata(other)
    if gone is not None or also is not None:
        gone, also = (np.zeros(one.shape, bool) if found is None else found for found in (gone, also))
        same = np.where(gone | also, gone & also, same)
    return np.asarray(flat(same).all(axis=1))
