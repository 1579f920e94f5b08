"""Arguments of sliding windows, for convolution and pooling: field types, checks, output sizes. No arrays here.

`dimensions` is how many directions the window slides in: 1 over `[time, features]`, 2 over `[height, width, channels]`,
3 over `[depth, height, width, channels]`.
"""

from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Size, Sizes1, Sizes2, Sizes3
from modelc.compiler.library.base.type_checks import batch_help
from modelc.compiler.library.contracts.layer import Layer, PlanError, TensorType, show_shape

Padding = Literal["valid", "same"]
Directions = tuple[int, ...]

Window1 = Annotated[Sizes1, Field(description="Size of the window, in steps.")]
Window2 = Annotated[Sizes2, Field(description="Height and width of the window; one number for both.")]
Window3 = Annotated[Sizes3, Field(description="Depth, height and width of the window; one number for all.")]
Strides1 = Annotated[Sizes1, Field(description="Stride of the window.")]
Strides2 = Annotated[Sizes2, Field(description="Stride of the window; one number for both directions.")]
Strides3 = Annotated[Sizes3, Field(description="Stride of the window; one number for all directions.")]
Dilation1 = Annotated[Sizes1, Field(description="Dilation: distance between neighbours in the window.")]
Dilation2 = Annotated[Sizes2, Field(description="Dilation: distance between neighbours in the window.")]
Dilation3 = Annotated[Sizes3, Field(description="Dilation: distance between neighbours in the window.")]
PaddingField = Annotated[
    Padding, Field(description="`valid`: only complete windows; `same`: zero padding, so that stride 1 keeps the size.")
]


class Filters(Layer):
    """Abstract: what computes so many channels. A base behind `Windowed`, so that this argument stands first."""

    primary = "filters"

    filters: Annotated[Size, Field(description="Number of output channels.")]


class Windowed(Layer):
    """Abstract: the arguments of a window that slides in `dimensions` directions."""

    dimensions: ClassVar[int]

    kernel_size: Directions
    strides: Directions
    padding: str
    dilation_rate: Directions


class Windowed1D(Windowed):
    """Abstract: a window over a sequence."""

    dimensions = 1

    kernel_size: Window1
    strides: Strides1 = (1,)
    dilation_rate: Dilation1 = (1,)


class Windowed2D(Windowed):
    """Abstract: a window over an image."""

    dimensions = 2

    kernel_size: Window2
    strides: Strides2 = (1, 1)
    padding: PaddingField = "valid"
    dilation_rate: Dilation2 = (1, 1)


class Windowed3D(Windowed):
    """Abstract: a window over a volume."""

    dimensions = 3

    kernel_size: Window3
    strides: Strides3 = (1, 1, 1)
    padding: PaddingField = "valid"
    dilation_rate: Dilation3 = (1, 1, 1)


NOUNS = {1: "sequence", 2: "image", 3: "volume"}
SPACES = {
    1: "a sequence [time, features]",
    2: "an image [height, width, channels]",
    3: "a volume [depth, height, width, channels]",
}


def need_space(x: TensorType, dimensions: int) -> None:
    """Raise PlanError unless `x` has the axes of a sequence, image or volume."""
    if x.rank == dimensions + 1:
        return
    got = f"expected {SPACES[dimensions]}, got {show_shape(x.shape)}"
    if x.rank == dimensions == 1:
        raise PlanError(
            got,
            help=f"ids need `embedding` before it; for {x.shape[0]} steps of one number, `reshape: [{x.shape[0]}, 1]`",
        )
    if x.rank == dimensions:
        whole = show_shape((*x.shape, 1))
        raise PlanError(got, help=f"add the channel axis: `reshape: {whole}`, or `shape: {whole}` in the input")
    if x.rank < dimensions:
        noun = SPACES[dimensions].split(" [")[0]
        raise PlanError(got, help=f"move it before `flatten` or `dense`, or `reshape` the values into {noun}")
    raise PlanError(got, help=outer_axes_help(x, dimensions))


def outer_axes_help(x: TensorType, dimensions: int) -> str:
    """What to do about `x`, which has axes before those of a window of so many dimensions."""
    axes = {1: "two", 2: "three", 3: "four"}[dimensions]
    if x.rank > dimensions + 2:
        return f"`reshape` to {axes} axes"
    noun = SPACES[dimensions].split()[1]
    places = show_shape((x.shape[0] * x.shape[1], x.shape[2])) if dimensions == 1 else ""
    joined = f"; for all places as one sequence, write `reshape: {places}` before it" if places else ""
    return (
        f"for each of the {x.shape[0]:,} {noun}s, put it into `time_distributed`{joined}{batch_help(x, dimensions + 1)}"
    )


def reach_of(window: Directions, dilation: Directions) -> Directions:
    """How far a window reaches whose neighbours are `dilation` apart."""
    return tuple((size - 1) * step + 1 for size, step in zip(window, dilation, strict=True))


def slide(
    x: TensorType,
    window: Directions,
    strides: Directions,
    padding: str,
    *,
    dilation: Directions | None = None,
    argument: str,
) -> Directions:
    """Sizes of the output but for its channels; `argument` is the one that gives the window. Keras 3's rules.

    Raises PlanError for a window that is larger than what it slides over under `valid` padding.
    """
    space = x.shape[:-1]
    if padding != "valid":
        return tuple(-(-size // step) for size, step in zip(space, strides, strict=True))
    reach = reach_of(window, dilation or (1,) * len(window))
    if all(ours <= whole for ours, whole in zip(reach, space, strict=True)):
        return tuple((whole - ours) // step + 1 for whole, ours, step in zip(space, reach, strides, strict=True))
    dilated = "" if reach == window else f", dilated to {show_sizes(reach)},"
    noun = NOUNS[len(space)]
    message = f"a window of {show_sizes(window)}{dilated} does not fit into {with_article(noun)} of {show_sizes(space)}"
    help = f"use `padding: same`, a smaller `{argument}`, or reduce the {noun} less before this layer"
    if len(space) > 1 and space[0] <= MOST_CHANNELS < min(space[1:], default=0) and x.shape[-1] > MOST_CHANNELS:
        last = show_sizes((*x.shape[1:], x.shape[0]))
        help = f"channels are the last axis: if {space[0]} is their number, save the {noun}s as {last}, and give the input that shape"
    raise PlanError(message, help=help, argument=argument)


MOST_CHANNELS = 4
"""More channels than these are not those of photographs."""


def with_article(noun: str) -> str:
    return f"an {noun}" if noun == "image" else f"a {noun}"


def show_sizes(sizes: Directions) -> str:
    """One size as a number, several as a list."""
    return str(sizes[0]) if len(sizes) == 1 else show_shape(sizes)
