"""Which rows have predictions that are NaN or infinite: what a model makes of them is said, and by which output."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.readers.checks import all_finite
from modelc.compiler.lowering.lower import Values
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.evaluate import compute_rows, shown
from modelc.runtime.training.objective import expand_axes
from modelc.runtime.training.observer import Weights


def check_predictions(
    task: PreparedTask, params: Weights, state: Weights, inputs: Arrays, predicted: Arrays, *, raw: bool, note: str
) -> None:
    """Raise RunError E506 if any of `predicted`, what `predict` gave for `inputs`, is NaN or infinite where no mask leaves
    it out. `note` says what has been done with them. Infinite logits of finite probabilities are no fault of these.
    """
    if all(all_finite(values) for values in predicted.values() if values.dtype.kind == "f"):
        return
    rows = len(next(iter(predicted.values())))
    need_none(rows_not_finite(task, params, state, inputs, rows, (), raw=raw), rows, note)


def check_scores(
    task: PreparedTask, params: Weights, state: Weights, inputs: Arrays, rows: int, scores: Mapping[str, float]
) -> None:
    """Raise RunError E506 if one of `scores`, what `evaluate` gave, is NaN or infinite since a value of the model is. A
    metric may be undefined for these rows.
    """
    bad = [key for key, score in scores.items() if not np.isfinite(score)]
    if bad:
        note = f"so `{bad[0]}` is {scores[bad[0]]:g}"
        ends = {output.edge for output in task.outputs.values()}
        others = sorted({edge for term in task.terms for edge in term.of} - ends)
        need_none(rows_not_finite(task, params, state, inputs, rows, others), rows, note)


def rows_not_finite(
    task: PreparedTask,
    params: Weights,
    state: Weights,
    inputs: Arrays,
    rows: int,
    others: Sequence[Edge],
    *,
    raw: bool = False,
) -> Arrays:
    """The rows in which an output, or a value of the `others`, is NaN or infinite at an unmasked step, by name."""

    def flags(values: Values) -> dict[str, Array]:
        found = {}
        for name, output in task.outputs.items():
            found[name] = not_finite(shown(output, values, raw=raw), values.masks[output.edge])
        for edge in others:
            # The logits of an output have its name.
            bad = not_finite(values.edges[edge], values.masks[edge])
            found[str(edge)] = found[str(edge)] | bad if str(edge) in found else bad
        return found

    flagged = compute_rows(task, params, state, inputs, rows, flags, others)
    names = dict.fromkeys((*task.outputs, *map(str, others)))
    return {name: np.flatnonzero(flagged[name]) for name in names if flagged[name].any()}


def not_finite(value: Array, mask: Array | None) -> Array:
    """Which rows of `value` `[rows, ...]` are not finite where `mask` `[rows, time]` counts."""
    bad = ~jnp.isfinite(value)
    if mask is not None and mask.shape == value.shape[:2]:
        bad &= expand_axes(mask, value.ndim)
    return bad.any(axis=tuple(range(1, value.ndim)))


def need_none(found: Arrays, rows: int, note: str) -> None:
    """Raise RunError E506 for the rows, by name of a value, in which it is not finite."""
    if not found:
        return
    name = min(found, key=lambda name: int(found[name][0]))
    said = [f"`{other}` in {counted(len(found[other]), 'row')}, the first is row {found[other][0]}" for other in found]
    others = [f"also {text}" for other, text in zip(found, said, strict=True) if other != name]
    raise RunError(
        "E506",
        f"`{name}` is NaN or infinite in {counted(len(found[name]), 'row')} of {rows:,}, the first is row {found[name][0]}",
        notes=(note, *others),
        helps=(
            "look at the inputs of these rows: the model may overflow far from what it was trained on",
            "`log`, `sqrt`, `power` and `divide` have no answer for some values: add `clip` before them if the model has any",
        ),
    )
