"""The squared error."""

from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.loss import Loss, at_least_float32, need_equal, need_float
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class MeanSquaredError(Loss):
    """`(output - target) ** 2`, value by value; shapes must be equal. Follows Keras 3 `MeanSquaredError`."""

    spellings: ClassVar[tuple[str, ...]] = ("mse", "MSELoss", "l2", "l2_loss", "squared_error")
    example: ClassVar[str] = "mean_squared_error"

    def plan(self, output: TensorType, target: TensorType | None) -> None:
        need_float(output)
        if target is not None:
            need_equal(output, target)

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax.numpy as jnp

        assert target is not None, "mean_squared_error takes a target"
        values = at_least_float32(output)
        return jnp.square(values - target.astype(values.dtype))
