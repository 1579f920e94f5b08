"""The hinge losses, of binary scores and of class scores."""

from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.losses.class_loss import ClassLoss
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class Hinge(ElementwiseLoss):
    """`max(1 - target * output, 0)`, value by value; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. The loss is the mean over all values. Follows Keras 3 `Hinge`, which decides
    from a whole batch whether its 0 stands for -1.
    """

    keras = "losses.Hinge"
    spellings = ("HingeLoss", "svm")
    example = "hinge"
    limits = (-1.0, 1.0)

    def compare(self, values: Array, truth: Array) -> Array:
        return hinge(values, truth)


class SquaredHinge(ElementwiseLoss):
    """`max(1 - target * output, 0) ** 2`, value by value; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. The loss is the mean over all values. Follows Keras 3 `SquaredHinge`.
    """

    keras = "losses.SquaredHinge"
    example = "squared_hinge"
    limits = (-1.0, 1.0)

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.square(hinge(values, truth))


class CategoricalHinge(ClassLoss):
    """`max(wrong - right + 1, 0)`: `right` is the score of the true class, `wrong` the greatest of the others, at least
    0.

    Output `[..., classes]`. A target of shape `[...]` holds integer labels, one of shape `[..., classes]` one-hot rows.
    The elements have shape `[...]`, and the loss is their mean. Follows Keras 3 `CategoricalHinge`.
    """

    keras = "losses.CategoricalHinge"
    spellings = ("multiclass_hinge",)
    related = ("MultiMarginLoss",)
    example = "categorical_hinge"

    def compare(self, values: Array, target: Array) -> Array:
        truth = one_hot(target, values)
        right = jnp.sum(truth * values, axis=-1)
        wrong = jnp.max((1.0 - truth) * values, axis=-1)
        return jnp.maximum(wrong - right + 1.0, 0.0)


def hinge(values: Array, truth: Array) -> Array:
    """`max(1 - truth * values, 0)`, where a truth of 0 stands for -1."""
    return jnp.maximum(1.0 - jnp.where(truth == 0, -1.0, truth) * values, 0.0)
