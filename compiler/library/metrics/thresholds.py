"""Metrics over all thresholds of a probability: areas under curves, and one score at a given level of another."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric
from modelc.compiler.library.metrics.answers import need_answers, need_class, need_probabilities, spread
from modelc.compiler.library.metrics.confusion import Average, ClassId
from modelc.compiler.library.metrics.counting import Counts, exact_total, pieces, ratio

Least = Annotated[Number, Field(ge=0, le=1)]


class ThresholdMetric(Metric):
    """Abstract: counts right and wrong answers at thresholds evenly from 0 to 1, above which a probability is a yes."""

    better = "higher"

    num_thresholds: Annotated[int, Field(ge=2, le=100_000, description="Number of thresholds to try.")] = 200
    class_id: ClassId = None

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        yes, no = histograms(prediction, target, weight, self.num_thresholds, least=0)
        return pieces({"yes": yes, "no": no})

    def result(self, sums: Mapping[str, Any]) -> float:
        yes, no = (exact_total(sums, name) for name in ("yes", "no"))
        if self.class_id is not None:
            yes, no = yes[:, self.class_id], no[:, self.class_id]
        else:
            yes, no = yes.sum(axis=1), no.sum(axis=1)
        if not yes.sum() + no.sum():
            return float("nan")
        # What stands in the bucket of a threshold is not above it.
        true, false = above(yes) - yes, above(no) - no
        score, other, least = self.scores(Counts(true, false, yes.sum() - true, no.sum() - false))
        good = other >= least
        return float(score[good].max()) if good.any() else 0.0

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        """The score at each threshold, the other one, and how much of that there has to be, from the counts at each."""
        raise NotImplementedError


class PrecisionAtRecall(ThresholdMetric):
    """The best precision, `tp / (tp + fp)`, of all thresholds with a recall, `tp / (tp + fn)`, of at least `recall`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the recall. Probabilities are compared with
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is compared with the rest. Follows Keras 3 `PrecisionAtRecall`.
    """

    primary = "recall"
    keras = "metrics.PrecisionAtRecall"
    example = "precision_at_recall: 0.8"

    recall: Annotated[Least, Field(description="The required recall.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.precision, counts.recall, self.recall


class RecallAtPrecision(ThresholdMetric):
    """The best recall, `tp / (tp + fn)`, of all thresholds with a precision, `tp / (tp + fp)`, of at least `precision`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the precision. Probabilities are compared with
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is compared with the rest. Follows Keras 3 `RecallAtPrecision`.
    """

    primary = "precision"
    keras = "metrics.RecallAtPrecision"
    example = "recall_at_precision: 0.8"

    precision: Annotated[Least, Field(description="The required precision.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.precision, self.precision


class SensitivityAtSpecificity(ThresholdMetric):
    """The best sensitivity, `tp / (tp + fn)`, of all thresholds with a specificity, `tn / (tn + fp)`, of at least
    `specificity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the specificity. Probabilities are compared with
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is compared with the rest. Follows Keras 3 `SensitivityAtSpecificity`.
    """

    primary = "specificity"
    keras = "metrics.SensitivityAtSpecificity"
    example = "sensitivity_at_specificity: 0.8"

    specificity: Annotated[Least, Field(description="The required specificity.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.specificity, self.specificity


class SpecificityAtSensitivity(ThresholdMetric):
    """The best specificity, `tn / (tn + fp)`, of all thresholds with a sensitivity, `tp / (tp + fn)`, of at least
    `sensitivity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the sensitivity. Probabilities are compared with
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is compared with the rest. Follows Keras 3 `SpecificityAtSensitivity`.
    """

    primary = "sensitivity"
    keras = "metrics.SpecificityAtSensitivity"
    example = "specificity_at_sensitivity: 0.8"

    sensitivity: Annotated[Least, Field(description="The required sensitivity.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.specificity, counts.recall, self.sensitivity


def histograms(prediction: Array, target: Array, weight: Array, thresholds: int, *, least: int) -> tuple[Array, Array]:
    """How many probabilities of yes and of no lie between thresholds, `[thresholds, values]` each.

    Thresholds are evenly from 0 to 1. The bucket of a probability is the number of them below it, less `least`: with 1
    it is the last one that it is strictly above, and 0 counts as above the first.
    """
    if prediction.ndim == 1:
        prediction, target = prediction[:, None], target[:, None]
    values = prediction.astype(jnp.float32)
    weights = spread(weight, values)
    below = jnp.ceil(jnp.clip(values, 0.0, 1.0) * (thresholds - 1)) - least
    buckets = jnp.where(weights > 0, jnp.maximum(below, 0), 0).astype(jnp.int32)
    width = values.shape[-1]
    places = (buckets * width + jnp.arange(width)).ravel()
    yes = one_hot(target, values) > 0.5

    def histogram(kept: Array) -> Array:
        chosen = jnp.where(kept, weights, 0.0).ravel()
        return jax.ops.segment_sum(chosen, places, thresholds * width).reshape(-1, width)

    return histogram(yes), histogram(~yes)


def above(histogram: NumpyArray) -> NumpyArray:
    """How many values are in each bucket or a later one."""
    found: NumpyArray = histogram[::-1].cumsum(axis=0)[::-1]
    return found


class AUC(Metric):
    """The area under the ROC curve (true over false positive rate) or the PR curve (precision over recall).

    The curve has `num_thresholds` points: thresholds evenly from 0 to 1, a probability strictly above one being a yes;
    so the area is exact for probabilities rounded to that grid only. Between the points the ROC curve is straight, and
    the PR curve follows Davis and Goadrich 2006 (https://doi.org/10.1145/1143844.1143874), as in Keras 3 `AUC`.

    Output `[..., classes]` of probabilities; of class probabilities each class is compared with the rest, the target
    being labels `[...]` or one-hot rows. `macro` is the mean of the areas of all classes that have a curve (rows of
    both kinds; for PR, yes rows), NaN if there are none; `micro` is one curve of all values together, which is Keras's
    default.
    """

    keras = "metrics.AUC"
    primary = "curve"
    spellings = ("roc_auc", "roc_auc_score", "auroc")
    related = ("pr_auc", "average_precision")
    example = "auc: {curve: PR}"
    better = "higher"

    curve: Annotated[Literal["ROC", "PR"], Field(description="The curve.")] = "ROC"
    num_thresholds: Annotated[int, Field(ge=2, le=100_000, description="Number of points of the curve.")] = 200
    class_id: ClassId = None
    average: Average = "macro"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        shape = need_answers(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        yes, no = histograms(prediction, target, weight, self.num_thresholds, least=1)
        return pieces({"yes": yes, "no": no})

    def result(self, sums: Mapping[str, Any]) -> float:
        yes, no = exact_total(sums, "yes"), exact_total(sums, "no")
        if self.class_id is not None:
            yes, no = yes[:, [self.class_id]], no[:, [self.class_id]]
        elif self.average == "micro":
            yes, no = yes.sum(axis=1, keepdims=True), no.sum(axis=1, keepdims=True)
        has_curve = yes.sum(axis=0) > 0
        if self.curve == "ROC":
            has_curve &= no.sum(axis=0) > 0
        if not has_curve.any():
            return float("nan")
        true, false = above(yes[:, has_curve]), above(no[:, has_curve])
        areas = area_under_roc(true, false) if self.curve == "ROC" else area_under_pr(true, false)
        return float(areas.mean())


def area_under_roc(true: NumpyArray, false: NumpyArray) -> NumpyArray:
    """By the trapezoidal rule, from counts `[thresholds, classes]` of positives above each threshold."""
    recall, fall_out = true / true[0], false / false[0]
    found: NumpyArray = ((fall_out[:-1] - fall_out[1:]) * (recall[:-1] + recall[1:]) / 2).sum(axis=0)
    return found


def area_under_pr(true: NumpyArray, false: NumpyArray) -> NumpyArray:
    """By interpolation of the counts between thresholds: `slope * (dtp + intercept * log(p_before / p_after)) /
    positives`."""
    answered = true + false
    found_there, answered_there = true[:-1] - true[1:], answered[:-1] - answered[1:]
    slope = ratio(found_there, answered_there)
    intercept = true[1:] - slope * answered[1:]
    both = (answered[:-1] > 0) & (answered[1:] > 0)
    relative = np.where(both, ratio(answered[:-1], answered[1:]), 1.0)
    areas: NumpyArray = (slope * (found_there + intercept * np.log(relative)) / true[0]).sum(axis=0)
    return areas
