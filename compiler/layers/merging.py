"""What layers share that merge branches value by value: the inputs they take, and their masks."""

from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.checks import need_floats
from modelc.compiler.layer import Call, Layer, Plan, Result, Slot
from modelc.compiler.layers.joining import need_one_dtype, need_one_shape, stretched
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Merge(Layer):
    """Abstract: a function of two values, over two or more inputs of exactly one shape.

    Nothing is broadcast unless `broadcast` asks for it: then inputs with the same number of axes fit together where
    each axis has one size or 1, and those of size 1 are stretched. Axes are never added.

    A step of the output counts where any of the inputs counts it; the output has a mask where all have one, or with
    `keep_mask` where any has. An input that is stretched along time says nothing about steps.
    """

    slots: ClassVar[tuple[Slot, ...]] = (Slot("inputs", many=True, least=2),)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"

    broadcast: Annotated[
        bool, Field(description="Whether axes of size 1 are stretched to the size that they have in other inputs.")
    ] = False

    keep_mask: Annotated[
        bool, Field(description="Whether inputs without a mask say nothing about steps, so that those of others stay.")
    ] = False

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        shape = stretched(inputs) if self.broadcast else None
        if shape is None:
            need_one_shape(inputs, stretchable=not self.broadcast)
            shape = inputs[0].shape
        timed = [x.mask for x in inputs if x.shape[:1] == shape[:1]]
        masked = any(timed) if self.keep_mask else all(timed)
        return Plan.of(inputs[0].with_shape(*shape).with_mask(masked), drops_mask=any(timed) and not masked)

    def apply(self, call: Call, inputs: "tuple[Array, ...]") -> "Array | Result":
        y = self.merged(inputs)
        given: tuple[Any, ...] = call.masks.get("inputs") or (None,) * len(inputs)
        masks = [mask for mask, x in zip(given, inputs, strict=True) if x.shape[1:2] == y.shape[1:2]]
        if self.keep_mask:
            masks = [mask for mask in masks if mask is not None]
        if not masks or any(mask is None for mask in masks):
            return y
        return Result.of(y, masks={"output": reduce(lambda one, other: one | other, masks)})

    def merged(self, inputs: "tuple[Array, ...]") -> "Array":
        """All inputs as one."""
        return reduce(self.merge, inputs)

    def merge(self, one: "Array", other: "Array") -> "Array":
        """What two inputs, or all before and the next, give together."""
        raise NotImplementedError
