"""The layer that adds branches, as residual connections need."""

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.checks import need_floats
from modelc.compiler.layer import Call, Layer, Plan, Slot
from modelc.compiler.layers.joining import need_one_dtype, need_one_shape
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Add(Layer):
    """Sum of two or more inputs of exactly one shape: `y = a + b + ...`.

    Follows Keras 3 `layers.Add`, without its broadcasting: shapes that differ are an error.
    """

    slots: ClassVar[tuple[Slot, ...]] = (Slot("inputs", many=True, least=2),)
    spellings: ClassVar[tuple[str, ...]] = ("sum", "plus")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "add"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        need_one_shape(inputs)
        return Plan.of(inputs[0])

    def apply(self, call: Call, inputs: "tuple[Array, ...]") -> "Array":
        return reduce(add, inputs)
