"""The layers that add and remove axes of size 1."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axes, Axis, Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_axis, need_distinct_axes
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType, need, show_shape


class ExpandDims(Layer):
    """A new axis of size 1 that is `axis` of the output: `expand_dims: -1` makes `[28, 28, 1]` of `[28, 28]`.

    Any dtype. A mask is passed on unless the new axis comes before time. Follows Keras 3 `ops.expand_dims`; in PyTorch
    `unsqueeze`.
    """

    keras = "ops.expand_dims"
    torch = "unsqueeze"
    primary = "axis"
    spellings = ("new_axis",)
    masking = "use"
    keeps = "values"
    example = "expand_dims: -1"

    axis: Annotated[Axis, Field(description="The new axis, counted from the end of the output.")]

    def plan(self, x: TensorType) -> Plan:
        message = f"`axis` is {self.axis}, but {show_shape(x.shape)} with a new axis has {x.rank + 1} axes"
        help = f"use -1 for a new last axis, -{x.rank + 1} for a new first axis"
        need(-self.axis <= x.rank + 1, message, help=help, argument="axis")
        need_axis(self.axis, x.with_shape(*x.shape, 1))
        shape = list(x.shape)
        shape.insert(x.rank + 1 + self.axis, 1)
        kept = x.mask and self.axis >= -x.rank
        return Plan.of(x.with_shape(*shape).with_mask(kept), drops_mask=x.mask and not kept)

    def apply(self, call: Call, x: Array) -> Array | Result:
        y = jnp.expand_dims(x, self.axis)
        mask = call.masks.get("x")
        return y if mask is None or self.axis < 1 - x.ndim else Result.of(y, masks={"output": mask})


class Squeeze(Layer):
    """The input without `axis`, which has the size 1: `squeeze: -1` makes `[28, 28]` of `[28, 28, 1]`.

    Any dtype. A mask is passed on, where time and an axis beside it are left; else it is dropped with a warning. Follows
    Keras 3 `ops.squeeze`, where axes may be left out.
    """

    keras = "ops.squeeze"
    torch = "squeeze"
    primary = "axis"
    masking = "use"
    keeps = "values"
    example = "squeeze: -1"

    axis: Annotated[Axes, Field(description="The axis to remove, counted from the end, or a list of axes.")]

    def plan(self, x: TensorType) -> Plan:
        need_distinct_axes(self.axis, x)
        for axis in self.axis:
            need(
                x.shape[axis] == 1,
                f"axis {axis} of {show_shape(x.shape)} has the size {x.shape[axis]}, but only an axis of size 1 can be removed",
                help="`select` takes one entry of an axis, `mean` or `max` reduce an axis, `flatten` joins axes",
                argument="axis",
            )
        shape = [size for axis, size in enumerate(x.shape, -x.rank) if axis not in self.axis]
        kept = x.mask and -x.rank not in self.axis and len(shape) > 1
        return Plan.of(x.with_shape(*shape).with_mask(kept), drops_mask=x.mask and not kept)

    def apply(self, call: Call, x: Array) -> Array | Result:
        y = jnp.squeeze(x, self.axis)
        mask = call.masks.get("x")
        kept = mask is not None and 1 - x.ndim not in self.axis and y.ndim > 2
        return Result.of(y, masks={"output": mask}) if kept else y
