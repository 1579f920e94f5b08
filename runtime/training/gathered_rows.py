"""Rows that are gathered on the host for some steps at a time, while the device computes those before."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from math import prod
from typing import Any

import jax
import numpy as np

from modelc.runtime.data.arrays import Array
from modelc.runtime.data.block_order import Indices
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.gathering import Gatherer
from modelc.runtime.data.order import BatchesOf
from modelc.runtime.training.feeding import Span, Times
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.step import Data

MOST_BYTES = 2**24
"""Rows that are gathered together take at most so much, unless those of a single step take more."""
Chunk = tuple[int, int, int]
"""An epoch, its step from which on rows are gathered, and the number of steps."""


class GatheredRows:
    """Rows of some steps are on the devices, on each those that are its own, and those of the next steps are on their way."""

    def __init__(self, part: Part, batches: BatchesOf, placement: Placement, epochs: int) -> None:
        self.part, self.batches, self.placement, self.epochs = part, batches, placement, epochs
        self.columns: Mapping[str, Mapping[str, Array]] = {"inputs": part.inputs, "targets": part.targets}
        self.data: Data = {
            kind: {name: row_of(array) for name, array in columns.items()} for kind, columns in self.columns.items()
        }
        row = sum(array.nbytes // max(len(array), 1) for columns in self.columns.values() for array in columns.values())
        self.most = max(MOST_BYTES // max(row * batches(1).size, 1), 1)
        self.gatherer = Gatherer(part.need_whole)
        self.worker = ThreadPoolExecutor(1, "rows")
        self.next: tuple[Chunk, Future[Data]] | None = None
        self.there: tuple[Chunk, Data] | None = None
        self.waited = self.gathered = 0.0

    @property
    def times(self) -> Times:
        return Times(self.waited, self.gathered)

    def span(self, epoch: int, start: int, steps: int, place: int = 0) -> Span:
        length = min(steps, self.most)
        first = place - place % length
        data = self.rows((epoch, start + first, length))
        behind = min(first + length, steps)
        last = len(self.batches(epoch))
        if start + behind < last:
            self.prefetch((epoch, start + behind, length))
        elif epoch < self.epochs:
            self.prefetch((epoch + 1, 0, length))
        places = np.clip(np.arange(steps, dtype=np.int32) - np.int32(first), 0, length - 1)
        put, everywhere = self.placement.put, self.placement.everywhere
        valid = self.batches(epoch).valid(start, steps)
        return Span(data, put(places, everywhere), put(valid, everywhere), behind)

    def rows(self, chunk: Chunk) -> Data:
        """The rows of a chunk, on the devices."""
        if self.there is not None and self.there[0] == chunk:
            return self.there[1]
        begun = time.perf_counter()
        wanted, data = self.next or (None, None)
        found = data.result() if data is not None and wanted == chunk else self.gather(chunk)
        self.waited += time.perf_counter() - begun
        # What was there before is free as soon as its steps are done.
        self.next, self.there = None, (chunk, found)
        return found

    def prefetch(self, chunk: Chunk) -> None:
        if self.next is None or self.next[0] != chunk:
            self.next = chunk, self.worker.submit(self.gather, chunk)

    def gather(self, chunk: Chunk) -> Data:
        """The rows of a chunk, on the devices: each process gathers those of its own."""
        begun = time.perf_counter()
        epoch, start, steps = chunk
        batches = self.batches(epoch)
        indices, _ = batches.steps(start, steps)
        size = batches.size
        extents = batches.order.extents(start * size, min((start + steps) * size, batches.order.rows))
        found: Data = {
            kind: {name: self.placed(array, indices, extents) for name, array in columns.items()}
            for kind, columns in self.columns.items()
        }
        self.gathered += time.perf_counter() - begun
        return found

    def placed(self, array: Array, indices: Indices, extents: list[tuple[int, int]]) -> Any:
        """The rows `indices` `[steps, batch]` of a column as an array on the devices."""
        sharding = self.placement.batches
        if self.placement.mesh.size == 1:
            return jax.device_put(self.gatherer.take(array, indices, extents), sharding)
        shape = (*indices.shape, *array.shape[1:])
        return jax.make_array_from_callback(
            shape, sharding, lambda own: self.gatherer.take(array, indices[tuple(own or ())[:2]], extents)
        )


def row_of(array: Array) -> Any:
    """One row of a column, by its type on the device."""
    return jax.eval_shape(lambda: jax.numpy.zeros((1, *array.shape[1:]), array.dtype))


def bytes_at_once(part: Part, batch: int) -> int:
    """The bytes that the rows of a part take at most on the devices when they are gathered for some steps at a time."""
    row: int = sum(
        array.dtype.itemsize * prod(array.shape[1:]) for array in (*part.inputs.values(), *part.targets.values())
    )
    return 2 * min(max(MOST_BYTES, row * batch), max(row * part.rows, row * batch))
