"""The layer that divides one branch by another."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.library.layers.merging.base import Merge
from modelc.compiler.library.layers.merging.shape_checks import need_two


class Divide(Merge):
    """Quotient of two inputs of exactly one shape: `y = a / b`; infinite or NaN where `b` is 0, which stops a training.

    Follows Keras 3 `ops.divide`, which always broadcasts: here shapes that differ are an error without `broadcast`.
    """

    keras: ClassVar[str] = "ops.divide"
    torch: ClassVar[str] = "div"
    spellings: ClassVar[tuple[str, ...]] = ("true_divide", "quotient")
    example: ClassVar[str] = "divide"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        return super().plan(inputs)

    def merge(self, one: Array, other: Array) -> Array:
        return one / other
