"""Per-row state: the state of a `stateful` layer, which row i of a batch passes on to row i of the next batch.

It is not a weight: it is part of the training state or of an evaluation, and is neither saved
nor loaded.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from modelc.compiler.library.contracts.layer import State
from modelc.compiler.lowering.lower import Tree
from modelc.compiler.lowering.prepared_task import PreparedTask


def planned_entries(task: PreparedTask) -> Iterator[tuple[str, str, State]]:
    """Each entry per row: path, name, and what is planned."""
    for path, plan in task.planned.owned():
        for name, entry in plan.state.items():
            if entry.per_row:
                yield path, name, entry


def at_zeros(task: PreparedTask, batch: int) -> Tree:
    """The per-row state of `batch` rows at the start of a run."""
    zeros: dict[str, dict[str, Array]] = {}
    for path, name, entry in planned_entries(task):
        zeros.setdefault(path, {})[name] = jnp.zeros((batch, *entry.shape), entry.dtype)
    return zeros


def at_epoch(task: PreparedTask, state: Tree) -> Tree:
    """`state` at the start of an epoch: zeros for entries that last for one epoch only."""
    ending = {(path, name) for path, name, entry in planned_entries(task) if entry.lasts == "epoch"}
    return {
        path: {name: jnp.zeros_like(x) if (path, name) in ending else x for name, x in values.items()}
        for path, values in state.items()
    }


def merge_trees(state: Tree, more: Tree) -> Tree:
    """Both merged into one tree; entries of `more` win."""
    return {path: {**state.get(path, {}), **more.get(path, {})} for path in (*state, *more)}


def per_row_entries(task: PreparedTask, state: Tree) -> Tree:
    """The per-row entries only."""
    found: dict[str, dict[str, Array]] = {}
    for path, name, _ in planned_entries(task):
        found.setdefault(path, {})[name] = state[path][name]
    return found


def without_per_row_entries(task: PreparedTask, state: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The entries that are not per-row, which belong to a model's weights. Nodes without any are left out."""
    per_row = {(path, name) for path, name, _ in planned_entries(task)}
    kept = {
        path: {name: value for name, value in values.items() if (path, name) not in per_row}
        for path, values in state.items()
    }
    return {path: values for path, values in kept.items() if values}
