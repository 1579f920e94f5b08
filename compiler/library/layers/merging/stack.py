"""The layer that lays branches along a new axis."""

from functools import reduce
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Axis
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan, Result, Slot
from modelc.compiler.library.layers.merging.shape_checks import need_one_dtype, need_one_shape


class Stack(Layer):
    """Two or more inputs of one shape along a new axis, `axis` of the output: three `[4]` make `[4, 3]`, or `[3, 4]`.

    Any dtype. Unless the new axis comes before time, a step counts that counts in any input, and the output has a mask
    where all have one. Follows Keras 3 `ops.stack`, whose `axis` is 0 unless given.
    """

    keras: ClassVar[str] = "ops.stack"
    torch: ClassVar[str] = "stack"
    slots: ClassVar[tuple[Slot, ...]] = (Slot("inputs", many=True, least=2),)
    primary: ClassVar[str | None] = "axis"
    spellings: ClassVar[tuple[str, ...]] = ("pack",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "stack: -1"

    axis: Annotated[Axis, Field(description="The new axis, counted from the end of the output.")] = -1

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_one_dtype(inputs)
        need_one_shape(inputs)
        first = inputs[0]
        need_axis(self.axis, first.with_shape(1, *first.shape))
        shape = list(first.shape)
        shape.insert(first.rank + 1 + self.axis, len(inputs))
        kept = all(x.mask for x in inputs) and self.axis >= -first.rank
        return Plan.of(first.with_shape(*shape).with_mask(kept), drops_mask=any(x.mask for x in inputs) and not kept)

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array | Result:
        y = jnp.stack(inputs, self.axis)
        masks: tuple[Any, ...] = call.masks.get("inputs") or (None,)
        if any(mask is None for mask in masks) or self.axis < 2 - y.ndim:
            return y
        return Result.of(y, masks={"output": reduce(lambda one, other: one | other, masks)})
