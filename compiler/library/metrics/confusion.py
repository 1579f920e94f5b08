"""Metrics of the confusion matrix: precision, recall, their combinations, and the counts."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import ThresholdedMetric, need_class
from modelc.compiler.library.metrics.counting import Counts, count, pieces, ratio, read_counts

Average = Annotated[
    Literal["macro", "micro"],
    Field(
        description="The mean of the scores of the classes (macro), or one score of all predictions together (micro)."
    ),
]
ClassId = Annotated[int | None, Field(ge=0, description="The only class, or value, to score; null scores all.")]


class CountedMetric(ThresholdedMetric):
    """Abstract: counts, for each class, answers that are right (true) and wrong (false), for it (positive) and
    against."""

    class_id: ClassId = None

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        shape = super().plan(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        return shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return pieces(count(prediction, target, weight, link, self.threshold))

    def result(self, sums: Mapping[str, float]) -> float:
        counts = read_counts(sums)
        return float("nan") if counts.empty else self.score(counts.of(self.class_id))

    def score(self, counts: Counts) -> float:
        """The metric from the counts of the classes that it is about."""
        raise NotImplementedError


class Precision(CountedMetric):
    """The share of right ones among the answers for a class: `tp / (tp + fp)`, 0 where there are none.

    An output whose loss is `binary_cross_entropy` answers yes, value by value, where its probability is strictly
    greater than `threshold`; any other answers with the class of its greatest value. Counts are those of the whole
    epoch. `macro` is the mean over all classes of the output, `micro` divides the sums over classes. Follows
    scikit-learn `precision_score`; Keras 3 `Precision` is `micro`, and takes a threshold where this takes the greatest
    value.
    """

    keras = "metrics.Precision"
    spellings = ("precision_score", "positive_predictive_value", "ppv")
    example = "precision: {average: micro}"
    better = "higher"

    average: Average = "macro"

    def score(self, counts: Counts) -> float:
        of = counts.pooled() if self.average == "micro" else counts
        return float(of.precision.mean())


class Recall(CountedMetric):
    """The share of a class that is found: `tp / (tp + fn)`, 0 where there is none of it.

    An output whose loss is `binary_cross_entropy` answers yes, value by value, where its probability is strictly
    greater than `threshold`; any other answers with the class of its greatest value. Counts are those of the whole
    epoch. `macro` is the mean over all classes of the output, `micro` divides the sums over classes. Follows
    scikit-learn `recall_score`; Keras 3 `Recall` is `micro`, and takes a threshold where this takes the greatest value.
    """

    keras = "metrics.Recall"
    spellings = ("recall_score", "sensitivity", "true_positive_rate", "tpr")
    example = "recall: {class_id: 1}"
    better = "higher"

    average: Average = "macro"

    def score(self, counts: Counts) -> float:
        of = counts.pooled() if self.average == "micro" else counts
        return float(of.recall.mean())


class FBeta(CountedMetric):
    """Precision and recall in one: `(1 + b**2) * tp / ((1 + b**2) * tp + b**2 * fn + fp)`, `b` is `beta`; 0 for 0 / 0.

    `beta` 1 is the F1 score, their harmonic mean; more weighs recall higher. An output whose loss is
    `binary_cross_entropy` answers yes, value by value, where its probability is strictly greater than `threshold`; any
    other answers with the class of its greatest value. Counts are those of the whole epoch. `macro` is the mean over
    all classes of the output, `micro` divides the sums over classes. Follows Keras 3 `FBetaScore` and scikit-learn
    `fbeta_score`.
    """

    keras = "metrics.FBetaScore"
    primary = "beta"
    spellings = ("f1", "f1_score", "f_score")
    related = ("f2",)
    example = "f_beta: 1.0"
    better = "higher"

    beta: Annotated[Positive, Field(description="Weight of recall relative to precision.")] = 1.0
    average: Average = "macro"

    def score(self, counts: Counts) -> float:
        of = counts.pooled() if self.average == "micro" else counts
        right = (1.0 + self.beta**2) * of.true_positives
        return float(ratio(right, right + self.beta**2 * of.false_negatives + of.false_positives).mean())


class TruePositives(CountedMetric):
    """How many answers for a class are right.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `TruePositives`, which takes a threshold in both cases.
    """

    keras = "metrics.TruePositives"
    spellings = ("tp",)
    example = "true_positives"
    better = "higher"

    def score(self, counts: Counts) -> float:
        return float(counts.true_positives.sum())


class FalsePositives(CountedMetric):
    """How many answers for a class are wrong.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `FalsePositives`, which takes a threshold in both cases.
    """

    keras = "metrics.FalsePositives"
    spellings = ("fp",)
    example = "false_positives"
    better = "lower"

    def score(self, counts: Counts) -> float:
        return float(counts.false_positives.sum())


class FalseNegatives(CountedMetric):
    """How many answers against a class are wrong.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `FalseNegatives`, which takes a threshold in both cases.
    """

    keras = "metrics.FalseNegatives"
    spellings = ("fn",)
    example = "false_negatives"
    better = "lower"

    def score(self, counts: Counts) -> float:
        return float(counts.false_negatives.sum())


class TrueNegatives(CountedMetric):
    """How many answers against a class are right.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `TrueNegatives`, which takes a threshold in both cases.
    """

    keras = "metrics.TrueNegatives"
    spellings = ("tn",)
    example = "true_negatives"
    better = "higher"

    def score(self, counts: Counts) -> float:
        return float(counts.true_negatives.sum())
