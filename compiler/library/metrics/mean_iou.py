"""Intersection over union of predicted and true areas."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Count, read_tuple
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, need
from modelc.compiler.library.metrics.answers import ThresholdedMetric
from modelc.compiler.library.metrics.counting import KINDS, Counts, count, pieces, read_counts


class OverlapMetric(ThresholdedMetric):
    """Abstract: counts the answers for each class; a yes-or-no output has the classes no and yes."""

    better = "higher"

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        counts = count(prediction, target, weight, link, self.threshold)
        if link == "sigmoid":
            # What is right of yes is right of no, and what yes has too many of no has too few.
            mirrored = dict(zip(KINDS, [counts[kind] for kind in reversed(KINDS)], strict=True))
            counts = {kind: jnp.stack([mirrored[kind].sum(), counts[kind].sum()]) for kind in KINDS}
        return pieces(counts)

    def result(self, sums: Mapping[str, float]) -> float:
        return self.mean(read_counts(sums))

    def mean(self, counts: Counts) -> float:
        """The mean over the classes that came up."""
        union = counts.true_positives + counts.false_positives + counts.false_negatives
        seen = union > 0
        return float((counts.true_positives[seen] / union[seen]).mean()) if seen.any() else float("nan")


class MeanIoU(OverlapMetric):
    """Intersection over union, `tp / (tp + fp + fn)` of the epoch, and of it the mean over the classes that came up.

    An output whose loss is `binary_cross_entropy` has two classes, no and yes, and answers yes where its probability is
    strictly greater than `threshold`, all its values together. Any other output `[..., classes]` answers with the class
    of its greatest value, and the target holds labels `[...]` or one-hot rows. A class that is neither answered nor
    true in the epoch is left out of the mean. Follows Keras 3 `MeanIoU`, `OneHotMeanIoU` and `BinaryIoU`.
    """

    keras = "metrics.MeanIoU"
    spellings = ("mean_jaccard", "one_hot_mean_iou", "miou")
    example = "mean_iou"


class IoU(OverlapMetric):
    """Intersection over union, `tp / (tp + fp + fn)` of the epoch, of the classes `target_class_ids`: the mean of those
    that came up.

    An output whose loss is `binary_cross_entropy` has two classes, no (0) and yes (1), and answers yes where its
    probability is strictly greater than `threshold`, all its values together. Any other output `[..., classes]` answers
    with the class of its greatest value, and the target holds labels `[...]` or one-hot rows. NaN where none of the
    classes is answered or true in the epoch. Follows Keras 3 `IoU`, `OneHotIoU` and `BinaryIoU`.
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
        need(
            max(self.target_class_ids) < width and len(set(self.target_class_ids)) == len(self.target_class_ids),
            f"`target_class_ids` are {list(self.target_class_ids)}, and there are {width} classes",
            help=f"name each class once, by a number from 0 to {width - 1}",
            argument="target_class_ids",
            code="E306",
        )
        return shape

    def mean(self, counts: Counts) -> float:
        chosen = list(self.target_class_ids)
        return super().mean(Counts(*(numbers[chosen] for numbers in counts.all())))
