"""The counts of right and wrong answers themselves."""

from typing import ClassVar, Literal

from modelc.compiler.library.metrics.counted import CountedMetric
from modelc.compiler.library.metrics.counting import Counts


class TruePositives(CountedMetric):
    """How many answers for a class are right.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `TruePositives`, which takes a threshold in both cases.
    """

    keras: ClassVar[str] = "metrics.TruePositives"
    spellings: ClassVar[tuple[str, ...]] = ("tp",)
    example: ClassVar[str] = "true_positives"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    def score(self, counts: Counts) -> float:
        return float(counts.true_positives.sum())


class FalsePositives(CountedMetric):
    """How many answers for a class are wrong.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `FalsePositives`, which takes a threshold in both cases.
    """

    keras: ClassVar[str] = "metrics.FalsePositives"
    spellings: ClassVar[tuple[str, ...]] = ("fp",)
    example: ClassVar[str] = "false_positives"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def score(self, counts: Counts) -> float:
        return float(counts.false_positives.sum())


class FalseNegatives(CountedMetric):
    """How many answers against a class are wrong.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `FalseNegatives`, which takes a threshold in both cases.
    """

    keras: ClassVar[str] = "metrics.FalseNegatives"
    spellings: ClassVar[tuple[str, ...]] = ("fn",)
    example: ClassVar[str] = "false_negatives"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def score(self, counts: Counts) -> float:
        return float(counts.false_negatives.sum())


class TrueNegatives(CountedMetric):
    """How many answers against a class are right.

    Yes-or-no outputs (loss `binary_cross_entropy`) answer yes where the probability is strictly greater than
    `threshold`; others answer for the class of the greatest value and against the rest. Summed over rows and classes of
    the epoch, divided by nothing. Follows Keras 3 `TrueNegatives`, which takes a threshold in both cases.
    """

    keras: ClassVar[str] = "metrics.TrueNegatives"
    spellings: ClassVar[tuple[str, ...]] = ("tn",)
    example: ClassVar[str] = "true_negatives"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    def score(self, counts: Counts) -> float:
        return float(counts.true_negatives.sum())
