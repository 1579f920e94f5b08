"""The models that baselines are: one value for all rows, and linear models of the features of a row."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np
from scipy.special import logit

from modelc.runtime.baselines.linear_models import Linear, logistic, multinomial, ridge
from modelc.runtime.baselines.targets import Kind, Wanted
from modelc.runtime.data.arrays import Array

CONSTANT: Mapping[Kind, str] = {"classes": "majority", "answers": "majority", "numbers": "mean"}
LINEAR: Mapping[Kind, str] = {
    "classes": "logistic regression", "answers": "logistic regression", "numbers": "ridge regression",
}  # fmt: skip
MEDIAN = "median"
"""The constant with the smallest mean absolute error."""
QUANTILE = "quantile"
"""What the names of the constants with the smallest quantile losses begin with, before the quantiles."""
MOST_ELEMENTS = 16
"""Of how many elements of a row there is a linear model: each is one by itself."""
NEVER = -80.0
"""The logit of what is in no row."""


class Model(NamedTuple):
    """A baseline of one output: its value, which has this `shape`, for all rows, or a linear function of the features of each.

    Values are logits of classes and answers, and numbers in the unit of the loss.
    """

    shape: tuple[int, ...]
    value: Array | Linear

    @property
    def is_constant(self) -> bool:
        """Whether it needs no features."""
        return not isinstance(self.value, Linear)

    def of(self, table: Array | None, rows: int) -> Array:
        """Its values for so many rows with the features `table`, in float32."""
        if not isinstance(self.value, Linear):
            return np.broadcast_to(np.float32(self.value), (rows, *self.shape))
        assert table is not None
        return self.value.of(table).reshape(len(table), *self.shape).astype(np.float32)


def constant(value: Array) -> Model:
    return Model(value.shape, value)


def quantile_name(shares: Sequence[float]) -> str:
    """The name of the constants with the smallest loss of these quantiles, such as `quantiles 0.1, 0.9`."""
    return f"{QUANTILE}{'s' if len(shares) > 1 else ''} {', '.join(f'{share:g}' for share in shares)}"


def constants_of(wanted: Wanted, quantiles: Collection[tuple[float, ...]] = ()) -> dict[str, Model]:
    """The best constants for what an output is to predict, by name; none where nothing counts. `quantiles` are those that are asked for.

    That of classes has the probabilities that they have among the training rows, so that the most frequent one is predicted.
    """
    weight = np.where(wanted.counts, wanted.weight, 0.0)
    if not weight.any():
        return {}
    name = CONSTANT[wanted.kind]
    if wanted.kind == "classes":
        classes = wanted.output.type.shape[-1]
        found = np.bincount(wanted.values.ravel(), weight.ravel(), minlength=classes)
        logits = np.where(found > 0, np.log(np.maximum(found, 1e-300) / found.sum()), NEVER)
        return {name: constant(np.broadcast_to(logits, wanted.output.type.shape))}
    totals = weight.sum(axis=0)
    values = np.where(wanted.counts, wanted.values, 0.0)
    mean = (weight * values).sum(axis=0) / np.maximum(totals, 1e-300)
    if wanted.kind == "answers":
        return {name: constant(np.clip(logit(mean), NEVER, -NEVER))}
    shape = wanted.output.type.shape
    by_quantiles = {
        quantile_name(shares): np.stack(
            [elementwise(partial(quantile, share), wanted.values, weight) for share in shares], axis=-1
        )
        for shares in quantiles
    }
    fitting = {
        called: constant(values.reshape(shape)) for called, values in by_quantiles.items() if values.size == prod(shape)
    }
    if wanted.has_quantiles:
        return fitting
    return {name: constant(mean), MEDIAN: constant(elementwise(median, wanted.values, weight)), **fitting}


def elementwise(of: Callable[[Array, Array], float], values: Array, weight: Array) -> Array:
    """What `of` makes of the values and weights of each element over all rows, `[...]`."""
    flat, weights = values.reshape(len(values), -1), weight.reshape(len(weight), -1)
    found = [of(flat[:, place], weights[:, place]) for place in range(flat.shape[1])]
    return np.asarray(found).reshape(values.shape[1:])


def quantile(share: float, values: Array, weight: Array) -> float:
    """What `share` of the weight lies below, as `DummyRegressor` has it: between two values where all weigh the same; 0 where nothing counts."""
    kept = weight > 0
    values, weight = values[kept], weight[kept]
    if not len(values):
        return 0.0
    if (weight == weight[0]).all():
        return float(np.quantile(values, share))
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    return float(values[order][min(np.searchsorted(below, share * below[-1]), len(values) - 1)])


def median(values: Array, weight: Array) -> float:
    """The value with as much weight below it as above it; the mean of two that both are it; 0 where nothing counts."""
    kept = weight > 0
    if not kept.any():
        return 0.0
    order = np.argsort(values[kept], kind="stable")
    ascending, below = values[kept][order], np.cumsum(weight[kept][order])
    half = below[-1] / 2
    first, last = np.searchsorted(below, half, "left"), np.searchsorted(below, half, "right")
    return float(ascending[first] + ascending[min(last, len(ascending) - 1)]) / 2


def may_be_linear(wanted: Wanted) -> bool:
    """Whether there is a linear model of what an output is to predict."""
    is_single = wanted.elements == 1 if wanted.kind == "classes" else wanted.elements <= MOST_ELEMENTS
    return is_single and not wanted.copied and not wanted.has_quantiles


def values_of(wanted: Wanted) -> int:
    """How many linear functions a linear model of `wanted` has."""
    return wanted.output.type.shape[-1] if wanted.kind == "classes" else wanted.elements


def linear_of(wanted: Wanted, table: Array, rows: Array) -> Model | None:
    """The linear model of the training rows at the places `rows`, whose features are `table`; None where these do not tell."""
    shape = wanted.output.type.shape
    values, counts, weight, factor = (
        array[rows].reshape(len(rows), -1) for array in (wanted.values, wanted.counts, wanted.weight, wanted.factor)
    )
    weight = np.where(counts, weight * factor, 0.0)
    if wanted.kind == "numbers" and (weight == weight[:, :1]).all():
        kept = weight[:, 0] > 0
        if not kept.any():
            return None
        return Model(shape, ridge(table[kept], values[kept], weight[kept, 0]))
    parts = [one_linear(wanted, table, values[:, place], weight[:, place]) for place in range(values.shape[1])]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    weights, intercepts = (np.concatenate(arrays, axis=-1) for arrays in zip(*found, strict=True))
    return Model(shape, Linear(weights, intercepts))


def one_linear(wanted: Wanted, table: Array, values: Array, weight: Array) -> Linear | None:
    """The linear model of one element; None where its values are all the same, or none counts."""
    kept = weight > 0
    table, values, weight = table[kept], values[kept], weight[kept]
    if wanted.kind == "numbers":
        return ridge(table, values[:, None], weight) if len(values) else None
    there, labels = np.unique(values, return_inverse=True)
    if len(there) == 1 and wanted.elements > 1:
        # One of several answers that is always the same is no reason to have nothing of the others.
        return Linear(np.zeros((table.shape[1], 1)), np.array([-NEVER if there[0] else NEVER]))
    if len(there) < 2:
        return None
    # Two classes have one function between them, whose penalty is another one than that of two.
    if len(there) == 2:
        found = logistic(table, labels, weight)
        if wanted.kind == "answers":
            return found
        zero = Linear(np.zeros_like(found.weights), np.zeros(1))
        found = Linear(*(np.concatenate(arrays, axis=-1) for arrays in zip(zero, found, strict=True)))
    else:
        found = multinomial(table, labels, weight, len(there))
    classes = wanted.output.type.shape[-1]
    weights, intercept = np.zeros((table.shape[1], classes)), np.full(classes, NEVER)
    weights[:, there], intercept[there] = found.weights, found.intercept
    return Linear(weights, intercept)
