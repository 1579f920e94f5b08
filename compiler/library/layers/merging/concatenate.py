"""The layers that join branches along an existing axis or along a new one."""

from functools import reduce
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Axis, Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.base.type_checks import need_axis
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, PlanError, Result, Slot, TensorType, need
from modelc.compiler.library.layers.merging.shape_checks import need_one_dtype, need_one_shape, show_shapes


class Concatenate(Layer):
    """Inputs one after the other along `axis`; their other axes are equal, the output has the sum along `axis`.

    Follows Keras 3 `layers.Concatenate`. Masks: along the time axis they are concatenated too (an input without one
    counts as unmasked); along another axis a step counts if it counts in any input, and the output has a mask where all
    have one, or with `keep_mask` where any has.
    """

    keras = "layers.Concatenate"
    torch = "cat"
    slots = (Slot("inputs", many=True, least=2),)
    primary = "axis"
    spellings = ("concat", "hstack")
    masking = "use"
    keeps = "values"
    example = "concatenate: -1"

    axis: Annotated[Axis, Field(description="The axis along which to join, counted from the end.")] = -1

    keep_mask: Annotated[
        bool,
        Field(
            description="Whether inputs without a mask are ignored when masks are combined, unless along time, so that those of "
            "the others are kept."
        ),
    ] = False

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        first = inputs[0]
        message = f"expected inputs with the same number of axes, got {show_shapes(inputs)}"
        help = "add `flatten` to each branch, or `reshape` them to fit"
        need(len({x.rank for x in inputs}) == 1, message, help=help, slot="inputs", code="E302")
        need_axis(self.axis, first)
        need_one_dtype(inputs)
        joined = list(first.shape)
        joined[self.axis] = sum(x.shape[self.axis] for x in inputs)
        fitting = {tuple(size for place, size in enumerate(x.shape, -x.rank) if place != self.axis) for x in inputs}
        if len(fitting) > 1:
            message = f"expected inputs that differ along axis {self.axis} only, got {show_shapes(inputs)}"
            raise PlanError(message, help=self.advice(inputs), slot="inputs", code="E302")
        masks = [x.mask for x in inputs]
        kept = any(masks) if self.keep_mask or self.along_time(first.rank) else all(masks)
        return Plan.of(first.with_shape(*joined).with_mask(kept), drops_mask=any(masks) and not kept)

    def advice(self, inputs: tuple[TensorType, ...]) -> str:
        """What to do about inputs that do not fit along this axis."""
        first = inputs[0]
        for axis in range(-1, -first.rank - 1, -1):
            others = {tuple(size for place, size in enumerate(x.shape, -x.rank) if place != axis) for x in inputs}
            if len(others) == 1:
                return f"along axis {axis} they fit: `concatenate: {axis}`"
        return (
            padding_advice([x.shape for x in inputs]) or "make the other axes equal, for example with `padding: same`"
        )

    def along_time(self, rank: int) -> bool:
        """Whether the axis is the first of the example, over which masks run."""
        return self.axis == -rank

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array | Result:
        y = jnp.concatenate(inputs, axis=self.axis)
        masks: tuple[Any, ...] = call.masks.get("inputs") or (None,) * len(inputs)
        if self.along_time(y.ndim - 1):
            if all(mask is None for mask in masks):
                return y
            full = [jnp.ones(x.shape[:2], bool) if m is None else m for x, m in zip(inputs, masks, strict=True)]
            return Result.of(y, masks={"output": jnp.concatenate(full, axis=1)})
        if self.keep_mask:
            masks = tuple(mask for mask in masks if mask is not None)
        if not masks or any(mask is None for mask in masks):
            return y
        return Result.of(y, masks={"output": jnp.any(jnp.stack(masks), axis=0)})


def padding_advice(shapes: list[tuple[int, ...]]) -> str:
    """How the smaller of two images is padded to the size of the other. Empty for all else."""
    if len(shapes) != 2 or {len(shape) for shape in shapes} != {3}:
        return ""
    small, large = sorted(shapes, key=lambda shape: shape[:2])
    missing = [more - less for less, more in zip(small[:2], large[:2], strict=True)]
    if min(missing) < 0:
        return ""
    padding = ", ".join(f"[0, {size}]" for size in missing)
    return (
        "bring them to one size, by `padding: same` in the layers before, or by "
        f"`zero_padding2d: [{padding}]` after the one of shape {show_shape(small)}"
    )


class Stack(Layer):
    """Two or more inputs of one shape along a new axis, `axis` of the output: three `[4]` make `[4, 3]`, or `[3, 4]`.

    Any dtype. Unless the new axis comes before time, a step counts that counts in any input, and the output has a mask
    where all have one. Follows Keras 3 `ops.stack`, whose `axis` is 0 unless given.
    """

    keras = "ops.stack"
    torch = "stack"
    slots = (Slot("inputs", many=True, least=2),)
    primary = "axis"
    spellings = ("pack",)
    masking = "use"
    keeps = "values"
    example = "stack: -1"

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
