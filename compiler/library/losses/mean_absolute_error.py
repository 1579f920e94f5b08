"""The absolute error."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class MeanAbsoluteError(ElementwiseLoss):
    """`|output - target|`, value by value; shapes must be equal.

    The loss is the mean over all values. Follows Keras 3 `MeanAbsoluteError`.
    """

    keras: ClassVar[str] = "losses.MeanAbsoluteError"
    torch: ClassVar[str] = "nn.L1Loss"
    spellings: ClassVar[tuple[str, ...]] = ("mae", "l1", "absolute_error")
    example: ClassVar[str] = "mean_absolute_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.abs(values - truth)
