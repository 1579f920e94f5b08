"""One minus the overlap of predicted and true areas (Dice 1945, Sorensen 1948; Milletari et al. 2016 as a loss)."""

from typing import ClassVar

from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.losses.overlap import BinaryOverlap, ClassOverlap


class Dice(ClassOverlap):
    """One minus the overlap with each class: `1 - 2 * sum(t * p) / (sum(t) + sum(p) + 1e-7)`, summed over places.

    `p = softmax(output)` over the last axis, output `[..., classes]` with at least one axis of places. A target of
    shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot rows. The elements are one per row and
    class, and the loss is their mean. A class that a row lacks has a loss near 1 there.
    `class_weight` is a factor of the loss of each class. Follows Keras 3 `Dice` with
    `axis` the places; Keras's default mixes the rows of a batch, and with softmax all classes.
    """

    keras: ClassVar[str] = "losses.Dice"
    spellings: ClassVar[tuple[str, ...]] = ("dice_loss", "soft_dice", "DiceLoss", "categorical_dice")
    example: ClassVar[str] = "dice"

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return dice(both, predicted, true)


class BinaryDice(BinaryOverlap):
    """One minus the overlap of the areas of yes: `1 - 2 * sum(t * p) / (sum(t) + sum(p) + 1e-7)`, summed over a row.

    `p = sigmoid(output)`. Output and target have equal shapes, target values lie in [0, 1]. The elements are one per
    row, and the loss is their mean. A row without any yes has a loss near 1. Follows Keras 3 `Dice` with `axis` all but
    the batch; Keras's default mixes the rows of a batch.
    """

    spellings: ClassVar[tuple[str, ...]] = ("binary_dice_loss", "sigmoid_dice")
    example: ClassVar[str] = "binary_dice"

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return dice(both, predicted, true)


def dice(both: Array, predicted: Array, true: Array) -> Array:
    """The Dice coefficient of two areas."""
    return 2.0 * both / (true + predicted + EPSILON)
