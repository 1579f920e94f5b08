"""Sliding a window over an image, as convolution and pooling do: checks and output sizes. No arrays here."""

from typing import Literal

from modelc.compiler.checks import need_floats
from modelc.compiler.errors import PlanError, need
from modelc.compiler.tensor import TensorType, show_shape

Padding = Literal["valid", "same"]
Pair = tuple[int, int]


def need_image(x: TensorType) -> None:
    """Raise PlanError unless `x` is an image `[height, width, channels]` of floats."""
    got = f"expected an image [height, width, channels], got {show_shape(x.shape)}"
    if x.rank == 2:
        whole = show_shape((*x.shape, 1))
        raise PlanError(got, help=f"add the channel axis: `reshape: {whole}`, or `shape: {whole}` in the input")
    if x.rank < 2:
        raise PlanError(got, help="put it before `flatten` or `dense`, or `reshape` the values into an image")
    need(x.rank == 3, got, help="`reshape` to three axes; the batch axis is never written")
    need_floats(x)


def slide(
    x: TensorType, window: Pair, strides: Pair, padding: Padding, *, dilation: Pair = (1, 1), argument: str
) -> Pair:
    """Height and width of the output; `argument` is the one that gives the window. TensorFlow's and Keras's rules.

    Raises PlanError for a window that is larger than the image under `valid` padding.
    """
    if padding == "same":
        return -(-x.shape[0] // strides[0]), -(-x.shape[1] // strides[1])
    reach = tuple((size - 1) * step + 1 for size, step in zip(window, dilation, strict=True))
    dilated = "" if dilation == (1, 1) else f", dilated to {show_shape(reach)},"
    fits = reach[0] <= x.shape[0] and reach[1] <= x.shape[1]
    need(
        fits,
        f"a window of {show_shape(window)}{dilated} does not fit into an image of {show_shape(x.shape[:2])}",
        help=f"use `padding: same`, a smaller `{argument}`, or shrink the image less before this layer",
        argument=argument,
    )
    return (x.shape[0] - reach[0]) // strides[0] + 1, (x.shape[1] - reach[1]) // strides[1] + 1
