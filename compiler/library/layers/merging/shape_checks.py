"""Shape checks of layers that merge branches, and their messages. No arrays here."""

from collections.abc import Sequence

from modelc.compiler.library.base.type_checks import PlanError, TensorType, need, show_shape


def show_shapes(inputs: Sequence[TensorType]) -> str:
    """All shapes in order, as a message lists them: `[28, 28], [28, 28] and [14, 14]`."""
    shapes = [show_shape(x.shape) for x in inputs]
    return shapes[0] if len(shapes) == 1 else ", ".join(shapes[:-1]) + " and " + shapes[-1]


def need_one_dtype(inputs: Sequence[TensorType]) -> None:
    """Raise PlanError E303 unless all inputs have one dtype."""
    dtypes = [x.dtype for x in inputs]
    message = f"expected inputs of the same dtype, got {', '.join(dtypes[:-1])} and {dtypes[-1]}"
    help = "`rescaling: 1` converts any dtype to float32"
    need(len(set(dtypes)) == 1, message, help=help, slot="inputs", code="E303")


def stretched(inputs: Sequence[TensorType]) -> tuple[int, ...] | None:
    """The shape of all inputs once axes of size 1 are stretched to the size of the others; None where none fits."""
    if len({x.rank for x in inputs}) > 1:
        return None
    sizes = [set(along) - {1} for along in zip(*(x.shape for x in inputs), strict=True)]
    return tuple(max(along, default=1) for along in sizes) if all(len(along) <= 1 for along in sizes) else None


def need_one_shape(inputs: Sequence[TensorType], *, broadcast: bool | None = None) -> None:
    """Raise PlanError E302 unless all inputs have exactly the same shape.

    `broadcast` is the argument of the layer, None where it has none.
    """
    first = inputs[0].shape
    other = next((x.shape for x in inputs if x.shape != first), None)
    if other is None:
        return
    # Of vectors, one of a single number is more often a mistake than a gate.
    if broadcast is False and len(first) > 1 and stretched(inputs) is not None:
        advice = "write `broadcast: true` to broadcast axes of size 1 to the size of the others"
    elif len(first) != len(other):
        advice = with_axes_of_one(first, other, broadcast)
    elif len(first) == 3 and first[:2] == other[:2]:
        advice = f"give the branches the same number of channels, for example with `conv2d: {{filters: {first[-1]}, kernel_size: 1}}`"
    elif len(first) == 3:
        advice = "use `padding: same` and the same strides on every branch"
    elif first[:-1] == other[:-1]:
        advice = (
            f"give the branches the same width, for example with `dense: {first[-1]}`, or join them with `concatenate`"
        )
    else:
        advice = "all axes must be equal: nothing is broadcast"
    raise PlanError(
        f"expected inputs of the same shape, got {show_shapes(inputs)}", help=advice, slot="inputs", code="E302"
    )


def with_axes_of_one(first: tuple[int, ...], other: tuple[int, ...], broadcast: bool | None) -> str:
    """The help for shapes of different ranks: the `reshape` with which the smaller one fits, stretched or as it is."""
    small, large = sorted((first, other), key=len)
    missing = len(large) - len(small)
    for shape in ((1,) * missing + small, small + (1,) * missing):
        fits = broadcast is not None and stretched([TensorType(shape), TensorType(large)]) == large
        if shape == large or fits:
            more = ", and write `broadcast: true`" if shape != large and not broadcast else ""
            return f"give the one of shape {show_shape(small)} the missing axes: `reshape: {show_shape(shape)}`{more}"
    return "bring both to the same axes with `reshape`, or a layer that computes them, such as `dense`"


def need_two(inputs: Sequence[TensorType]) -> None:
    """Raise PlanError E302 unless there are exactly two inputs."""
    help = "join some of them first with `concatenate` or `add`"
    need(len(inputs) == 2, f"expected two inputs, got {len(inputs)}", help=help, slot="inputs", code="E302")
