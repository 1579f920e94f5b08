"""The hinge losses: of yes-or-no scores, and of scores of classes."""

from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses.class_loss import ClassLoss
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class Hinge(ElementwiseLoss):
    """`max(1 - target * output, 0)`, value by value; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. The loss is the mean over all values. Follows Keras 3 `Hinge`, which decides
    from a whole batch whether its 0 stands for -1.
    """

    keras: ClassVar[str] = "losses.Hinge"
    spellings: ClassVar[tuple[str, ...]] = ("HingeLoss", "svm")
    example: ClassVar[str] = "hinge"

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (-1.0, 1.0)

    def compare(self, values: Array, truth: Array) -> Array:
        return comparisons.hinge(values, truth)


class SquaredHinge(ElementwiseLoss):
    """`max(1 - target * output, 0) ** 2`, value by value; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. The loss is the mean over all values. Follows Keras 3 `SquaredHinge`.
    """

    keras: ClassVar[str] = "losses.SquaredHinge"
    example: ClassVar[str] = "squared_hinge"

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (-1.0, 1.0)

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.square(comparisons.hinge(values, truth))


class CategoricalHinge(ClassLoss):
    """`max(wrong - right + 1, 0)`: `right` is the score of the true class, `wrong` the greatest of the others, at least
    0.

    Output `[..., classes]`. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot rows.
    The elements have shape `[...]`, and the loss is their mean. Follows Keras 3 `CategoricalHinge`.
    """

    keras: ClassVar[str] = "losses.CategoricalHinge"
    spellings: ClassVar[tuple[str, ...]] = ("multiclass_hinge",)
    akin: ClassVar[tuple[str, ...]] = ("MultiMarginLoss",)
    example: ClassVar[str] = "categorical_hinge"

    def compare(self, values: Array, target: Array) -> Array:
        return comparisons.categorical_hinge(values, comparisons.one_hot(target, values))
