"""One minus an overlap that weighs what is predicted wrongly against what is missed (Salehi et al. 2017,
https://arxiv.org/abs/1706.05721)."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import NonNegative
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.losses.overlap import BinaryOverlap, ClassOverlap

WrongWeight = Annotated[NonNegative, Field(description="How much predicted places count that are not true.")]
MissedWeight = Annotated[NonNegative, Field(description="How much true places count that are not predicted.")]


class Tversky(ClassOverlap):
    """One minus an overlap with each class: `1 - s / (s + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t) + 1e-7)`.

    `s = sum(t * p)`, all sums over places; `p = softmax(output)` over the last axis, output `[..., classes]` with at
    least one axis of places. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot rows.
    The elements are one per row and class, and the loss is their mean. With both weights 0.5 it is `dice`; a larger
    `beta` finds more of small areas. `class_weight` is a factor of the loss of each class. Follows the paper, and
    Keras 3 `Tversky` with `axis` the places but for this: there `alpha` weighs what is missed, against its own description.
    """

    keras: ClassVar[str] = "losses.Tversky"
    spellings: ClassVar[tuple[str, ...]] = ("tversky_loss", "TverskyLoss")
    example: ClassVar[str] = "tversky: {alpha: 0.3, beta: 0.7}"

    alpha: WrongWeight = 0.5
    beta: MissedWeight = 0.5

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return tversky(both, predicted, true, self.alpha, self.beta)


class BinaryTversky(BinaryOverlap):
    """One minus an overlap of the areas of yes: `1 - s / (s + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t) + 1e-7)`.

    `s = sum(t * p)`, all sums over a row; `p = sigmoid(output)`. Output and target have equal shapes, target values lie
    in [0, 1]. The elements are one per row, and the loss is their mean. With both weights 0.5 it is `binary_dice`.
    """

    spellings: ClassVar[tuple[str, ...]] = ("binary_tversky_loss",)
    example: ClassVar[str] = "binary_tversky: {alpha: 0.3, beta: 0.7}"

    alpha: WrongWeight = 0.5
    beta: MissedWeight = 0.5

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return tversky(both, predicted, true, self.alpha, self.beta)


def tversky(both: Array, predicted: Array, true: Array, alpha: float, beta: float) -> Array:
    """The Tversky index of two areas."""
    return both / (both + alpha * (predicted - both) + beta * (true - both) + EPSILON)
