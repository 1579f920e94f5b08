"""The best of one score where another is at least so good, over all thresholds of a probability."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Number
from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric
from modelc.compiler.library.metrics.answers import need_answers, need_class, need_probabilities, spread
from modelc.compiler.library.metrics.counted import ClassId
from modelc.compiler.library.metrics.counting import Counts, pieces, whole

Least = Annotated[Number, Field(ge=0, le=1)]


class ThresholdMetric(Metric):
    """Abstract: counts right and wrong answers at thresholds evenly from 0 to 1, above which a probability is a yes."""

    better: ClassVar[Literal["higher", "lower"]] = "higher"

    num_thresholds: Annotated[int, Field(ge=2, le=100_000, description="How many thresholds are tried.")] = 200
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
        yes, no = (whole(sums, name) for name in ("yes", "no"))
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

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the recall. Probabilities are held against
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is held against the rest. Follows Keras 3 `PrecisionAtRecall`.
    """

    primary: ClassVar[str | None] = "recall"
    keras: ClassVar[str] = "metrics.PrecisionAtRecall"
    example: ClassVar[str] = "precision_at_recall: 0.8"

    recall: Annotated[Least, Field(description="The recall that there has to be.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.precision, counts.recall, self.recall


class RecallAtPrecision(ThresholdMetric):
    """The best recall, `tp / (tp + fn)`, of all thresholds with a precision, `tp / (tp + fp)`, of at least `precision`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the precision. Probabilities are held against
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is held against the rest. Follows Keras 3 `RecallAtPrecision`.
    """

    primary: ClassVar[str | None] = "precision"
    keras: ClassVar[str] = "metrics.RecallAtPrecision"
    example: ClassVar[str] = "recall_at_precision: 0.8"

    precision: Annotated[Least, Field(description="The precision that there has to be.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.precision, self.precision


class SensitivityAtSpecificity(ThresholdMetric):
    """The best sensitivity, `tp / (tp + fn)`, of all thresholds with a specificity, `tn / (tn + fp)`, of at least
    `specificity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the specificity. Probabilities are held against
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is held against the rest. Follows Keras 3 `SensitivityAtSpecificity`.
    """

    primary: ClassVar[str | None] = "specificity"
    keras: ClassVar[str] = "metrics.SensitivityAtSpecificity"
    example: ClassVar[str] = "sensitivity_at_specificity: 0.8"

    specificity: Annotated[Least, Field(description="The specificity that there has to be.")]

    def scores(self, counts: Counts) -> tuple[NumpyArray, NumpyArray, float]:
        return counts.recall, counts.specificity, self.specificity


class SpecificityAtSensitivity(ThresholdMetric):
    """The best specificity, `tn / (tn + fp)`, of all thresholds with a sensitivity, `tp / (tp + fn)`, of at least
    `sensitivity`.

    A share of 0 / 0 is 0, and the metric is 0 where no threshold has the sensitivity. Probabilities are held against
    `num_thresholds` thresholds evenly from 0 to 1, strictly above being a yes, all values together or those of
    `class_id`; of class probabilities each class is held against the rest. Follows Keras 3 `SpecificityAtSensitivity`.
    """

    primary: ClassVar[str | None] = "sensitivity"
    keras: ClassVar[str] = "metrics.SpecificityAtSensitivity"
    example: ClassVar[str] = "specificity_at_sensitivity: 0.8"

    sensitivity: Annotated[Least, Field(description="The sensitivity that there has to be.")]

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
