"""The order of rows that are shuffled by blocks: blocks of neighbouring rows come in an order that is drawn, and the rows of several
blocks that follow each other there are shuffled together.

Where rows are larger than memory, those of a group are read one after the other, and none twice. Any part of the order is
computed without the rest of it, by (seed, epoch) and the number of a group.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]
NEIGHBOURS = 8
"""As many blocks are shuffled together."""
OF_ROWS, OF_BLOCKS, OF_GROUPS = 0, 1, 2
"""The streams of random numbers: of all rows, of blocks, and, from the last on, one for each group."""


def sort_keys(seed: int, epoch: int, count: int, stream: int = OF_ROWS) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """So many random numbers of a stream: by Philox, whose counter leaves 2**192 numbers to each.

    The raw stream is used because, unlike `Generator.permutation`, numpy never changes it.
    """
    counter, key = np.array([0, 0, 0, stream], dtype=np.uint64), np.array([seed, epoch], dtype=np.uint64)
    return np.random.Philox(key=key, counter=counter).random_raw(count)


class Plan(NamedTuple):
    """The order of the blocks of an epoch: `size` rows each, but for the last of the data, which may have fewer."""

    seed: int
    epoch: int
    rows: int
    size: int
    blocks: Indices

    @property
    def lacking(self) -> int:
        """The rows that the last block of the data has fewer than others."""
        return -self.rows % self.size

    def first_place(self, group: int) -> int:
        """The place of the first row of a group, or of the end of all."""
        begin = group * NEIGHBOURS
        if begin >= len(self.blocks):
            return self.rows
        is_shorter = bool((self.blocks[:begin] == len(self.blocks) - 1).any())
        return begin * self.size - (self.lacking if is_shorter else 0)

    def groups(self, start: int, stop: int) -> range:
        """The groups that have the places from `start` to `stop`."""
        return range(self.group_at(start), self.group_at(stop - 1) + 1) if start < stop else range(0)

    def group_at(self, place: int) -> int:
        found = place // (NEIGHBOURS * self.size)
        return found + 1 if place >= self.first_place(found + 1) else found

    def extents(self, group: int) -> list[tuple[int, int]]:
        """From which row to which the blocks of a group lie."""
        chosen = self.blocks[group * NEIGHBOURS : (group + 1) * NEIGHBOURS]
        return [(block * self.size, min((block + 1) * self.size, self.rows)) for block in chosen.tolist()]


@lru_cache(maxsize=2)
def plan(seed: int, epoch: int, rows: int, size: int) -> Plan:
    """The plan of an epoch, with blocks of `size` rows."""
    keys = sort_keys(seed, epoch, -(-rows // size), OF_BLOCKS)
    return Plan(seed, epoch, rows, size, np.argsort(keys, kind="stable").astype(np.int32))


@lru_cache(maxsize=2)
def rows_of_group(seed: int, epoch: int, rows: int, size: int, group: int) -> Indices:
    """The rows of a group of blocks, shuffled."""
    extents = plan(seed, epoch, rows, size).extents(group)
    found = np.concatenate([np.arange(*extent, dtype=np.int32) for extent in extents])
    keys = sort_keys(seed, epoch, len(found), OF_GROUPS + group)
    shuffled: Indices = found[np.argsort(keys, kind="stable")]
    return shuffled


def rows_of(seed: int, epoch: int, rows: int, size: int, start: int, stop: int) -> Indices:
    """The rows at the places from `start` to `stop`."""
    planned = plan(seed, epoch, rows, size)
    groups = planned.groups(start, stop)
    found = [rows_of_group(seed, epoch, rows, size, group) for group in groups]
    first = planned.first_place(groups.start)
    return np.concatenate([*found, np.empty(0, np.int32)])[start - first : stop - first]


def extents_of(seed: int, epoch: int, rows: int, size: int, start: int, stop: int) -> list[tuple[int, int]]:
    """Between which rows all rows of the groups lie that have the places from `start` to `stop`."""
    planned = plan(seed, epoch, rows, size)
    return [extent for group in planned.groups(start, stop) for extent in planned.extents(group)]
