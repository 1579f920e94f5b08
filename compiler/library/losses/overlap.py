"""Overlap losses (Dice, Tversky): one minus the overlap of predicted and true areas of each row."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, NonNegative
from modelc.compiler.library.base.formulas import EPSILON, one_hot
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need,
    need_equal_shapes,
    need_float_output,
    of_the_shape,
)
from modelc.compiler.library.losses.class_loss import ClassLoss


class Overlap(Loss):
    """Abstract: one minus how much areas overlap."""

    masking = "rows"

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        """How much of two areas is common to both, in [0, 1], from the sizes of the common one and of each."""
        raise NotImplementedError


class ClassOverlap(ClassLoss, Overlap):
    """Abstract: the areas of each class, by softmax over the last axis; one element per row and class."""

    activation = "softmax"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        super().plan(output, target)
        message = f"an overlap needs several positions per row, the output has shape {show_shape(output.shape)}"
        help = "use `cross_entropy`: this loss is for outputs such as `[height, width, classes]`"
        need(output.rank >= 2, message, help=help, code="E304")
        need_unmasked(output)
        return output.shape[-1:]

    def compare(self, values: Array, target: Array) -> Array:
        probabilities = jax.nn.softmax(values)
        truth = one_hot(target, probabilities)
        return 1.0 - self.overlap(*areas(probabilities, truth, tuple(range(1, values.ndim - 1))))

    def element_weights(self, output: Array, target: Array | None) -> Array | None:
        if not self.class_weight:
            return None
        weights = self.class_weights(output.shape[-1], at_least_float32(output))
        return jnp.broadcast_to(weights, (len(output), len(weights)))

    def weighs(self, target: NumpyArray, output: TensorType) -> bool:
        # Every row has an element for each class, whether it has that class or not, and some class has a weight.
        return True


class BinaryOverlap(Overlap):
    """Abstract: the areas of yes, by sigmoid; one element per row."""

    activation = "sigmoid"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        message = f"an overlap needs several values per row, the output has shape {show_shape(output.shape)}"
        help = "use `binary_cross_entropy`: this loss is for outputs such as `[height, width, 1]`"
        need(any(size > 1 for size in output.shape), message, help=help, code="E304")
        need_unmasked(output)
        if target is not None:
            need_equal_shapes(output, target)
        return ()

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return of_the_shape(output)

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        probabilities = jax.nn.sigmoid(at_least_float32(output))
        truth = target.astype(probabilities.dtype)
        return 1.0 - self.overlap(*areas(probabilities, truth, tuple(range(1, output.ndim))))


def need_unmasked(output: TensorType) -> None:
    """Raise PlanError E304 for an output with a mask: the sums over a row would count the steps that it leaves out."""
    help = "use an elementwise loss, such as `focal_cross_entropy`"
    need(not output.mask, "an overlap is computed over whole rows, but the output has a mask", help=help, code="E304")


def areas(probabilities: Array, truth: Array, places: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """The sizes of the common, the predicted and the true area, summed over the axes `places`."""
    return (
        jnp.sum(truth * probabilities, axis=places),
        jnp.sum(probabilities, axis=places),
        jnp.sum(truth, axis=places),
    )


class DiceOverlap(Overlap):
    """Abstract: the Dice coefficient of two areas."""

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return 2.0 * both / (true + predicted + EPSILON)


class TverskyOverlap(Overlap):
    """Abstract: the Tversky index of two areas."""

    alpha: Annotated[NonNegative, Field(description="Weight of false positives.")] = 0.5
    beta: Annotated[NonNegative, Field(description="Weight of false negatives.")] = 0.5

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        return both / (both + self.alpha * (predicted - both) + self.beta * (true - both) + EPSILON)


class Dice(DiceOverlap, ClassOverlap):
    """One minus the overlap with each class: `1 - 2 * sum(t * p) / (sum(t) + sum(p) + 1e-7)`, summed over places.

    `p = softmax(output)` over the last axis, output `[..., classes]` with at least one axis of places. A target of
    shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot rows. The elements are one per row and
    class, and the loss is their mean. A class that a row lacks has a loss near 1 there.
    `class_weight` is a factor of the loss of each class. Follows Keras 3 `Dice` with
    `axis` the places; Keras's default mixes the rows of a batch, and with softmax all classes.
    """

    keras = "losses.Dice"
    spellings = ("dice_loss", "soft_dice", "DiceLoss", "categorical_dice")
    example = "dice"


class BinaryDice(DiceOverlap, BinaryOverlap):
    """One minus the overlap of the areas of yes: `1 - 2 * sum(t * p) / (sum(t) + sum(p) + 1e-7)`, summed over a row.

    `p = sigmoid(output)`. Output and target have equal shapes, target values lie in [0, 1]. The elements are one per
    row, and the loss is their mean. A row without any yes has a loss near 1. Follows Keras 3 `Dice` with `axis` all but
    the batch; Keras's default mixes the rows of a batch.
    """

    spellings = ("binary_dice_loss", "sigmoid_dice")
    example = "binary_dice"


class Tversky(TverskyOverlap, ClassOverlap):
    """One minus an overlap with each class: `1 - s / (s + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t) + 1e-7)`.

    `s = sum(t * p)`, all sums over places; `p = softmax(output)` over the last axis, output `[..., classes]` with at
    least one axis of places. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot
    rows. The elements are one per row and class, and the loss is their mean. With both weights 0.5 it is `dice`; a
    larger `beta` finds more of small areas. `class_weight` is a factor of the loss of each class. Follows the paper,
    and Keras 3 `Tversky` with `axis` the places but for this: there `alpha` weighs what is missed, against its own
    description.
    """

    keras = "losses.Tversky"
    spellings = ("tversky_loss", "TverskyLoss")
    example = "tversky: {alpha: 0.3, beta: 0.7}"


class BinaryTversky(TverskyOverlap, BinaryOverlap):
    """One minus an overlap of the areas of yes: `1 - s / (s + alpha * sum(p * (1 - t)) + beta * sum((1 - p) * t) +
    1e-7)`.

    `s = sum(t * p)`, all sums over a row; `p = sigmoid(output)`. Output and target have equal shapes, target values lie
    in [0, 1]. The elements are one per row, and the loss is their mean. With both weights 0.5 it is `binary_dice`.
    """

    spellings = ("binary_tversky_loss",)
    example = "binary_tversky: {alpha: 0.3, beta: 0.7}"
