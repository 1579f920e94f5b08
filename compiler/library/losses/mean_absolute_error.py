"""The absolute error."""

from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.library.losses.elementwise import ElementwiseLoss

if TYPE_CHECKING:
    from jax import Array


class MeanAbsoluteError(ElementwiseLoss):
    """`|output - target|`, value by value; shapes must be equal.

    The loss is the mean over all values. Follows Keras 3 `MeanAbsoluteError`.
    """

    keras: ClassVar[str] = "losses.MeanAbsoluteError"
    torch: ClassVar[str] = "nn.L1Loss"
    spellings: ClassVar[tuple[str, ...]] = ("mae", "l1", "absolute_error")
    example: ClassVar[str] = "mean_absolute_error"

    def compare(self, values: "Array", truth: "Array") -> "Array":
        import jax.numpy as jnp

        return jnp.abs(values - truth)
