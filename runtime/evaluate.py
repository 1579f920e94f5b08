"""Evaluates and predicts with trained weights; needs no optimizer and no run directory."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.binding.task import Output
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.reader import UnitOfGroups, in_unit
from modelc.compiler.lowering.lower import Tree, Values, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import from_named
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches_in_order
from modelc.runtime.training.device import computing
from modelc.runtime.training.evaluation import Evaluation, evaluation_batch
from modelc.runtime.training.observer import Weights
from modelc.runtime.training.probabilities import meant
from modelc.runtime.training.row_state import at_zeros, merge_trees, per_row_entries
from modelc.runtime.training.step import make


@computing()
def evaluate(task: PreparedTask, params: Weights, state: Weights, part: Part) -> dict[str, float]:
    """The losses and metrics of `part`, by log key without a prefix (`loss`, `accuracy`).

    Raises RunError E502 if the device runs out of memory, E505 if it fails.
    """
    on_device = to_device(task, params, state)
    values = Evaluation(make(task, 1), task, part).run(*on_device).values(task, "")
    return {key.removeprefix("/"): value for key, value in values.items()}


def predict(
    task: PreparedTask,
    params: Weights,
    state: Weights,
    inputs: Arrays,
    rows: int,
    *,
    raw: bool = False,
    groups: Array | None = None,
) -> dict[str, Array]:
    """The outputs by name, `[rows, ...]`: probabilities if the loss has a link function, or the unchanged values with
    `raw`. `groups` are the numbers of the groups of the rows, where each has a unit of its own.

    The rows are taken in order; per-row state begins at zeros. `finite.check_predictions` finds those that are no numbers.
    """

    def outputs(values: Values) -> dict[str, jax.Array]:
        return {name: shown(output, values, raw=raw) for name, output in task.outputs.items()}

    found = compute_rows(task, params, state, inputs, rows, outputs)
    units = {name: None if raw else output.unit for name, output in task.outputs.items()}
    return {
        name: in_unit(unit, found[name], groups) if isinstance(unit, UnitOfGroups) else found[name]
        for name, unit in units.items()
    }


def shown(output: Output, values: Values, *, raw: bool) -> jax.Array:
    """The values of an output as they are predicted."""
    value = values.edges[output.edge]
    return value if raw else meant(output, value)


@computing()
def compute_rows(
    task: PreparedTask,
    params: Weights,
    state: Weights,
    inputs: Arrays,
    rows: int,
    wanted: Callable[[Values], Mapping[str, jax.Array]],
    edges: Iterable[Edge] = (),
) -> dict[str, Array]:
    """What `wanted` makes of the values of each batch, for all rows together: by name, in no order, `[rows, ...]`.

    `edges` are those whose values it takes beside the outputs. Raises RunError E502 if the device runs out of memory,
    E505 if it fails.
    """
    model = lower(task)
    needed = (*model.outputs.values(), *edges)

    @jax.jit
    def run(params: Any, state: Any, handed: Any, inputs: Any) -> tuple[Mapping[str, jax.Array], Any]:
        values = model.run(params, merge_trees(state, handed), inputs, needed)
        return wanted(values), per_row_entries(task, values.state)

    weights = to_device(task, params, state)
    size = evaluation_batch(task, rows)
    indices, valid = (batches := batches_in_order(rows, size)).steps(0, len(batches))
    handed: Any = at_zeros(task, size)
    parts: dict[str, list[Array]] = {}
    for batch, count in zip(indices, valid, strict=True):
        given = {name: jnp.asarray(array[batch]) for name, array in inputs.items()}
        found, handed = run(*weights, handed, given)
        for name, value in jax.device_get(found).items():
            parts.setdefault(name, []).append(value[:count])
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def to_device(task: PreparedTask, params: Weights, state: Weights) -> tuple[Tree, Tree]:
    """Weights and state on the device, in the form that the model of `task` holds them in."""
    rolls = task.rolls
    trees: tuple[Tree, Tree] = jax.device_put((from_named(rolls, params), from_named(rolls, state)))
    return trees
