"""The layer that takes the difference of two branches."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.library.layers.merging.base import Merge
from modelc.compiler.library.layers.merging.shape_checks import need_two


class Subtract(Merge):
    """Difference of two inputs of exactly one shape: `y = a - b`.

    Follows Keras 3 `layers.Subtract`, which always broadcasts: here shapes that differ are
    an error without `broadcast`.
    """

    keras: ClassVar[str] = "layers.Subtract"
    torch: ClassVar[str] = "sub"
    spellings: ClassVar[tuple[str, ...]] = ("minus", "difference")
    example: ClassVar[str] = "subtract"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        return super().plan(inputs)

    def merge(self, one: Array, other: Array) -> Array:
        return one - other
