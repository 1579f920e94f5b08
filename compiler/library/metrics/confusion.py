"""Metrics of the confusion matrix: precision, recall, their combinations, intersection over union, and the counts."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from modelc.compiler.library.base.fields import Count, Field, Positive, read_tuple
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, need
from modelc.compiler.library.metrics.answers import PerClass, ThresholdedMetric, need_class, need_several, width_of
from modelc.compiler.library.metrics.counting import (
    KINDS,
    Counts,
    count,
    pieces,
    ratio,
    read_counts,
    say_only,
    yes_and_no,
)

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
    per_class: PerClass = False

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        shape = super().plan(output, target, link)
        need_class(self.class_id, output, average="average" in self.model_fields_set)
        if self.per_class:
            need_several(output, self.class_id)
        return shape

    def classes(self, output: TensorType, link: Link) -> int:
        return width_of(output) if self.per_class else 0

    def each(self, sums: Mapping[str, float]) -> NumpyArray:
        counts = read_counts(sums)
        width = len(counts.true_positives)
        return np.asarray([float("nan") if counts.empty else self.score(counts.of(index)) for index in range(width)])

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return pieces(count(prediction, target, weight, link, self.threshold))

    def result(self, sums: Mapping[str, float]) -> float:
        counts = read_counts(sums)
        return float("nan") if counts.empty else self.score(counts.of(self.class_id))

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        yes, no = yes_and_no(target, counts, output, one_answer=link != "sigmoid")
        zero, positives, negatives = np.zeros(len(yes)), yes.astype(np.float64), no.astype(np.float64)
        # No answers are better than all right ones, or worse than all wrong ones.
        best, worst = Counts(positives, zero, zero, negatives), Counts(zero, negatives, positives, zero)
        values = {self.score(answers.of(self.class_id)) for answers in (best, worst)}
        return say_only(values.pop(), yes, no, self.class_id) if len(values) == 1 else ""

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
    values_of_words: ClassVar[Mapping[str, Any]] = dict.fromkeys(("f2", "f2_score"), 2)
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


class OverlapMetric(ThresholdedMetric):
    """Abstract: counts the answers for each class; a yes-or-no output has the classes no and yes."""

    better = "higher"

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        counts = count(prediction, target, weight, link, self.threshold)
        if link == "sigmoid":
            # What is right of yes is right of no, and what yes has too many of no has too few.
            mirrored = dict(zip(KINDS, [counts[kind] for kind in reversed(KINDS)], strict=True))
            counts = {kind: jnp.stack([mirrored[kind].sum(-1), counts[kind].sum(-1)], axis=-1) for kind in KINDS}
        return pieces(counts)

    def result(self, sums: Mapping[str, float]) -> float:
        return self.mean(read_counts(sums))

    def mean(self, counts: Counts) -> float:
        """The mean over the classes that came up."""
        each = overlaps(counts)
        seen = each[~np.isnan(each)]
        return float(seen.mean()) if len(seen) else float("nan")


def overlaps(counts: Counts) -> NumpyArray:
    """Intersection over union of each class; NaN for one that did not come up."""
    union = counts.true_positives + counts.false_positives + counts.false_negatives
    return np.where(union > 0, counts.true_positives / np.where(union > 0, union, 1.0), np.nan)


class MeanIoU(OverlapMetric):
    """Intersection over union, `tp / (tp + fp + fn)` of the epoch, and the mean over the classes that occur.

    An output whose loss is `binary_cross_entropy` has two classes, no and yes. Each of its values is an answer, yes
    where the probability is strictly greater than `threshold`, and all of them are counted together. Any other output
    `[..., classes]` answers with the class of its greatest value, and the target holds labels `[...]` or one-hot rows.
    A class that occurs neither in the answers nor in the targets of the epoch is left out of the mean, where
    scikit-learn `jaccard_score` counts it as 0. Follows Keras 3 `MeanIoU`, `OneHotMeanIoU` and `BinaryIoU`.
    """

    keras = "metrics.MeanIoU"
    spellings = ("mean_jaccard", "one_hot_mean_iou", "miou")
    example = "mean_iou"

    per_class: PerClass = False

    def classes(self, output: TensorType, link: Link) -> int:
        return (2 if link == "sigmoid" else width_of(output)) if self.per_class else 0

    def each(self, sums: Mapping[str, float]) -> NumpyArray:
        return overlaps(read_counts(sums))


class IoU(OverlapMetric):
    """Intersection over union, `tp / (tp + fp + fn)` of the epoch, averaged over the classes `target_class_ids` that
    occur in answers or targets.

    An output whose loss is `binary_cross_entropy` has two classes, no (0) and yes (1). Each of its values is an answer,
    yes where the probability is strictly greater than `threshold`, and all of them are counted together. Any other
    output `[..., classes]` answers with the class of its greatest value, and the target holds labels `[...]` or one-hot
    rows. A class that occurs neither in the answers nor in the targets of the epoch is left out of the mean, where
    scikit-learn `jaccard_score` counts it as 0. If that is so of all `target_class_ids`, the metric is NaN. Follows
    Keras 3 `IoU`, `OneHotIoU` and `BinaryIoU`.
    """

    primary = "target_class_ids"
    keras = "metrics.IoU"
    spellings = ("jaccard", "jaccard_score", "one_hot_iou", "binary_iou")
    example = "iou: [1]"

    target_class_ids: Annotated[
        tuple[Count, ...],
        BeforeValidator(read_tuple),
        Field(min_length=1, description="The indices of the classes whose overlaps are averaged."),
    ]

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        shape = super().plan(output, target, link)
        width = 2 if link == "sigmoid" else output.shape[-1]
        ids = self.target_class_ids
        twice = next((number for place, number in enumerate(ids) if number in ids[:place]), None)
        need(
            max(ids) < width,
            f"`target_class_ids` has the class {max(ids)}, and there are {width} classes",
            help=f"classes are numbered from 0 to {width - 1}",
            argument="target_class_ids",
            code="E306",
        )
        need(
            twice is None,
            f"`target_class_ids` has the class {twice} more than once",
            help="name each class once",
            argument="target_class_ids",
            code="E306",
        )
        return shape

    def mean(self, counts: Counts) -> float:
        chosen = list(self.target_class_ids)
        return super().mean(Counts(*(numbers[chosen] for numbers in counts.all())))
