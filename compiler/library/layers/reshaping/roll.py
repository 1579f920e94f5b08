"""The layer that shifts entries along axes, those at the end to the beginning."""

from typing import Annotated

from pydantic import BeforeValidator

from modelc.compiler.library.base.fields import Axes, Field, read_axes
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import (
    Call,
    Layer,
    Plan,
    Result,
    TensorType,
    need,
    need_distinct_axes,
)

Distance = Annotated[int, Field(gt=-(2**31), lt=2**31)]


class Roll(Layer):
    """All entries moved along `axis` by `shift` places; those that leave at one end come in at the other.

    Any shape and dtype: `{shift: 1, axis: -2}` makes the last step of `[time, features]` the first, `{shift: [-2, -2],
    axis: [-3, -2]}` moves an image up and left by two, as shifted windows need it. One shift is for all axes. A mask along
    time is rolled with its steps, and passed on where only other axes are. Follows Keras 3 `ops.roll`.
    """

    keras = "ops.roll"
    torch = "roll"
    spellings = ("cyclic_shift", "circular_shift")
    masking = "use"
    keeps = "values"
    example = "roll: {shift: 1, axis: -2}"

    shift: Annotated[
        tuple[Distance, ...],
        BeforeValidator(read_axes),
        Field(
            min_length=1, description="Number of places, for all axes or for each; a negative one moves to the start."
        ),
    ]
    axis: Annotated[Axes, Field(description="The axis to roll, counted from the end, or a list of axes.")]

    def plan(self, x: TensorType) -> Plan:
        need_distinct_axes(self.axis, x)
        message = f"`shift` has {len(self.shift)} numbers for {len(self.axis)} axes"
        help = "give one for all axes, or one for each"
        need(len(self.shift) in (1, len(self.axis)), message, help=help, argument="shift")
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array | Result:
        shifts = self.shift * len(self.axis) if len(self.shift) == 1 else self.shift
        y = jnp.roll(x, shifts, self.axis)
        mask = call.masks.get("x")
        if mask is None:
            return y
        over_time = sum(shift for shift, axis in zip(shifts, self.axis, strict=True) if axis == 1 - x.ndim)
        return Result.of(y, masks={"output": jnp.roll(mask, over_time, 1)})
