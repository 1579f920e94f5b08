"""Rows that are gathered on the host for some steps at a time, while the device computes those before."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from math import prod
from threading import Lock
from typing import Any

import jax
import numpy as np

from modelc.runtime.data.arrays import Array
from modelc.runtime.data.block_order import Indices
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.decoded_rows import has_decoded
from modelc.runtime.data.decoder import Decoder
from modelc.runtime.data.gathering import Gatherer
from modelc.runtime.data.order import BatchesOf
from modelc.runtime.training.feeding import Span
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.step import Data
from modelc.runtime.training.ways_of_feeding import Times

MOST_BYTES = 2**24
"""Rows that are gathered together take at most so much, unless those of a single step take more."""
MOST_AHEAD = 2**28
"""Decoded rows that wait for their steps take at most so much, unless those of `LEAST_AHEAD` chunks take more."""
LEAST_AHEAD, MOST_CHUNKS = 2, 4
"""As many chunks are decoded before they are asked for, at least and at most: threads have work while the last rows of one are decoded."""
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
        batch = bytes_of_rows(part, batches(1).size)
        self.most = max(MOST_BYTES // max(batch, 1), 1)
        self.ahead = chunks_ahead(part, batches(1).size)
        self.decoder = Decoder() if has_decoded(part) else None
        self.gatherer = Gatherer(part.need_whole, self.decoder)
        self.workers = ThreadPoolExecutor(self.ahead, "rows")
        self.coming: dict[Chunk, Future[Data]] = {}
        self.there: tuple[Chunk, Data] | None = None
        self.times = Times(threads=0 if self.decoder is None else self.decoder.count)
        self.lock = Lock()

    def span(self, epoch: int, start: int, steps: int, place: int = 0) -> Span:
        length = min(steps, self.most)
        first = place - place % length
        chunk = epoch, start + first, length
        data = self.rows(chunk)
        self.prefetch(chunk, steps)
        behind = min(first + length, steps)
        places = np.clip(np.arange(steps, dtype=np.int32) - np.int32(first), 0, length - 1)
        put, everywhere = self.placement.put, self.placement.everywhere
        valid = self.batches(epoch).valid(start, steps)
        return Span(data, put(places, everywhere), put(valid, everywhere), behind)

    def rows(self, chunk: Chunk) -> Data:
        """The rows of a chunk, on the devices. Raises RunError for rows that cannot be read any more."""
        if self.there is not None and self.there[0] == chunk:
            return self.there[1]
        coming = self.coming.pop(chunk, None) or self.workers.submit(self.gather, chunk)
        if not coming.done():
            begun, worked = time.perf_counter(), self.worked
            wait([coming])
            self.count(waited=time.perf_counter() - begun, decoded=self.worked - worked)
        found = coming.result()
        # What was there before is free as soon as its steps are done.
        self.there = chunk, found
        return found

    def count(self, waited: float = 0.0, gathered: float = 0.0, decoded: float = 0.0) -> None:
        """Add seconds to those that are counted."""
        with self.lock:
            self.times = self.times.with_more(waited, gathered, decoded)

    @property
    def worked(self) -> float:
        """The seconds of all threads that decode rows."""
        return 0.0 if self.decoder is None else self.decoder.work.seconds

    def prefetch(self, chunk: Chunk, steps: int) -> None:
        """Let the chunks that follow one, where spans have so many `steps`, be gathered, and no others."""
        following: list[Chunk] = []
        while len(following) < self.ahead and (after := self.following(chunk, steps)) is not None:
            following.append(chunk := after)
        coming = {one: self.coming.pop(one, None) for one in following}
        for other in self.coming.values():
            other.cancel()
        self.coming = {one: found or self.workers.submit(self.gather, one) for one, found in coming.items()}

    def following(self, chunk: Chunk, steps: int) -> Chunk | None:
        """The chunk behind one, with which an epoch or a span of so many steps may end; None behind the last."""
        epoch, begun, length = chunk
        behind = min(begun + length, begun - begun % steps + steps)
        if behind < len(self.batches(epoch)):
            return epoch, behind, length
        return (epoch + 1, 0, length) if epoch < self.epochs else None

    def close(self) -> None:
        """Gather nothing more."""
        self.workers.shutdown(wait=False, cancel_futures=True)
        if self.decoder is not None:
            self.decoder.close()

    def gather(self, chunk: Chunk) -> Data:
        """The rows of a chunk, on the devices: each process gathers those of its own."""
        begun = time.perf_counter()
        epoch, start, steps = chunk
        batches = self.batches(epoch)
        indices, _ = batches.steps(start, steps)
        size = batches.size
        extents = batches.order.extents(start * size, min((start + steps) * size, batches.order.rows))
        arrays = {id(array): array for columns in self.columns.values() for array in columns.values()}
        # What is an input and a target too is gathered once.
        placed = {key: self.placed(array, indices, extents) for key, array in arrays.items()}
        found: Data = {
            kind: {name: placed[id(array)] for name, array in columns.items()} for kind, columns in self.columns.items()
        }
        self.count(gathered=time.perf_counter() - begun)
        return found

    def placed(self, array: Array, indices: Indices, extents: list[tuple[int, int]]) -> Any:
        """The rows `indices` `[steps, batch]` of a column as an array on the devices."""
        sharding = self.placement.batches
        if self.placement.mesh.size == 1:
            return jax.device_put(self.gatherer.take(array, indices, extents), sharding)
        shape, taken = (*indices.shape, *array.shape[1:]), dict[str, Array]()

        def own_rows(own: tuple[slice, ...] | None) -> Array:
            # Devices that have the same rows ask for them one after the other.
            if (key := str(own)) not in taken:
                taken[key] = self.gatherer.take(array, indices[tuple(own or ())[:2]], extents)
            return taken[key]

        return jax.make_array_from_callback(shape, sharding, own_rows)


def row_of(array: Array) -> Any:
    """One row of a column, by its type on the device."""
    return jax.eval_shape(lambda: jax.numpy.zeros((1, *array.shape[1:]), array.dtype))


def bytes_of_rows(part: Part, rows: int) -> int:
    """The bytes of so many rows of a part."""
    arrays = (*part.inputs.values(), *part.targets.values())
    found: int = sum(array.dtype.itemsize * prod(array.shape[1:]) for array in arrays)
    return rows * found


def chunks_ahead(part: Part, batch: int) -> int:
    """How many chunks of steps are gathered before they are asked for: one, of rows that are decoded some more."""
    if not has_decoded(part):
        return 1
    return max(min(MOST_AHEAD // max(MOST_BYTES, bytes_of_rows(part, batch)), MOST_CHUNKS), LEAST_AHEAD)


def bytes_at_once(part: Part, batch: int) -> int:
    """The bytes that the rows of a part take at most on the devices when they are gathered for some steps at a time."""
    of_chunk = min(max(MOST_BYTES, bytes_of_rows(part, batch)), max(bytes_of_rows(part, max(part.rows, batch)), 1))
    return (1 + chunks_ahead(part, batch)) * of_chunk
