"""What losses have in common that compare predicted with true areas, summed over the places of each row."""

from typing import ClassVar, Literal

from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    Masking,
    at_least_float32,
    need,
    need_equal_shapes,
    need_float_output,
)
from modelc.compiler.library.losses.class_loss import ClassLoss


class ClassOverlap(ClassLoss):
    """Abstract: the areas of each class, by softmax over the last axis; one element per row and class."""

    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"
    masking: ClassVar[Masking] = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        super().plan(output, target)
        need(
            output.rank >= 2,
            f"an overlap needs several places in a row, the output has shape {show_shape(output.shape)}",
            help="use `cross_entropy`: this loss is for outputs such as `[height, width, classes]`",
            code="E304",
        )
        need_unmasked(output)
        return output.shape[-1:]

    def compare(self, values: Array, target: Array) -> Array:
        probabilities = jax.nn.softmax(values)
        truth = one_hot(target, probabilities)
        return 1.0 - self.overlap(*areas(probabilities, truth, tuple(range(1, values.ndim - 1))))

    def weigh(self, losses: Array, weights: Array, target: Array) -> Array:
        return losses * weights

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        """How much of two areas is common to both, in [0, 1], from the sizes of the common one and of each."""
        raise NotImplementedError


class BinaryOverlap(Loss):
    """Abstract: the areas of yes, by sigmoid; one element per row."""

    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"
    masking: ClassVar[Masking] = "rows"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        need(
            any(size > 1 for size in output.shape),
            f"an overlap needs several values in a row, the output has shape {show_shape(output.shape)}",
            help="use `binary_cross_entropy`: this loss is for outputs such as `[height, width, 1]`",
            code="E304",
        )
        need_unmasked(output)
        if target is not None:
            need_equal_shapes(output, target)
        return ()

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        probabilities = jax.nn.sigmoid(at_least_float32(output))
        truth = target.astype(probabilities.dtype)
        return 1.0 - self.overlap(*areas(probabilities, truth, tuple(range(1, output.ndim))))

    def overlap(self, both: Array, predicted: Array, true: Array) -> Array:
        """How much of two areas is common to both, in [0, 1], from the sizes of the common one and of each."""
        raise NotImplementedError


def need_unmasked(output: TensorType) -> None:
    """Raise PlanError E304 for an output with a mask: the sums over a row would count the steps that it leaves out."""
    need(
        not output.mask,
        "an overlap is taken over whole rows, and the output has a mask",
        help="use a loss that is taken step by step, such as `focal_cross_entropy`",
        code="E304",
    )


def areas(probabilities: Array, truth: Array, places: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """The sizes of the common, the predicted and the true area, summed over the axes `places`."""
    return (
        jnp.sum(truth * probabilities, axis=places),
        jnp.sum(probabilities, axis=places),
        jnp.sum(truth, axis=places),
    )
