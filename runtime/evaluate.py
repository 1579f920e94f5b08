"""Evaluates and predicts with trained weights; needs no optimizer and no run directory."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.lowering.lower import Tree, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import from_named
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches, in_order
from modelc.runtime.training.loop import Evaluation, evaluation_batch
from modelc.runtime.training.observer import Weights
from modelc.runtime.training.probabilities import probabilities
from modelc.runtime.training.row_state import at_zeros, merge_trees, per_row_entries
from modelc.runtime.training.step import make


def evaluate(task: PreparedTask, params: Weights, state: Weights, part: Part) -> dict[str, float]:
    """The losses and metrics of `part`, by log key without a prefix (`loss`, `accuracy`)."""
    on_device = to_device(task, params, state)
    values = Evaluation(make(task, 1), task, part).run(*on_device).values(task, "")
    return {key.removeprefix("/"): value for key, value in values.items()}


def predict(
    task: PreparedTask,
    params: Weights,
    state: Weights,
    inputs: Mapping[str, "np.ndarray[Any, Any]"],
    rows: int,
    *,
    raw: bool = False,
) -> dict[str, "np.ndarray[Any, Any]"]:
    """The outputs by name, `[rows, ...]`: probabilities if the loss has a link function, or the unchanged values with
    `raw`.

    The rows are taken in order; per-row state begins at zeros.
    """
    model = lower(task)

    @jax.jit
    def run(params: Any, state: Any, handed: Any, inputs: Any) -> tuple[dict[str, jax.Array], Any]:
        values = model.run(params, merge_trees(state, handed), inputs, model.outputs.values())
        outputs = {name: (output, values.edges[output.edge]) for name, output in task.outputs.items()}
        shown = {name: value if raw else probabilities(output, value) for name, (output, value) in outputs.items()}
        return shown, per_row_entries(task, values.state)

    weights = to_device(task, params, state)
    size = evaluation_batch(task, rows)
    indices, valid = batches(in_order(rows), size)
    handed: Any = at_zeros(task, size)
    parts: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in task.outputs}
    for batch, count in zip(indices, valid, strict=True):
        given = {name: jnp.asarray(array[batch]) for name, array in inputs.items()}
        outputs, handed = run(*weights, handed, given)
        for name, value in jax.device_get(outputs).items():
            parts[name].append(value[:count])
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def to_device(task: PreparedTask, params: Weights, state: Weights) -> tuple[Tree, Tree]:
    """Weights and state on the device, in the form that the model of `task` holds them in."""
    rolls = task.rolls
    trees: tuple[Tree, Tree] = jax.device_put((from_named(rolls, params), from_named(rolls, state)))
    return trees
