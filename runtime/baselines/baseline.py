"""The baselines of a task: fitted to its training rows, scored on others.

For classes the most frequent one and logistic regression, for numbers the mean, the median where the mean absolute error is
asked for and quantiles where their loss is, the season before where rows are windows of series, and ridge regression. Linear models are fitted to all training rows, or to a sample of them where that would take long.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.library.losses.quantile import Quantile as QuantileLoss
from modelc.compiler.library.losses.regression import MeanAbsoluteError as AbsoluteLoss
from modelc.compiler.library.metrics.errors import MeanAbsoluteError, Quantile
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.baselines.features import Features, features_of, standardizing
from modelc.runtime.baselines.models import (
    CONSTANT,
    LINEAR,
    MEDIAN,
    QUANTILE,
    Model,
    constants_of,
    linear_of,
    may_be_linear,
    quantile_name,
    values_of,
)
from modelc.runtime.baselines.scored_rows import scored_rows
from modelc.runtime.baselines.scores import comparable, scores
from modelc.runtime.baselines.targets import Wanted, wanted_of
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.split_draws import random_sort_keys

MOST_PRODUCTS = 10_000_000
"""Rows times features times values of a linear model, beyond which a sample of the rows is taken."""
MOST_SQUARES = 5_000_000_000
"""The same for rows times the square of features, which ridge regression takes."""
LEAST_ROWS = 500
"""The smallest such sample: of fewer rows a linear model says little."""
MOST_FEATURES = 4096
NAIVE, LAST_VALUE = "seasonal naive", "last value"
"""What is said of a series without learning: the season before, or where none is known the value before."""
BATCH = 4_000_000
"""Features of the rows that are scored at once."""


class Baseline(NamedTuple):
    """What one baseline scores, by log key without a prefix; `rows` are the training rows that it was fitted to."""

    name: str
    values: Mapping[str, float]
    rows: int


class Fitted(NamedTuple):
    """The baselines of the outputs of a task, by their names: those of several outputs may have one name. `rows` are those that each
    was fitted to, `training` all rows that there were for that.
    """

    models: Mapping[str, Mapping[str, Model]]
    rows: Mapping[str, int]
    features: Features | None
    training: int


def baselines(prepared: PreparedTask, fitted: Fitted, part: Part) -> list[Baseline]:
    """What baselines score on the rows of `part`, in the order from the simplest; nothing where there are none.

    Raises RunError E502 if the device runs out of memory.
    """
    part = scored_rows(prepared, part)
    scored = [Baseline(name, scores_of(prepared, part, fitted, name), fitted.rows[name]) for name in fitted.models]
    linear = next((place for place, one in enumerate(scored) if one.name in LINEAR.values()), len(scored))
    scored.insert(linear, naive_baseline(prepared, part, fitted.training))
    return [baseline for baseline in scored if baseline.values]


def fit(task: Task, train: Part) -> Fitted:
    """The baselines of all outputs that have such, fitted to the training rows."""
    train = scored_rows(task, train)
    wanted = [one for output in task.outputs.values() if (one := wanted_of(task, output, train)) is not None]
    constants = [
        (one, name, model) for one in wanted for name, model in constants_of(one, quantiles_of(task, one)).items()
    ]
    rows = sampled_rows(task, train, wanted)
    linear, features = ([], None) if rows is None else fit_linear(task, train, wanted, rows)
    models: dict[str, dict[str, Model]] = {}
    sizes: dict[str, int] = {}
    names = dict.fromkeys((*CONSTANT.values(), MEDIAN, *sorted(name for _, name, _ in constants), *LINEAR.values()))
    found = sorted([*constants, *linear], key=lambda one: [*names].index(one[1]))
    for one, name, model in found:
        models.setdefault(name, {})[one.output.name] = model
        sizes[name] = train.rows if rows is None or model.is_constant else len(rows)
    return Fitted(models, sizes, features, train.rows)


def sampled_rows(task: Task, train: Part, wanted: list[Wanted]) -> Array | None:
    """The places of the training rows that linear models are fitted to; None where there are to be none of these."""
    values = sum(values_of(one) for one in wanted if may_be_linear(one))
    every = np.arange(train.rows)
    arrays = train.inputs.values()
    if not values or sum(array[:1].size for array in arrays) > MOST_FEATURES:
        return None
    features = features_of(task, train.inputs, every[: MOST_PRODUCTS // MOST_FEATURES]).count
    most = min(MOST_PRODUCTS // max(features * values, 1), MOST_SQUARES // max(features, 1) ** 2)
    if features > MOST_FEATURES or most < min(LEAST_ROWS, train.rows):
        return None
    if most >= train.rows:
        return every
    return np.sort(np.argsort(random_sort_keys(train.rows, 0, "baseline"), kind="stable")[:most])


def fit_linear(
    task: Task, train: Part, wanted: list[Wanted], rows: Array
) -> tuple[list[tuple[Wanted, str, Model]], Features | None]:
    """The linear models of all outputs that have such, and the features that they take."""
    features = features_of(task, train.inputs, rows)
    table = features.of(train.inputs, rows)
    if not features.count or not np.isfinite(table).all():
        return [], None
    features = standardizing(features, table)
    table = features.of(train.inputs, rows)
    found = [(one, linear_of(one, table, rows)) for one in wanted if may_be_linear(one)]
    return [(one, LINEAR[one.kind], model) for one, model in found if model is not None], features


def scores_of(task: PreparedTask, part: Part, fitted: Fitted, name: str) -> dict[str, float]:
    """What the baseline called `name` scores on the rows of `part`."""
    models = fitted.models[name]
    asked = comparable(task, models, lambda asks: suits(name, asks))
    if not asked.log_keys:
        return {}
    features = fitted.features

    def predicted(rows: Array) -> dict[str, Array]:
        is_constant = all(model.is_constant for model in models.values())
        table = None if is_constant or features is None else features.of(part.inputs, rows)
        return {output: model.of(table, len(rows)) for output, model in models.items()}

    return scores(asked, part, predicted, max(BATCH // max(features.count if features else 1, 64), 64))


def naive_baseline(task: PreparedTask, part: Part, rows: int) -> Baseline:
    """What the values of the last season of each context score for the rows behind it, where rows are windows of series; it learns
    nothing of the training rows, of which there are so many.
    """
    naive = part.naive
    if naive is None:
        return Baseline(NAIVE, {}, rows)
    outputs = {
        name: naive.values[target]
        for name, output in task.outputs.items()
        if (target := output.target) in naive.values
        and target is not None
        and output.link is None
        and part.targets[target].shape[1:] == output.type.shape
    }
    asked = comparable(task, outputs, lambda asks: True)
    if not asked.log_keys:
        return Baseline(NAIVE, {}, rows)

    def predicted(places: Array) -> dict[str, Array]:
        return {name: values[places] for name, values in outputs.items()}

    width = max(values[:1].size for values in outputs.values())
    name = NAIVE if naive.season > 1 else LAST_VALUE
    return Baseline(name, scores(asked, part, predicted, max(BATCH // max(width, 64), 64)), rows)


def quantiles_of(task: Task, wanted: Wanted) -> list[tuple[float, ...]]:
    """The quantiles whose loss is asked for of an output, by its loss or its metrics."""
    asked = [wanted.term.loss, *(one.metric for one in task.measures if one.value == wanted.output.name)]
    return [*dict.fromkeys(one.quantiles for one in asked if isinstance(one, Quantile | QuantileLoss))]


def suits(name: str, asks: Metric | Loss) -> bool:
    """Whether the baseline called `name` is the one for a loss or metric: of constants, the one that is best by it."""
    if isinstance(asks, Quantile | QuantileLoss):
        return name in (quantile_name(asks.quantiles), *LINEAR.values())
    if name.startswith(QUANTILE):
        return False
    by_median = isinstance(asks, MeanAbsoluteError | AbsoluteLoss)
    return name != (CONSTANT["numbers"] if by_median else MEDIAN)
