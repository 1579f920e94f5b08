"""The order of training rows: a pure function of (seed, epoch), so that any step can be computed directly."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from modelc.compiler.language.settings import Blocks, Settings
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.balanced_order import balanced_rows
from modelc.runtime.data.block_order import Indices, extents_of, rows_of, sort_keys


def shuffled(seed: int, epoch: int, rows: int) -> Indices:
    """The order of `rows` rows in `epoch`: sorted by random keys that Philox (Salmon et al., 2011) draws from both
    numbers.
    """
    return np.argsort(sort_keys(seed, epoch, rows), kind="stable").astype(np.int32)


@lru_cache(maxsize=1)
def all_shuffled(seed: int, epoch: int, rows: int) -> Indices:
    """`shuffled`, which is asked for again and again in an epoch."""
    return shuffled(seed, epoch, rows)


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """The numbers of the classes that rows are drawn by, of each row; for each epoch the same value."""

    classes: Array


@lru_cache(maxsize=1)
def all_drawn(seed: int, epoch: int, drawn: Drawn) -> Indices:
    """`balanced_rows`, which is asked for again and again in an epoch."""
    return balanced_rows(seed, epoch, drawn.classes)


class Order(NamedTuple):
    """The order of `rows` rows in an epoch, which by classes are `drawn` instead. Nothing of it is computed before it is asked for."""

    seed: int
    epoch: int
    rows: int
    shuffle: bool | Blocks = False
    drawn: Drawn | None = None

    def between(self, start: int, stop: int) -> Indices:
        """The rows at the places from `start` to `stop`."""
        if self.drawn is not None:
            return all_drawn(self.seed, self.epoch, self.drawn)[start:stop]
        if isinstance(self.shuffle, Blocks):
            return rows_of(self.seed, self.epoch, self.rows, self.shuffle.blocks, start, stop)
        if self.shuffle:
            return all_shuffled(self.seed, self.epoch, self.rows)[start:stop]
        return np.arange(start, stop, dtype=np.int32)

    def extents(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Between which rows those lie that have the places from `start` to `stop`, or other places near to these; nothing where
        they lie anywhere.
        """
        if self.drawn is not None:
            return []
        if isinstance(self.shuffle, Blocks):
            return extents_of(self.seed, self.epoch, self.rows, self.shuffle.blocks, start, stop)
        return [] if self.shuffle else [(start, stop)]


@dataclass(frozen=True, slots=True)
class Batches:
    """An order cut into batches. A smaller last batch is padded by repeating its own rows. Its own rows, because an overflow in a
    padding row would reach the gradients as 0 * NaN.
    """

    order: Order
    size: int

    def __len__(self) -> int:
        return (self.order.rows + self.size - 1) // self.size

    def steps(self, start: int, count: int) -> tuple[Indices, Indices]:
        """Row numbers `[count, size]` of the batches from `start` on, and how many of each batch are valid, `[count]`; behind the
        last one that is repeated.
        """
        first = min(start, len(self) - 1)
        stop = min(start + count, len(self))
        rows = self.order.between(first * self.size, min(stop * self.size, self.order.rows))
        if left := len(rows) % self.size:
            rows = np.concatenate([rows[:-left], np.resize(rows[-left:], self.size)])
        return padded(rows.reshape(-1, self.size), count), self.valid(start, count)

    def valid(self, start: int, count: int) -> Indices:
        """How many rows of each of these batches are valid, `[count]`."""
        places = np.minimum(np.arange(start, start + count), len(self) - 1)
        found: Indices = np.minimum(self.size, self.order.rows - places * self.size).astype(np.int32)
        return found


BatchesOf = Callable[[int], Batches]
"""The batches of an epoch, counted from 1."""


def batches_of(settings: Settings, rows: int, classes: Array | None = None) -> BatchesOf:
    """The batches of the epochs of a training on so many rows, drawn by the numbers of their `classes` where these are given."""
    drawn = None if classes is None else Drawn(classes)
    return lambda epoch: Batches(Order(settings.seed, epoch, rows, settings.shuffle, drawn), settings.batch_size)


def batches_in_order(rows: int, size: int) -> Batches:
    """Batches in the order of the data."""
    return Batches(Order(0, 0, rows), size)


def padded(array: Indices, size: int) -> Indices:
    """`array` padded to `size` entries by repeating the last."""
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array
