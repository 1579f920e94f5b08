"""The squared error."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class MeanSquaredError(ElementwiseLoss):
    """`(output - target) ** 2`, value by value; shapes must be equal.

    The loss is the mean over all values. Follows Keras 3 `MeanSquaredError`.
    """

    keras: ClassVar[str] = "losses.MeanSquaredError"
    torch: ClassVar[str] = "nn.MSELoss"
    spellings: ClassVar[tuple[str, ...]] = ("mse", "l2", "l2_loss", "squared_error")
    example: ClassVar[str] = "mean_squared_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return jnp.square(values - truth)
