"""Draws of rows by the seed: each row for itself, whole groups (`group_by`), or of each class alike (`stratify`).

Every draw is a function of the seed and of a name: of the number of a row, of the value of a group, or of the value of a class
and the place of a row among those of its class. Order in an epoch and size of a batch have no part in it.
"""

from collections.abc import Iterable
from hashlib import blake2b
from math import floor

import numpy as np

from modelc.compiler.language.splits import Split
from modelc.compiler.library.base.distinct import distinct
from modelc.runtime.data.arrays import Array


def random_bits(count: int, *names: object) -> Array:
    """Random 64-bit numbers for so many places, a function of the `names`: the k-th depends on nothing else but k.

    Philox counts (Salmon et al., 2011).
    """
    digest = blake2b("/".join(map(str, ("modelc", *names))).encode(), digest_size=16).digest()
    found: Array = np.random.Philox(key=int.from_bytes(digest, "little")).random_raw(count)
    return found


def random_sort_keys(rows: int, seed: int, key: str) -> Array:
    """A random sort key for each row of a source, for the split under `key`."""
    return random_bits(rows, key, seed)


def name_of(value: object) -> str:
    """The name of a group or a class, the same in whatever dtype the column is stored."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def drawn_rows(split: Split, left: Array, size: int | None, sort_keys: Array) -> Array:
    """Those of the rows `left` that are drawn each for itself: the `size` rows with the smallest of the `sort_keys`, or of
    `folds` those whose place in the order of the keys, divided by the number of folds, leaves the number of the fold.
    """
    order = np.argsort(sort_keys[left], kind="stable")
    if split.folds is not None:
        return left[order[split.folds.fold - 1 :: split.folds.count]]
    return left[order[:size]]


def drawn_groups(split: Split, values: Array, rate: float, seed: int, key: str) -> Array:
    """Whether each row belongs to a group that is drawn, by the `values` of all that are left.

    A group has a random number between 0 and 1, the hash of (seed, its value). Of a fraction, those below `rate` are drawn, so
    that rows that are added later, of old groups or of new ones, move no group; but at least the one with the smallest number.
    Of `rows`, groups are drawn in the order of their numbers until they have so many rows. `folds` take the groups in that order
    in turn: a new group may move others, new rows of old groups move none.
    """
    names, _, places, sizes = distinct(values)
    bits = np.array([random_bits(1, key, seed, "group", name_of(name))[0] for name in names.tolist()], np.uint64)
    order = np.argsort(bits, kind="stable")
    chosen = np.zeros(len(names), bool)
    if split.folds is not None:
        chosen[order[split.folds.fold - 1 :: split.folds.count]] = True
    elif split.rows is not None:
        before = np.cumsum(sizes[order]) - sizes[order]
        chosen[order[before < split.rows]] = True
    else:
        chosen[bits / 2**64 < rate] = True
        chosen[order[0]] = True
    return np.asarray(chosen[places])


def drawn_of_classes(split: Split, values: Array, rate: float, seed: int, key: str) -> Array:
    """Whether each row is drawn, where the same share of each class is to be, by the `values` of all rows that are left.

    A row has a random number, the hash of (seed, value of its class, place among the rows of the class). Of a fraction, and of
    `folds`, it depends on the rows of its class before it alone whether it is drawn, so that rows that are added at the end move
    none: see `evenly` and `in_turn`. Of `rows`, each class gives its share of them, rounded so that they are as many as asked
    for, the rows with the smallest numbers. In every case, each class is within one row of its share.
    """
    names, _, places, sizes = distinct(values)
    shares = apportioned(split.rows, sizes) if split.rows is not None else sizes
    chosen = np.zeros(len(values), bool)
    order, start = np.argsort(places, kind="stable"), 0
    for name, count, share in zip(names.tolist(), sizes.tolist(), shares.tolist(), strict=True):
        rows, start = order[start : start + count], start + count
        named = (key, seed, "class", name_of(name))
        if split.folds is not None:
            chosen[rows] = in_turn(split.folds.count, split.folds.fold, count, named)
        elif split.rows is not None:
            chosen[rows[np.argsort(random_bits(count, *named), kind="stable")[:share]]] = True
        else:
            chosen[rows] = evenly(rate, (random_bits(count, *named) / 2**64).tolist())
    return chosen


def evenly(rate: float, numbers: Iterable[float]) -> list[bool]:
    """Which of the rows of a class, in their order, are drawn by their random `numbers` between 0 and 1.

    Row i takes up the stretch from i to i + 1 times the rate of a line, and of each whole unit of the line one row is drawn,
    each with the share of the unit that it takes up (Deville's systematic sampling). So every row is drawn with the
    probability `rate`, and of the first n rows the number of those drawn is within one of n times the rate, for every n.
    """
    drawn, waits, end = [], True, 0.0
    for row, number in enumerate(numbers, start=1):
        start, end = end, row * rate
        before, over = start % 1, end - floor(end)
        if floor(start) == floor(end):
            drawn.append(waits and number < rate / (1 - before))
            waits = waits and not drawn[-1]
        else:
            # The row takes up the end of one unit and the beginning of the next: a unit that still waits takes it.
            drawn.append(waits or number < over / before)
            waits = waits or not drawn[-1]
    return drawn


def in_turn(count: int, fold: int, rows: int, names: tuple[object, ...]) -> Array:
    """Which of so many rows of a class are in the `fold`: of every `count` rows in a row one, by the order of their random
    numbers.
    """
    whole = -(-rows // count) * count
    ranks = np.argsort(np.argsort(random_bits(whole, *names).reshape(-1, count), axis=1), axis=1)
    return np.asarray((ranks == fold - 1).reshape(-1)[:rows])


def apportioned(rows: int, sizes: Array) -> Array:
    """How many of `rows` rows come from classes of these `sizes`, by the largest remainders of their shares."""
    exact = sizes * (min(rows, int(sizes.sum())) / sizes.sum())
    shares = np.floor(exact + 1e-9).astype(np.int64)
    more = min(rows, int(sizes.sum())) - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:more]] += 1
    return np.asarray(shares)
