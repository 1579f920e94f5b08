"""The layers that slice their input along one axis: a range, one index, or a split into all parts."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Axis, read_tuple
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType, need, need_axis, show_shape

Place = Annotated[int, Field(gt=-(2**31), lt=2**31)]


class Slice(Layer):
    """The places `start:stop:step` along `axis`, as Python and NumPy count them: negative ones from the end.

    Any dtype. `{axis: -2, start: -3}` gives the last three steps of `[time, features]`, `{axis: -2, step: -1}` reverses
    them. A bound beyond the axis is an error, where Python takes what there is. A mask along time is cut likewise.
    Follows NumPy's basic indexing; Keras 3 `ops.slice` takes starts and sizes instead.
    """

    keras = "ops.slice"
    torch = "narrow"
    spellings = ("strided_slice", "flip", "reverse", "getitem")
    masking = "use"
    keeps = "values"
    example = "slice: {axis: -2, start: 0, stop: 1}"

    axis: Annotated[Axis, Field(description="The axis to slice, counted from the end.")]
    start: Annotated[
        Place | None, Field(description="First index; null for the first, or the last if `step` is negative.")
    ] = None
    stop: Annotated[Place | None, Field(description="Index after the last; null for all to the end.")] = None
    step: Annotated[Place, Field(description="Distance between indices; a negative one goes backwards.")] = 1

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        size = x.shape[self.axis]
        need(self.step != 0, "`step` is 0", help="1 takes every entry, -1 goes backwards", argument="step")
        for name, place in (("start", self.start), ("stop", self.stop)):
            message = f"`{name}` is {place}, but axis {self.axis} of {show_shape(x.shape)} has the size {size}"
            help = f"indices go from 0 to {size}, or from -{size} if they count from the end"
            need(place is None or -size <= place <= size, message, help=help, argument=name)
        taken = len(range(size)[self.places])
        need(
            taken > 0,
            f"nothing of axis {self.axis} of {show_shape(x.shape)} lies from {self.start} to {self.stop} in steps of {self.step}",
            help="`start` must be before `stop`, or after it if `step` is negative",
        )
        sizes = list(x.shape)
        sizes[self.axis] = taken
        return Plan.of(x.with_shape(*sizes))

    @property
    def places(self) -> slice:
        return slice(self.start, self.stop, self.step)

    def apply(self, call: Call, x: Array) -> Array | Result:
        y = x[(..., self.places, *(slice(None),) * (-1 - self.axis))]
        mask = call.masks.get("x")
        if mask is None:
            return y
        return Result.of(y, masks={"output": mask[:, self.places] if self.axis == 1 - x.ndim else mask})


class Select(Layer):
    """One place along `axis`, without that axis: `{axis: -2, index: -1}` is the last step of `[time, features]`.

    Any dtype. Along another axis than time the mask is passed on, where an axis beside time is left; else it is dropped
    with a warning: the last step may be padding, which `lstm` and `global_avg_pool1d` would leave out. Follows NumPy's
    `x[..., index, :]`; in PyTorch `torch.select`.
    """

    torch = "select"
    spellings = ("last_step",)
    masking = "use"
    keeps = "values"
    example = "select: {axis: -2, index: -1}"

    axis: Annotated[Axis, Field(description="The axis that is removed, counted from the end.")]
    index: Annotated[Place, Field(description="The index to take, from 0; negative ones count from the end.")]

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        size = x.shape[self.axis]
        message = f"`index` is {self.index}, but axis {self.axis} of {show_shape(x.shape)} has the size {size}"
        help = f"indices go from 0 to {size - 1}, or from -{size} to -1 if they count from the end"
        need(-size <= self.index < size, message, help=help, argument="index")
        sizes = [size for axis, size in enumerate(x.shape, -x.rank) if axis != self.axis]
        kept = x.mask and self.axis != -x.rank and len(sizes) > 1
        return Plan.of(x.with_shape(*sizes).with_mask(kept), drops_mask=x.mask and not kept)

    def apply(self, call: Call, x: Array) -> Array | Result:
        y = x[(..., self.index, *(slice(None),) * (-1 - self.axis))]
        mask = call.masks.get("x")
        kept = mask is not None and self.axis != 1 - x.ndim and y.ndim > 2
        return Result.of(y, masks={"output": mask}) if kept else y


class Split(Layer):
    """The input cut along `axis` into the ports `part_0`, `part_1` and so on; any dtype.

    A number cuts into so many equal parts, a list gives the places where parts begin: `[2, 5]` of `[7]` makes `[2]`,
    `[3]` and `[2]`. A mask is cut along time and passed on along other axes. Follows Keras 3 `ops.split`;
    `torch.split` takes sizes instead.
    """

    keras = "ops.split"
    torch = "split"
    primary = "indices_or_sections"
    spellings = ("chunk", "unbind", "unstack", "tensor_split")
    masking = "use"
    keeps = "values"
    example = "split: 2"

    indices_or_sections: Annotated[
        Annotated[int, Field(ge=1, lt=2**31)] | tuple[Annotated[int, Field(ge=1, lt=2**31)], ...],
        BeforeValidator(read_tuple),
        Field(description="Number of equal parts, or a list of the indices where the second and later parts begin."),
    ]
    axis: Annotated[Axis, Field(description="The axis to slice, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_axis(self.axis, x)
        size, given = x.shape[self.axis], self.indices_or_sections
        if isinstance(given, int):
            need(
                size % given == 0,
                f"axis {self.axis} of {show_shape(x.shape)} does not split into {given} equal parts: its size is {size}",
                help=f"choose a divisor of {size}, or list the indices where parts begin",
                argument="indices_or_sections",
            )
        else:
            need(
                list(given) == sorted(set(given)) and all(place < size for place in given),
                f"{list(given)} does not split axis {self.axis} of {show_shape(x.shape)}, which has the size {size}",
                help=f"list indices from 1 to {size - 1} in increasing order",
                argument="indices_or_sections",
            )
        parts = {}
        for number, (begin, end) in enumerate(self.bounds(size)):
            sizes = list(x.shape)
            sizes[self.axis] = end - begin
            parts[f"part_{number}"] = x.with_shape(*sizes)
        return Plan(parts)

    def bounds(self, size: int) -> list[tuple[int, int]]:
        """Where each part begins and ends along an axis of `size`."""
        given = self.indices_or_sections
        inner = [size // given * number for number in range(1, given)] if isinstance(given, int) else list(given)
        return list(zip([0, *inner], [*inner, size], strict=True))

    def apply(self, call: Call, x: Array) -> "Result":
        mask: Array | None = call.masks.get("x")
        outputs, masks = {}, {}
        for number, (begin, end) in enumerate(self.bounds(x.shape[self.axis])):
            outputs[f"part_{number}"] = x[(..., slice(begin, end), *(slice(None),) * (-1 - self.axis))]
            if mask is not None:
                masks[f"part_{number}"] = mask[:, begin:end] if self.axis == 1 - x.ndim else mask
        return Result(outputs, masks=masks)
