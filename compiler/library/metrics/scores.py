"""Precision, recall, and what combines them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.metrics.counted import Average, CountedMetric
from modelc.compiler.library.metrics.counting import Counts, ratio


class Precision(CountedMetric):
    """The share of right ones among the answers for a class: `tp / (tp + fp)`, 0 where there are none.

    An output whose loss is `binary_cross_entropy` answers yes, value by value, where its probability is strictly
    greater than `threshold`; any other answers with the class of its greatest value. Counts are those of the whole
    epoch. `macro` is the mean over all classes of the output, `micro` divides the sums over classes. Follows
    scikit-learn `precision_score`; Keras 3 `Precision` is `micro`, and takes a threshold where this takes the greatest
    value.
    """

    keras: ClassVar[str] = "metrics.Precision"
    spellings: ClassVar[tuple[str, ...]] = ("precision_score", "positive_predictive_value", "ppv")
    example: ClassVar[str] = "precision: {average: micro}"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

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

    keras: ClassVar[str] = "metrics.Recall"
    spellings: ClassVar[tuple[str, ...]] = ("recall_score", "sensitivity", "true_positive_rate", "tpr")
    example: ClassVar[str] = "recall: {class_id: 1}"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

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

    keras: ClassVar[str] = "metrics.FBetaScore"
    primary: ClassVar[str | None] = "beta"
    spellings: ClassVar[tuple[str, ...]] = ("f1", "f1_score", "f_score")
    akin: ClassVar[tuple[str, ...]] = ("f2",)
    example: ClassVar[str] = "f_beta: 1.0"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    beta: Annotated[Positive, Field(description="How much recall weighs against precision.")] = 1.0
    average: Average = "macro"

    def score(self, counts: Counts) -> float:
        of = counts.pooled() if self.average == "micro" else counts
        right = (1.0 + self.beta**2) * of.true_positives
        return float(ratio(right, right + self.beta**2 * of.false_negatives + of.false_positives).mean())
