"""Gathers rows of arrays: of those that are mapped from files at the speed of memory where they are in it, and else so that the disk
reads much at once; of those that are decoded when they are asked for, by threads.
"""

import mmap
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from modelc.compiler.library.base.memory import available_memory
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.block_order import Indices
from modelc.runtime.data.decoded_rows import is_decoded
from modelc.runtime.data.decoder import Decoder

Extents = Sequence[tuple[int, int]]
"""Between which rows the wanted ones lie, where they do not lie anywhere."""
TRIED = 16
"""As many rows show whether the others are in memory too."""
SECONDS_A_ROW, SECONDS_A_BYTE = 2e-5, 5e-9
"""Rows that take longer come from a disk."""
ALIGNMENT = 64
"""The bytes that addresses are multiples of which jax uses in place: of others it makes a copy."""
THREADS = 8
"""As many wait for rows from a disk at the same time."""


class Gatherer:
    """Gathers rows. `need_whole` raises where files have become shorter: to look at what is no longer there kills a process."""

    def __init__(self, need_whole: Callable[[], None], decoder: Decoder | None = None) -> None:
        self.need_whole, self.decoder = need_whole, decoder
        self.threads: ThreadPoolExecutor | None = None

    def take(self, array: Array, indices: Indices, extents: Extents = ()) -> Array:
        """The rows `indices`, of any shape, of `array` `[rows, ...]`, in a new array. Raises as `need_whole` does, and RunError
        for files that cannot be decoded.
        """
        self.need_whole()
        rows = indices.reshape(-1)
        found = aligned((len(rows), *array.shape[1:]), array.dtype)
        if is_decoded(array):
            self.decoder = self.decoder or Decoder()
            self.decoder.take(array, rows, found)
        else:
            take = self.take_mapped if is_mapped(array) else take_into
            take(array, rows, found, extents)
        return found.reshape(*indices.shape, *array.shape[1:])

    def take_mapped(self, array: Array, rows: Indices, found: Array, extents: Extents) -> None:
        """Put the `rows` of a mapped array into `found`."""
        begun = time.perf_counter()
        take_into(array, rows[:TRIED], found[:TRIED])
        seconds = time.perf_counter() - begun
        rest, into = rows[TRIED:], found[TRIED:]
        if seconds < TRIED * (SECONDS_A_ROW + found[:1].nbytes * SECONDS_A_BYTE):
            take_into(array, rest, into)
        elif extents and fit(array, extents):
            for extent in extents:
                touch(array[slice(*extent)])
            take_into(array, rest, into)
        else:
            self.take_at_once(array, rest, into)

    def take_at_once(self, array: Array, rows: Indices, found: Array) -> None:
        """The same by threads, which wait for the disk together."""
        self.threads = self.threads or ThreadPoolExecutor(THREADS, "cold rows")
        cuts = np.linspace(0, len(rows), 4 * THREADS + 1).astype(int).tolist()
        parts = [slice(*cut) for cut in pairwise(cuts)]
        for job in [self.threads.submit(take_into, array, rows[part], found[part]) for part in parts]:
            job.result()


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """A new array whose values begin where a device that shares the memory of the host can use them in place."""
    size = prod(shape) * dtype.itemsize
    room = np.empty(size + ALIGNMENT, np.uint8)
    first = -room.ctypes.data % ALIGNMENT
    found: Array = room[first : first + size].view(dtype).reshape(shape)
    return found


def take_into(array: Array, rows: Indices, found: Array, extents: Extents = ()) -> None:
    """Put the `rows` of an array into `found`. By numpy's fastest way, which looks at no bounds: rows are in them."""
    np.take(array, rows, axis=0, out=found, mode="clip")


def is_mapped(array: Any) -> bool:
    """Whether an array is a view of a mapped file."""
    while isinstance(array, np.ndarray | memoryview):
        array = array.base if isinstance(array, np.ndarray) else array.obj
    return isinstance(array, mmap.mmap)


def fit(array: Array, extents: Extents) -> bool:
    """Whether the rows of the extents fit into half of the memory that is left: else the first of them is gone before it is used."""
    there = available_memory()
    size = sum(stop - start for start, stop in extents) * array[:1].nbytes
    return there is None or size <= there // 2


def touch(rows: Array) -> None:
    """Look at each page of neighbouring rows, in order, which the system then reads ahead of."""
    rows.reshape(-1).view(np.uint8)[:: mmap.PAGESIZE].sum()
