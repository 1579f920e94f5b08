"""Says which batch size would fit, where a training has run out of memory: by what XLA needs for a step, which it compiles again.

Nothing is computed. What XLA says is of its own buffers; what the libraries below it take comes on top.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import gcd
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Dataset
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.gathered_rows import bytes_at_once
from modelc.runtime.training.memory import CHECKPOINTING, accumulating, own_memory, parts_of_batch, sharing
from modelc.runtime.training.step import make

FREE = 0.8
"""The part of what is left that a step may take: there is more than its buffers."""
MOST_TRIES = 4


class Room(NamedTuple):
    """What a step needs beside the rows, in bytes on each device, and how much is left for it; `fits` is a smaller batch size that does,
    and `parts` in how many the batch does, each with its need, if one was found. `keeps` says that all values are kept for the backward pass.
    """

    needed: int
    left: int
    fits: tuple[int, int] | None
    parts: tuple[int, int] | None = None
    keeps: bool = False

    @property
    def is_enough(self) -> bool:
        return self.needed <= FREE * self.left

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"a step needs about {gigabytes(self.needed)} beside the rows, and {gigabytes(self.left)} are left",)

    @property
    def helps(self) -> tuple[str, ...]:
        found = "lower `batch_size`, or find the largest layer with `modelc summary`"
        if self.fits is not None:
            size, needed = self.fits
            found = f"lower `batch_size`: {size:,} would fit, with about {gigabytes(needed)}"
        helps = [found]
        if self.parts is not None:
            parts, needed = self.parts
            helps.append(f"or keep the batch, and write {accumulating(parts)}, with about {gigabytes(needed)}")
        return (*helps, *((f"or write {CHECKPOINTING}",) if self.keeps else ()))


def room_for(task: PreparedTask, dataset: Dataset, execution: Execution, before: int | None) -> Room | None:
    """What a step needs and what there is, where `before` bytes were left before training; None if the device does not say."""
    if before is None or task.training is None:
        return None
    is_resident = execution.feeding.way == "resident"
    keeps = not task.training.settings.gradient_checkpointing
    batch = min(task.training.settings.batch_size, dataset.train.rows)
    rows_there = dataset.train.bytes if is_resident else bytes_at_once(dataset.train, batch)
    left = max(before - rows_there, 0) // sharing(execution.parallelism)
    if task.phases:
        # Which of them has failed is not known: what fits all is what fits the one that needs most.
        task = max(task.phases, key=lambda one: need_of_step(one, dataset, execution, batch) or 0)
    needs: list[tuple[int, int]] = []
    parts = execution.parallelism.data
    for rows in halved(-(-batch // parts)):
        size = rows * parts
        needed = need_of_step(task, dataset, execution, size)
        if needed is None:
            return None
        needs.append((size, needed))
        if needed <= FREE * left:
            break
    (_, needed), (size, least) = needs[0], needs[-1]
    if len(needs) == 1 or least > FREE * left:
        return Room(needed, left, None, keeps=keeps)
    return Room(needed, left, (size, least), fitting_parts(task, dataset, execution, size, FREE * left), keeps)


def fitting_parts(
    task: PreparedTask, dataset: Dataset, execution: Execution, rows: int, most: float
) -> tuple[int, int] | None:
    """In how many parts of at most so many rows a batch needs at most so many bytes, and how many; None if it does not, or cannot be
    cut.
    """
    assert task.training is not None
    settings = task.training.settings
    parts = parts_of_batch(settings, rows, execution.parallelism.data)
    if parts is None or any(term.loss.mixes_rows for term in task.terms):
        return None
    needed = need_of_step(task, dataset, execution, settings.batch_size, parts)
    return None if needed is None or needed > most else (parts, needed)


def halved(size: int) -> Iterator[int]:
    """A batch size and smaller ones, powers of two: the next, then a half, a quarter, an eighth of the one before."""
    yield size
    for tried in range(MOST_TRIES):
        if size == 1:
            return
        size = max(1 << ((size - 1).bit_length() - 1) >> tried, 1)
        yield size


def memory_left() -> int | None:
    """The bytes that the device has left, in the memory of the machine if it has none of its own."""
    own = own_memory()
    return available_memory() if own is None else own.size - own.used


def need_of_step(
    task: PreparedTask, dataset: Dataset, execution: Execution, size: int, parts: int | None = None
) -> int | None:
    """The bytes that XLA needs on a device for a step on `size` rows, in so many `parts` or those of the task, all rows left out; None if
    it does not say.
    """
    assert task.training is not None
    settings = task.training.settings
    # Of fewer rows than a batch has, there may be no as many equal parts.
    parts = parts or gcd(size, settings.gradient_accumulation)
    settings = settings._replace(batch_size=size, gradient_accumulation=parts)
    steps = make(replace(task, training=task.training._replace(settings=settings)), 2, execution.parallelism)
    arrays = {"inputs": dataset.train.inputs, "targets": dataset.train.targets}
    data: Any = jax.eval_shape(
        lambda: {
            kind: {name: jnp.zeros(one.shape, one.dtype) for name, one in columns.items()}
            for kind, columns in arrays.items()
        }
    )
    state = jax.eval_shape(steps.first)
    sums = jax.eval_shape(lambda: steps.zero(data, settings.rows_at_once, parts))
    rows = np.zeros((1, size), np.int32), np.zeros(1, np.int32)
    lengths = (np.int32(0),) if execution.mode == "single" else (np.int32(0), np.int32(1))
    step: Any = steps.single if execution.mode == "single" else steps.chunk
    found = step.lower(state, sums, data, *rows, *lengths).compile().memory_analysis()
    if found is None:
        return None
    used = found.argument_size_in_bytes + found.output_size_in_bytes + found.temp_size_in_bytes
    return int(used - found.alias_size_in_bytes - dataset.train.bytes)
