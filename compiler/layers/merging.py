"""What layers share that merge branches value by value: the inputs they take, and their masks."""

from functools import reduce
from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.checks import need_floats
from modelc.compiler.layer import Call, Layer, Plan, Slot
from modelc.compiler.layers.joining import need_one_dtype, need_one_shape
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Merge(Layer):
    """Abstract: a function of two values, over two or more inputs of exactly one shape; nothing is broadcast.

    A step of the output counts where any of the inputs counts it; the output has a mask where all have one.
    """

    slots: ClassVar[tuple[Slot, ...]] = (Slot("inputs", many=True, least=2),)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        need_one_shape(inputs)
        return Plan.of(inputs[0])

    def apply(self, call: Call, inputs: "tuple[Array, ...]") -> "Array":
        return reduce(self.merge, inputs)

    def merge(self, one: "Array", other: "Array") -> "Array":
        """What two inputs, or all before and the next, give together."""
        raise NotImplementedError
