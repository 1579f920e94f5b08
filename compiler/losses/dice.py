"""One minus the overlap of predicted and true areas (Dice 1945, Sorensen 1948; Milletari et al. 2016 as a loss)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.comparisons import EPSILON, one_hot
from modelc.compiler.loss import Loss, Masking, at_least_float32, need, need_equal, need_float
from modelc.compiler.losses.class_loss import ClassLoss
from modelc.compiler.tensor import TensorType, show_shape

if TYPE_CHECKING:
    from jax import Array


class Dice(ClassLoss):
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
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"
    masking: ClassVar[Masking] = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        super().plan(output, target)
        need(
            output.rank >= 2,
            f"an overlap needs several places in a row, the output has shape {show_shape(output.shape)}",
            help="use `cross_entropy`: `dice` is for outputs such as `[height, width, classes]`",
            code="E304",
        )
        need_unmasked(output)
        return output.shape[-1:]

    def compare(self, values: "Array", target: "Array") -> "Array":
        import jax

        probabilities = jax.nn.softmax(values)
        return loss_of_overlap(probabilities, one_hot(target, probabilities), tuple(range(1, values.ndim - 1)))

    def weigh(self, losses: "Array", weights: "Array", target: "Array") -> "Array":
        return losses * weights


class BinaryDice(Loss):
    """One minus the overlap of the areas of yes: `1 - 2 * sum(t * p) / (sum(t) + sum(p) + 1e-7)`, summed over a row.

    `p = sigmoid(output)`. Output and target have equal shapes, target values lie in [0, 1]. The elements are one per
    row, and the loss is their mean. A row without any yes has a loss near 1. Follows Keras 3 `Dice` with `axis` all but
    the batch; Keras's default mixes the rows of a batch.
    """

    spellings: ClassVar[tuple[str, ...]] = ("binary_dice_loss", "sigmoid_dice")
    example: ClassVar[str] = "binary_dice"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"
    masking: ClassVar[Masking] = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float(output)
        need(
            any(size > 1 for size in output.shape),
            f"an overlap needs several values in a row, the output has shape {show_shape(output.shape)}",
            help="use `binary_cross_entropy`: `binary_dice` is for outputs such as `[height, width, 1]`",
            code="E304",
        )
        need_unmasked(output)
        if target is not None:
            need_equal(output, target)
        return ()

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax

        assert target is not None, "binary_dice takes a target"
        probabilities = jax.nn.sigmoid(at_least_float32(output))
        return loss_of_overlap(probabilities, target.astype(probabilities.dtype), tuple(range(1, output.ndim)))


def need_unmasked(output: TensorType) -> None:
    """Raise PlanError E304 for an output with a mask: the sums over a row would count the steps that it leaves out."""
    need(
        not output.mask,
        "an overlap is taken over whole rows, and the output has a mask",
        help="use a loss that is taken step by step, such as `focal_cross_entropy`",
        code="E304",
    )


def loss_of_overlap(probabilities: "Array", truth: "Array", places: tuple[int, ...]) -> "Array":
    """One minus the Dice coefficient, summed over the axes `places`."""
    import jax.numpy as jnp

    both = jnp.sum(truth * probabilities, axis=places)
    return 1.0 - 2.0 * both / (jnp.sum(truth, axis=places) + jnp.sum(probabilities, axis=places) + EPSILON)
