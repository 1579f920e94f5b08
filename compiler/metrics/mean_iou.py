"""The overlap of predicted and true areas."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.metric import Link, Metric
from modelc.compiler.metrics.answers import need_answers
from modelc.compiler.metrics.counting import KINDS, count, pieces, read_counts
from modelc.compiler.numbers import Number
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class MeanIoU(Metric):
    """Intersection over union, `tp / (tp + fp + fn)` of the epoch, and of it the mean over the classes that came up.

    An output whose loss is `binary_cross_entropy` has two classes, no and yes, and answers yes where its probability is
    strictly greater than `threshold`, all its values together. Any other output `[..., classes]` answers with the class
    of its greatest value, and the target holds labels `[...]` or one-hot rows. A class that is neither answered nor
    true in the epoch is left out of the mean. Follows Keras 3 `MeanIoU`, `OneHotMeanIoU` and `BinaryIoU`.
    """

    keras: ClassVar[str] = "metrics.MeanIoU"
    spellings: ClassVar[tuple[str, ...]] = ("iou", "jaccard", "jaccard_score", "one_hot_mean_iou", "binary_iou", "miou")
    example: ClassVar[str] = "mean_iou"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    threshold: Annotated[
        Number, Field(gt=0, lt=1, description="Probability above which a yes-or-no output answers yes.")
    ] = 0.5

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        return need_answers(output, target, link, threshold="threshold" in self.model_fields_set)

    def sums(self, prediction: "Array", target: "Array", weight: "Array", link: Link) -> Mapping[str, "Array"]:
        import jax.numpy as jnp

        counts = count(prediction, target, weight, link, self.threshold)
        if link == "sigmoid":
            # What is right of yes is right of no, and what yes has too many of no has too few.
            mirrored = dict(zip(KINDS, [counts[kind] for kind in reversed(KINDS)], strict=True))
            counts = {kind: jnp.stack([mirrored[kind].sum(), counts[kind].sum()]) for kind in KINDS}
        return pieces(counts)

    def result(self, sums: Mapping[str, float]) -> float:
        counts = read_counts(sums)
        union = counts.true_positives + counts.false_positives + counts.false_negatives
        seen = union > 0
        return float((counts.true_positives[seen] / union[seen]).mean()) if seen.any() else float("nan")
