"""A value of the model as its own loss."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss, at_least_float32, need_float_output


class Minimize(Loss):
    """The values of a node themselves: training makes their mean small. There is no target."""

    spellings: ClassVar[tuple[str, ...]] = ("identity_loss", "mean_loss", "add_loss")
    example: ClassVar[str] = "minimize"
    takes_target: ClassVar[bool] = False

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        return output.shape

    def elements(self, output: Array, target: Array | None) -> Array:
        return at_least_float32(output)
