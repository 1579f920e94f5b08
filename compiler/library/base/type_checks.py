"""Checks of types that several layers share: float values, axes that count from the end, and sizes. No arrays here."""

from math import prod

from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.library.base.tensor_type import MAX_RANK, TensorType, show_shape

__all__ = [
    "PlanError",
    "TensorType",
    "batch_help",
    "integers_help",
    "need",
    "need_axis",
    "need_distinct_axes",
    "need_floats",
    "need_size",
    "show_shape",
    "steps_help",
]


LARGEST = 2**40
"""Elements in one array. A larger one is a typo: no machine could store it."""


def need_size(what: str, shape: tuple[int, ...]) -> None:
    """Raise PlanError E301 for an array that no machine can hold."""
    if len(shape) <= MAX_RANK and prod(shape) <= LARGEST:
        return
    axes = f"{what} would have {len(shape):,} axes, arrays have at most {MAX_RANK}"
    need(len(shape) <= MAX_RANK, axes, help="join some of them by `reshape`")
    message = f"{what} of shape {show_shape(shape)} would have {prod(shape):,} values, more than 2**40"
    raise PlanError(message, help="a size has probably too many zeros")


def need_floats(x: TensorType, slot: str = "") -> None:
    """Raise PlanError E303 unless `x` has floats; the help depends on what the values probably are."""
    if x.is_float:
        return
    if x.dtype == "uint8":
        advice = "add `rescaling: 1/255` before it"
    elif x.is_integer:
        advice = "add `embedding` before it if the values are ids, `rescaling: 1` if they are quantities"
    else:
        advice = "add `rescaling: 1` before it"
    raise PlanError(f"expected float values, got {x.dtype}", help=advice, slot=slot, code="E303")


def batch_help(x: TensorType, axes: int) -> str:
    """What to add to a help where `x` has an axis more than `axes`, and the first looks like a batch axis: a size that
    batches have, and images have only twice.
    """
    if x.rank != axes + 1:
        return ""
    first, second = x.shape[:2]
    is_likely = first.bit_count() == 1 and first != second and (first == 1 or first >= 8)
    return f"; if {first} is the batch axis, remove it: it is never written" if is_likely else ""


def steps_help(x: TensorType) -> str:
    """How `x`, which does not have two axes, becomes a sequence of its steps."""
    if x.rank < 2:
        return "`reshape` to two axes"
    steps = show_shape((x.shape[0], prod(x.shape[1:])))
    return f"for all values of a step as one vector, write `reshape: {steps}` before it{batch_help(x, 2)}"


def integers_help(x: TensorType, numbers: TensorType, slot: str) -> str:
    """What to do about `numbers` in a slot for integers beside `x`, which the two may have changed places with."""
    if x.is_integer and numbers.is_float:
        return f"the integers come second: give what is taken or joined first, and `{slot}` after it"
    return "give the input `dtype: int32`, or add `cast: int32` before it"


def need_distinct_axes(axes: tuple[int, ...], x: TensorType, argument: str = "axis") -> None:
    """Raise PlanError E301 unless `axes` are axes of `x`, counted from the end, each written once."""
    for axis in axes:
        need_axis(axis, x, argument)
    help = f"write `{argument}: {sorted(set(axes), reverse=True)}`"
    need(len(set(axes)) == len(axes), f"`{argument}` {list(axes)} has a duplicate axis", help=help, argument=argument)


def need_axis(axis: int, x: TensorType, argument: str = "axis") -> None:
    """Raise PlanError E301 unless `axis` counts from the end and is one of the axes of `x`."""
    if 0 < -axis <= x.rank:
        return
    need(
        x.rank >= 1,
        "expected at least one axis, got a single number",
        help="for a vector of one value add `flatten` before it",
    )
    axes = ", ".join(f"{place - x.rank} ({size})" for place, size in enumerate(x.shape))
    there = f"{show_shape(x.shape)} has the axes {axes}"
    if axis == 0:
        advice = f"{there}; in Keras 0 is the batch"
    elif 0 < axis <= x.rank:
        advice = f"write `{argument}: {axis - x.rank - 1}` for what Keras calls {axis}; {there}"
    else:
        advice = there
    message = f"`{argument}` is {axis}, but axes count from the end, because the batch axis is never written"
    meant = (axis, axis - x.rank - 1) if 0 < axis <= x.rank else None
    need(axis < 0, message, help=advice, argument=argument, meant=meant)
    message = f"`{argument}` is {axis}, but {show_shape(x.shape)} does not have this axis"
    raise PlanError(message, help=advice, argument=argument)
