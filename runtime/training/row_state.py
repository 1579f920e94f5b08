"""The state that a row of one batch hands to the same row of the next: how it begins, and what else there is of it.

Recurrent layers that are `stateful` have it. It is no weight: it lives in the state of a training or in an evaluation
while that runs, and is neither saved nor read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from modelc.compiler.library.contracts.layer import State
from modelc.compiler.lowering.lower import Tree
from modelc.compiler.lowering.prepared_task import PreparedTask


def entries(task: PreparedTask) -> Iterator[tuple[str, str, State]]:
    """Each entry per row: path, name, and what is planned."""
    for path, plan in task.planned.owned():
        for name, entry in plan.state.items():
            if entry.per_row:
                yield path, name, entry


def at_zeros(task: PreparedTask, batch: int) -> Tree:
    """The entries per row of `batch` rows, as every run begins."""
    zeros: dict[str, dict[str, Array]] = {}
    for path, name, entry in entries(task):
        zeros.setdefault(path, {})[name] = jnp.zeros((batch, *entry.shape), entry.dtype)
    return zeros


def at_epoch(task: PreparedTask, state: Tree) -> Tree:
    """`state` as an epoch begins: at zeros where an entry lasts for an epoch only."""
    ending = {(path, name) for path, name, entry in entries(task) if entry.lasts == "epoch"}
    return {
        path: {name: jnp.zeros_like(x) if (path, name) in ending else x for name, x in values.items()}
        for path, values in state.items()
    }


def joined(state: Tree, more: Tree) -> Tree:
    """Both as one tree; `more` counts where both have an entry."""
    return {path: {**state.get(path, {}), **more.get(path, {})} for path in (*state, *more)}


def of_rows(task: PreparedTask, state: Tree) -> Tree:
    """The entries per row alone."""
    found: dict[str, dict[str, Array]] = {}
    for path, name, _ in entries(task):
        found.setdefault(path, {})[name] = state[path][name]
    return found


def of_all(task: PreparedTask, state: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The entries that are not per row: those that belong to a model's weights. A node without any has no place here."""
    per_row = {(path, name) for path, name, _ in entries(task)}
    kept = {
        path: {name: value for name, value in values.items() if (path, name) not in per_row}
        for path, values in state.items()
    }
    return {path: values for path, values in kept.items() if values}
