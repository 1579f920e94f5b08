"""Examines a batch part by part, as `gradient_accumulation` has it computed: all its values at once may be more than there is room for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.library.base.prng import derive
from modelc.compiler.lowering.lower import Tree, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.training.augmenting import augmented
from modelc.runtime.training.examination import Batch, Examined, examine
from modelc.runtime.training.gradients import cut, put
from modelc.runtime.training.objective import Whole, losses, needed_edges
from modelc.runtime.training.row_state import merge_trees, per_row_entries


class ExaminedPart(NamedTuple):
    """A part of a batch, its `number` from 0, and what was found in it."""

    number: int
    batch: Batch
    examined: Examined


def examine_parts(task: PreparedTask, params: Tree, state: Tree, batch: Batch, key: Array) -> ExaminedPart:
    """The first part of a batch in which something is not finite, else the first one; as the step does that has the random `key`."""
    first: ExaminedPart | None = None
    for found in examined_parts(task, params, state, batch, key):
        if not found.examined.is_finite:
            return found
        first = first or found
    assert first is not None
    return first


def examined_parts(task: PreparedTask, params: Tree, state: Tree, batch: Batch, key: Array) -> Iterator[ExaminedPart]:
    """Each part of a batch, one after the other."""
    assert task.training is not None
    count = task.training.settings.gradient_accumulation
    rows = jnp.arange(len(batch.indices)) < batch.valid
    inputs, targets = jax.device_get(jax.jit(partial(augmented, task))(key, batch.inputs, batch.targets, rows))
    batch = batch._replace(inputs=inputs, targets=targets)
    flat = replace(task, rolls=(), augment=())
    params, before = to_named(task.rolls, params), to_named(task.rolls, state)
    parts = [part_of(batch, count, number) for number in range(count)]
    keys = [derive(key, "part", jnp.int32(number)) for number in range(count)]
    whole = whole_of(flat, params, before, parts, keys)
    for number, part in enumerate(parts):
        examined = examine(flat, params, with_rows(flat, before, count, number), part, keys[number], whole)
        yield ExaminedPart(number, part, examined)
        handed: Any = per_row_entries(flat, examined.state)
        # Checkpoints have arrays of the host.
        rows_before = jax.tree.map(jnp.asarray, per_row_entries(flat, before))
        kept = put(rows_before, handed, count, jnp.int32(number))
        before = {**merge_trees(examined.state, kept)}


def part_of(batch: Batch, count: int, number: int) -> Batch:
    """The rows of a part, which are every so-manieth."""
    inputs, targets = ({name: array[number::count] for name, array in one.items()} for one in batch[:2])
    return Batch(inputs, targets, batch.indices[number::count], len(range(number, batch.valid, count)))


def with_rows(task: PreparedTask, state: Tree, count: int, number: int) -> Tree:
    """The state with the per-row state of the rows of a part."""
    return merge_trees(state, cut(per_row_entries(task, state), count, jnp.int32(number)))


def whole_of(task: PreparedTask, params: Tree, state: Tree, parts: Sequence[Batch], keys: Sequence[Array]) -> Whole:
    """How much counts in all parts of a batch, see `Whole`."""
    model, size = lower(task), len(parts[0].indices)

    @jax.jit
    def counts(params: Tree, before: Tree, inputs: Any, targets: Any, valid: Array, key: Array) -> dict[str, Array]:
        rows = jnp.arange(size) < valid
        values = model.run(params, before, inputs, needed_edges(task), train=True, key=key, rows=rows)
        return {name: one["count"] for name, one in losses(task, params, values, targets, rows)[1].items()}

    found = [
        counts(params, with_rows(task, state, len(parts), number), part.inputs, part.targets, part.valid, keys[number])
        for number, part in enumerate(parts)
    ]
    total: dict[str, Array] = jax.tree.map(lambda *each: sum(each), *found)
    return Whole(total, jnp.float32(sum(part.valid for part in parts)))
