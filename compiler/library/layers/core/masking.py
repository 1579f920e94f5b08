"""The layers that set the mask of a sequence: by the value of padding, or from a mask input."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_floats, steps_help
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, TensorType, need, show_shape


class Masking(Layer):
    """Masks the steps whose features are all `mask_value`; their values become 0.

    Input and output `[time, features]`. A step that was masked before stays so. Follows Keras 3 `layers.Masking`, which
    forgets an earlier mask.
    """

    keras = "layers.Masking"
    primary = "mask_value"
    spellings = ("mask",)
    masking = "use"
    keeps = "values"
    exact = True
    example = "masking: 0.0"

    mask_value: Annotated[Number, Field(description="The value of padding steps.")] = 0.0

    def plan(self, x: TensorType) -> Plan:
        need(
            x.rank == 2,
            f"expected a sequence [time, features], got {show_shape(x.shape)}",
            help=f"for {x.shape[0]} numbers, `reshape: [{x.shape[0]}, 1]`; for ids, `mask_zero` of `embedding`"
            if x.rank == 1
            else steps_help(x),
        )
        need_floats(x)
        return Plan.of(x.with_mask(True))

    def apply(self, call: Call, x: Array) -> Result:
        real = jnp.any(x != self.mask_value, axis=-1)
        if call.masks.get("x") is not None:
            real = real & call.masks["x"]
        return Result.of(jnp.where(real[..., None], x, 0), masks={"output": real})


class AttachMask(Layer):
    """Masks the steps of `x` for which `mask` is false; all values stay as they are.

    Inputs `x` of any dtype and of two axes or more, `[time, ...]`, and `mask` `[time]` of bool: an input of the model,
    or what a `cast: bool` makes of other values. Of ids `[time]`, mask what `embedding` makes of them. Output as `x`. A
    step that was masked before stays so. It is what the argument `mask` of Keras 3's layers says, for all layers behind
    it that use masks.
    """

    spellings = ("set_mask", "with_mask", "apply_mask")
    slots = (Slot("x"), Slot("mask"))
    masking = "use"
    keeps = "values"
    example = "attach_mask"

    def plan(self, x: TensorType, mask: TensorType) -> Plan:
        help = (
            f"for {x.shape[0]} steps of one number, `reshape: [{x.shape[0]}, 1]`"
            if x.rank == 1
            else "`reshape` to two axes"
        )
        need(x.rank >= 2, f"expected steps of values [time, ...], got {show_shape(x.shape)}", help=help, slot="x")
        help = "add `cast: bool` before it: values other than 0 become true"
        need(mask.dtype == "bool", f"a mask must be boolean, got {mask.dtype}", help=help, slot="mask", code="E303")
        need(
            mask.shape == x.shape[:1],
            f"expected a mask {show_shape(x.shape[:1])} for the steps of {show_shape(x.shape)}, got {show_shape(mask.shape)}",
            help="a mask has one value for each step",
            slot="mask",
            code="E302",
        )
        return Plan.of(x.with_mask(True))

    def apply(self, call: Call, x: Array, mask: Array) -> Result:
        before = call.masks.get("x")
        return Result.of(x, masks={"output": mask if before is None else mask & before})
