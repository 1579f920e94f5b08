"""The absolute error."""

from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.loss import Loss, at_least_float32, need_equal, need_float
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class MeanAbsoluteError(Loss):
    """`|output - target|`, value by value; shapes must be equal. Follows Keras 3 `MeanAbsoluteError`."""

    spellings: ClassVar[tuple[str, ...]] = ("mae", "L1Loss", "l1", "absolute_error")
    example: ClassVar[str] = "mean_absolute_error"

    def plan(self, output: TensorType, target: TensorType | None) -> None:
        need_float(output)
        if target is not None:
            need_equal(output, target)

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax.numpy as jnp

        assert target is not None, "mean_absolute_error takes a target"
        values = at_least_float32(output)
        return jnp.abs(values - target.astype(values.dtype))
