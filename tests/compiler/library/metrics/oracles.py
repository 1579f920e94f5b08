"""What scikit-learn, SciPy or a formula in float64 says of each metric, of the values of a `Draw` that count.

Where a metric is documented to differ from scikit-learn, its oracle says so.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import special, stats
from sklearn import metrics as sklearn

from tests.compiler.library.metrics.batching import Numbers
from tests.compiler.library.metrics.hostile_draws import Draw, Kind

EPSILON = 1e-7
Formula = Callable[[Any, Draw], float]
"""The value of a metric for what counts, of which there is something."""


@dataclass(frozen=True)
class Oracle:
    """`uses` are notations of arguments to draw from. The difference is relative to `scale`, at least the value."""

    kinds: tuple[Kind, ...]
    value: Formula
    uses: tuple[dict[str, Any], ...] = ({},)
    scale: Formula = lambda metric, draw: 1.0
    steps: bool = True
    """Whether steps of sequences may be weighed one by one."""


def average(values: Numbers, weight: Numbers) -> float:
    """The mean of `values` `[values, ...]` with the weights of their first axis."""
    return float(np.average(values.reshape(len(values), -1).mean(axis=1), weights=weight))


def error(formula: Callable[[Numbers, Numbers], Numbers], *kinds: Kind, scale: Any = None) -> Oracle:
    """A mean of `formula(prediction, target)`, to be right relative to itself, or to the mean of `scale` of the two."""

    def mean_of(function: Callable[[Numbers, Numbers], Numbers]) -> Formula:
        return lambda metric, draw: average(function(draw.prediction, draw.target), draw.weight)

    return Oracle(
        kinds or ("numbers",), mean_of(formula), scale=mean_of(scale) if scale else lambda metric, draw: 1e-30
    )


def one_hot(draw: Draw) -> Numbers:
    """The target as rows `[values, classes]`."""
    width = draw.prediction.shape[-1]
    return draw.target if draw.target.ndim == 2 else np.eye(width)[draw.target]


def answers(metric: Any, draw: Draw) -> tuple[Numbers, Numbers]:
    """Which answers are yes, and which should be, `[values, classes]` each."""
    if draw.link == "sigmoid":
        # The threshold is compared in float32.
        return draw.prediction.astype(np.float32) > np.float32(metric.threshold), draw.target > 0.5
    chosen = np.eye(draw.prediction.shape[-1])[draw.prediction.argmax(-1)]
    return chosen > 0.5, one_hot(draw) > 0.5


def pooled(values: Numbers, weight: Numbers) -> tuple[Numbers, Numbers]:
    """All values as one column, and their weights."""
    return values.ravel(), np.repeat(weight, values.shape[1])


def of_columns(score: Callable[..., float]) -> Formula:
    """A score of scikit-learn for yes and no: of one class, the mean over classes, or of all values together."""

    def value(metric: Any, draw: Draw) -> float:
        yes, truth = answers(metric, draw)
        if metric.class_id is not None:
            chosen = [metric.class_id]
        elif getattr(metric, "average", "micro") == "micro":
            (guessed, weight), (true, _) = pooled(yes, draw.weight), pooled(truth, draw.weight)
            return score(metric, true, guessed, weight)
        else:
            chosen = list(range(yes.shape[1]))
        return float(np.mean([score(metric, truth[:, c], yes[:, c], draw.weight) for c in chosen]))

    return value


def counted(row: int, column: int) -> Formula:
    """A count of the confusion matrix of yes and no."""

    def score(metric: Any, true: Numbers, guessed: Numbers, weight: Numbers) -> float:
        return float(sklearn.confusion_matrix(true, guessed, labels=[False, True], sample_weight=weight)[row, column])

    return of_columns(score)


def accuracy(metric: Any, draw: Draw) -> float:
    if draw.link == "sigmoid":
        yes, truth = answers(metric, draw)
        (guessed, weight), (true, _) = pooled(yes, draw.weight), pooled(truth, draw.weight)
        return float(sklearn.accuracy_score(true, guessed, sample_weight=weight))
    return float(
        sklearn.accuracy_score(one_hot(draw).argmax(-1), draw.prediction.argmax(-1), sample_weight=draw.weight)
    )


def top_k(metric: Any, draw: Draw) -> float:
    """scikit-learn's for distinct values; of equal ones, documented, those ahead are the strictly greater."""
    labels = one_hot(draw).argmax(-1)
    if all(len(set(row)) == len(row) for row in draw.prediction):
        options: Any = {"k": metric.k, "sample_weight": draw.weight, "labels": range(draw.prediction.shape[1])}
        return float(sklearn.top_k_accuracy_score(labels, draw.prediction, **options))
    true = np.take_along_axis(draw.prediction, labels[:, None], axis=1)
    return float(np.average((draw.prediction > true).sum(axis=1) < metric.k, weights=draw.weight))


def overlaps(metric: Any, draw: Draw) -> float:
    """scikit-learn's of each class; documented: a class that is neither answered nor true is left out."""
    yes, truth = answers(metric, draw)
    weight = draw.weight
    if draw.link == "sigmoid":
        (yes, weight), (truth, _) = pooled(yes, weight), pooled(truth, weight)
        yes, truth = np.stack([~yes, yes], axis=1), np.stack([~truth, truth], axis=1)
    chosen = getattr(metric, "target_class_ids", range(yes.shape[1]))
    seen = [c for c in chosen if (yes[:, c] | truth[:, c]).any()]
    scores = [sklearn.jaccard_score(truth[:, c], yes[:, c], sample_weight=weight) for c in seen]
    return float(np.mean(scores)) if scores else np.nan


def columns_of(metric: Any, draw: Draw) -> list[tuple[Numbers, Numbers, Numbers]]:
    """Truth, scores and weights of each curve."""
    truth = one_hot(draw) > 0.5
    if metric.class_id is not None:
        return [(truth[:, metric.class_id], draw.prediction[:, metric.class_id], draw.weight)]
    if getattr(metric, "average", "micro") == "micro":
        (scores, weight), (true, _) = pooled(draw.prediction, draw.weight), pooled(truth, draw.weight)
        return [(true, scores, weight)]
    return [(truth[:, c], draw.prediction[:, c], draw.weight) for c in range(truth.shape[1])]


def area(metric: Any, draw: Draw) -> float:
    """scikit-learn's of each class; documented: one without a curve is left out, where scikit-learn has NaN or 0."""
    areas = []
    for true, scores, weight in columns_of(metric, draw):
        if metric.curve == "ROC" and 0 < true.sum() < len(true):
            areas.append(sklearn.roc_auc_score(true, scores, sample_weight=weight))
        elif metric.curve == "PR" and true.any():
            areas.append(sklearn.average_precision_score(true, scores, sample_weight=weight))
    return float(np.mean(areas)) if areas else np.nan


def level(name: str, wanted: str) -> Formula:
    """The best of one score on scikit-learn's curves, where the other is at least the level; documented: 0 for 0 / 0."""

    def value(metric: Any, draw: Draw) -> float:
        ((true, scores, weight),) = columns_of(metric, draw)
        with warnings.catch_warnings():
            # Of no yes, or no no: see below.
            warnings.simplefilter("ignore")
            precision, recall, _ = sklearn.precision_recall_curve(true, scores, sample_weight=weight)
            false, sensitivity, _ = sklearn.roc_curve(true, scores, sample_weight=weight, drop_intermediate=False)
        if not true.any():
            recall, sensitivity = np.zeros_like(recall), np.zeros_like(sensitivity)
        specificity = np.zeros_like(false) if true.all() else 1 - false
        # Where nothing is answered, scikit-learn has a precision of 1.
        precision[-1] = 0.0
        curves = {"precision": precision, "recall": recall, "sensitivity": sensitivity, "specificity": specificity}
        good = curves[name] >= getattr(metric, name)
        return float(curves[wanted][good].max()) if good.any() else 0.0

    return value


def r2(metric: Any, draw: Draw) -> float:
    """scikit-learn's; documented: a value whose targets are all equal is left out, where scikit-learn has 0 or 1."""
    varied = np.ptp(draw.target, axis=0) > 0
    if not varied.any():
        return np.nan
    multioutput = {"variance_weighted_average": "variance_weighted"}.get(metric.class_aggregation, "uniform_average")
    options: Any = {"multioutput": multioutput, "sample_weight": draw.weight}
    return float(sklearn.r2_score(draw.target[:, varied], draw.prediction[:, varied], **options))


def pearson(metric: Any, draw: Draw) -> float:
    """SciPy's of each vector; documented: 0 where SciPy has NaN, for a vector of equal values."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for prediction, target in zip(draw.prediction, draw.target, strict=True):
            equal = np.ptp(prediction) == 0 or np.ptp(target) == 0
            found.append(0.0 if equal else stats.pearsonr(prediction, target).statistic)
    return average(np.asarray(found), draw.weight)


def concordance(metric: Any, draw: Draw) -> float:
    p, t = draw.prediction, draw.target
    covariance = ((p - p.mean(-1, keepdims=True)) * (t - t.mean(-1, keepdims=True))).mean(-1)
    below = p.var(-1) + t.var(-1) + (p.mean(-1) - t.mean(-1)) ** 2 + EPSILON
    return average(2 * covariance / below, draw.weight)


def cosine(metric: Any, draw: Draw) -> float:
    """scikit-learn's of each vector; documented: lengths below 1e-7 count as 1e-7."""
    short = [np.maximum(np.linalg.norm(v, axis=-1), 1e-300) / EPSILON for v in (draw.prediction, draw.target)]
    exact = np.diag(sklearn.pairwise.cosine_similarity(draw.prediction, draw.target))
    return average(exact * np.minimum(short[0], 1) * np.minimum(short[1], 1), draw.weight)


def clipped(values: Numbers) -> Numbers:
    return np.clip(values, EPSILON, 1 - EPSILON)


def binary_cross_entropy(metric: Any, draw: Draw) -> float:
    p = draw.prediction
    losses = -draw.target * np.log(clipped(p)) - (1 - draw.target) * np.log(clipped(1 - p))
    return average(losses, draw.weight)


def cross_entropy(metric: Any, draw: Draw) -> float:
    return average(-(one_hot(draw) * np.log(clipped(draw.prediction))).sum(-1), draw.weight)


def divergence(metric: Any, draw: Draw) -> float:
    return average(special.rel_entr(draw.target, np.clip(draw.prediction, EPSILON, 1)).sum(-1), draw.weight)


def categorical_hinge(metric: Any, draw: Draw) -> float:
    truth = one_hot(draw)
    right, wrong = (truth * draw.prediction).sum(-1), ((1 - truth) * draw.prediction).max(-1)
    return average(np.maximum(wrong - right + 1, 0), draw.weight)


def hinge(power: int) -> Oracle:
    def formula(p: Numbers, t: Numbers) -> Numbers:
        return np.asarray(np.maximum(1 - np.where(t == 0, -1, t) * p, 0) ** power)

    return error(formula, "yes", scale=lambda p, t: np.ones_like(p))


def sensible(score: Any) -> Callable[..., float]:
    """A score of scikit-learn with 0 for 0 / 0."""

    def value(metric: Any, true: Numbers, guessed: Numbers, weight: Numbers) -> float:
        options: Any = {"sample_weight": weight, "zero_division": 0}
        if hasattr(metric, "beta"):
            options["beta"] = metric.beta
        return float(score(true, guessed, **options))

    return value


def logarithmic(p: Numbers, t: Numbers) -> Numbers:
    return np.asarray((np.log1p(np.maximum(p, EPSILON)) - np.log1p(np.maximum(t, EPSILON))) ** 2)


def log_cosh(p: Numbers, t: Numbers) -> Numbers:
    size = np.abs(p - t)
    return np.asarray(np.where(size < 1e-3, size**2 / 2 - size**4 / 12, size + np.log1p(np.exp(-2 * size)) - np.log(2)))


def kappa(metric: Any, draw: Draw) -> float:
    """scikit-learn's, of all answers together."""
    yes, truth = answers(metric, draw)
    if draw.link == "sigmoid":
        (guessed, weight), (true, _) = pooled(yes, draw.weight), pooled(truth, draw.weight)
    else:
        guessed, true, weight = yes.argmax(-1), truth.argmax(-1), draw.weight
    options: Any = {"weights": None if metric.weights == "none" else metric.weights, "sample_weight": weight}
    labels = range(2 if draw.link == "sigmoid" else yes.shape[1])
    with warnings.catch_warnings():
        # Of one class.
        warnings.simplefilter("ignore")
        return float(sklearn.cohen_kappa_score(true, guessed, labels=list(labels), **options))


def calibration(metric: Any, draw: Draw) -> float:
    """Section 3 of Guo, Pleiss, Sun and Weinberger 2017, with weights; `test_metrics.py` has scikit-learn's curve."""
    if draw.link == "sigmoid":
        (chances, weight), (right, _) = pooled(draw.prediction, draw.weight), pooled(draw.target > 0.5, draw.weight)
    else:
        chances, weight = draw.prediction.max(-1), draw.weight
        right = draw.prediction.argmax(-1) == one_hot(draw).argmax(-1)
    gaps = []
    for lower, upper in pairwise([-1.0, *np.linspace(0, 1, metric.bins + 1)[1:]]):
        inside = (chances > lower) & (chances <= upper)
        gaps.append(abs((weight * right)[inside].sum() - (weight * chances)[inside].sum()))
    return float(sum(gaps) / weight.sum())


def pinball(metric: Any, draw: Draw) -> float:
    """scikit-learn's, of each column."""
    (share,) = metric.quantiles
    options: Any = {"alpha": share, "sample_weight": draw.weight}
    return float(sklearn.mean_pinball_loss(draw.target, draw.prediction, **options))


def decibels(metric: Any, draw: Draw) -> float:
    """scikit-image's formula, of at most 200."""
    error = average((draw.prediction - draw.target) ** 2, draw.weight)
    return 200.0 if error == 0 else min(200.0, float(10 * np.log10(metric.max_value**2 / error)))


def sizes(metric: Any, draw: Draw) -> float:
    return average(np.abs(draw.prediction), draw.weight)


COUNTED: Any = ({}, {"threshold": 0.25}, {"class_id": 0})
AVERAGED: Any = (*COUNTED, {"average": "micro"}, {"average": "macro", "threshold": 0.75})
LEVELS: Any = ({}, {"class_id": 0})
BOTH: Any = ("yes", "classes")
ORACLES: dict[str, Oracle] = {
    "accuracy": Oracle(BOTH, accuracy, ({}, {"threshold": 0.25})),
    "auc": Oracle(
        BOTH, area, ({}, {"average": "micro"}, {"class_id": 0}, {"curve": "PR"}, {"curve": "PR", "average": "micro"})
    ),
    "binary_cross_entropy": Oracle(("yes",), binary_cross_entropy),
    "categorical_hinge": Oracle(("classes",), categorical_hinge),
    "cohen_kappa": Oracle(BOTH, kappa, tuple({"weights": weights} for weights in ("none", "linear", "quadratic"))),
    "concordance_correlation": Oracle(("numbers",), concordance),
    "cosine_similarity": Oracle(("numbers",), cosine),
    "cross_entropy": Oracle(("classes", "distributions"), cross_entropy),
    "expected_calibration_error": Oracle(BOTH, calibration, ({}, {"bins": 4}, {"bins": 10})),
    "f_beta": Oracle(BOTH, of_columns(sensible(sklearn.fbeta_score)), tuple({"beta": 0.5, **use} for use in AVERAGED)),
    "false_negatives": Oracle(BOTH, counted(1, 0), COUNTED),
    "false_positives": Oracle(BOTH, counted(0, 1), COUNTED),
    "hinge": hinge(1),
    "iou": Oracle(BOTH, overlaps, ({"target_class_ids": [1]}, {"target_class_ids": [0, 1]})),
    "kl_divergence": Oracle(("distributions",), divergence),
    "log_cosh": error(log_cosh),
    "mean": Oracle(("numbers",), lambda metric, draw: average(draw.prediction, draw.weight), scale=sizes),
    "mean_absolute_error": error(lambda p, t: np.abs(p - t)),
    "mean_absolute_percentage_error": error(lambda p, t: 100 * np.abs(p - t) / np.maximum(np.abs(t), EPSILON)),
    "mean_iou": Oracle(BOTH, overlaps, ({}, {"threshold": 0.25})),
    "mean_squared_error": error(lambda p, t: (p - t) ** 2),
    "mean_squared_logarithmic_error": error(logarithmic, "positives"),
    "peak_signal_to_noise_ratio": Oracle(
        ("numbers",),
        decibels,
        ({"max_value": 1.0}, {"max_value": 255.0}),
        scale=lambda metric, draw: 10.0,
    ),
    "pearson_correlation": Oracle(("numbers",), pearson),
    "poisson": error(
        lambda p, t: p - t * np.log(p + EPSILON), "positives", scale=lambda p, t: p + np.abs(t * np.log(p + EPSILON))
    ),
    "precision": Oracle(BOTH, of_columns(sensible(sklearn.precision_score)), AVERAGED),
    "precision_at_recall": Oracle(
        BOTH, level("recall", "precision"), tuple({"recall": 0.613, **use} for use in LEVELS)
    ),
    "quantile": Oracle(("numbers",), pinball, ({"quantiles": 0.9}, {}), scale=lambda metric, draw: 1e-30),
    "r2": Oracle(("numbers",), r2, ({}, {"class_aggregation": "variance_weighted_average"})),
    "recall": Oracle(BOTH, of_columns(sensible(sklearn.recall_score)), AVERAGED),
    "recall_at_precision": Oracle(
        BOTH, level("precision", "recall"), tuple({"precision": 0.613, **use} for use in LEVELS)
    ),
    "root_mean_squared_error": Oracle(
        ("numbers",),
        lambda metric, draw: average((draw.prediction - draw.target) ** 2, draw.weight) ** 0.5,
        scale=lambda metric, draw: 1e-30,
    ),
    "sensitivity_at_specificity": Oracle(
        BOTH, level("specificity", "sensitivity"), tuple({"specificity": 0.613, **use} for use in LEVELS)
    ),
    "specificity_at_sensitivity": Oracle(
        BOTH, level("sensitivity", "specificity"), tuple({"sensitivity": 0.613, **use} for use in LEVELS)
    ),
    "squared_hinge": hinge(2),
    "sum": Oracle(
        ("numbers",),
        lambda metric, draw: float((draw.prediction * draw.weight[:, None]).sum()),
        scale=lambda metric, draw: float((np.abs(draw.prediction) * draw.weight[:, None]).sum()),
    ),
    "symmetric_mean_absolute_percentage_error": error(
        lambda p, t: 200 * np.abs(p - t) / np.maximum(np.abs(p) + np.abs(t), EPSILON)
    ),
    "top_k_accuracy": Oracle(("classes",), top_k, ({"k": 1}, {"k": 2}, {"k": 3})),
    "true_negatives": Oracle(BOTH, counted(0, 0), COUNTED),
    "true_positives": Oracle(BOTH, counted(1, 1), COUNTED),
    "weighted_absolute_percentage_error": Oracle(
        ("numbers",),
        # Of whole tables a ratio of two of scikit-learn's mean absolute errors.
        lambda metric, draw: (
            100
            * sklearn.mean_absolute_error(draw.target, draw.prediction, sample_weight=draw.weight)
            / sklearn.mean_absolute_error(draw.target, 0 * draw.target, sample_weight=draw.weight)
        ),
        scale=lambda metric, draw: 1e-30,
    ),
}
