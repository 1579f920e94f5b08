"""Forms of convolution that stay fast inside a compiled loop on XLA's CPU backend, equal to the plain one to rounding.

XLA's CPU backend has fast code for a convolution only where batch, space and channels come in one order, and brings other
orders into it only outside of loops (its pass `ConvCanonicalization` walks the entry computation alone). The gradients of
a plain convolution have other orders, and so are ten to a hundred times slower in a loop over steps. The forms here:

- window of one cell: a matrix product of the channels at each place;
- one input channel and few filters: a banded matrix times rows of the image (`banded`);
- as many groups as channels: a sum over the window's cells, value by value; other groups one after the other;
- volumes: convolutions of images whose channels are the slices that the window reaches;
- the rest: XLA's convolution, and the same for its gradients, with operands brought into the one order (`operations`).

Only reverse-mode derivatives are defined, to any order.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, reduce
from math import prod
from typing import NamedTuple

from modelc.compiler.library.base.lazy import Array, jax, jnp, lax, np
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding

MOST_CELLS = 64
"""Up to this many cells of the window, an array is made for each where a form takes one."""
BANDED_FILTERS = 16
BANDED_WIDTH = 64
"""The banded matrix multiplies each value with each place of a row: too much work beyond these."""
WIDE = 32
LARGE = 2**18
"""From so many filters on, and below so many input values, the kernel's gradient is faster as one matrix product for each
cell of the window; where the window moves in larger steps, above it too."""


def convolve(x: Array, kernel: Array, sliding: Sliding, groups: int = 1) -> Array:
    """The sums over each window of `x` `[batch, *space, channels]` with `kernel` `[*window, channels / groups, filters]`."""
    channels, filters, cells = x.shape[-1], kernel.shape[-1], prod(sliding.window)
    if groups == channels > 1 and cells <= MOST_CELLS:
        return each_channel(x, kernel, sliding)
    if groups > 1:
        return each_group(x, kernel, sliding, groups)
    if cells == 1:
        return sliding.cell(sliding.pad(x), sliding.cells[0]) @ kernel.reshape(channels, filters)
    if len(sliding.window) == 3:
        return volumes(x, kernel, sliding)
    narrow = channels == 1 and filters <= BANDED_FILTERS and sliding.space[-1] <= BANDED_WIDTH
    if len(sliding.window) == 2 and narrow:
        return banded(x, kernel, sliding)
    return operations().convolve(x, kernel, sliding)


def transpose(y: Array, kernel: Array, sliding: Sliding) -> Array:
    """The gradient of `convolve` by its input: `y` `[batch, *outputs, filters]`, spread over `[batch, *space, channels]`."""
    x = jnp.zeros((y.shape[0], *sliding.space, kernel.shape[-2]), y.dtype)
    spread: Array = jax.vjp(lambda x: convolve(x, kernel, sliding), x)[1](y)[0]
    return spread


def each_channel(x: Array, kernel: Array, sliding: Sliding) -> Array:
    """Each channel with filters of its own, cell by cell; summed in float32."""
    wide = jnp.promote_types(x.dtype, "float32")
    padded = jnp.repeat(sliding.pad(x).astype(wide), kernel.shape[-1] // x.shape[-1], axis=-1)
    weights = kernel[..., 0, :].astype(wide)
    return reduce(lax.add, (sliding.cell(padded, index) * weights[index] for index in sliding.cells)).astype(x.dtype)


def each_group(x: Array, kernel: Array, sliding: Sliding, groups: int) -> Array:
    """One group of channels after the other, in a loop."""
    parts = jnp.moveaxis(x.reshape(*x.shape[:-1], groups, -1), -2, 0)
    kernels = jnp.moveaxis(kernel.reshape(*kernel.shape[:-1], groups, -1), -2, 0)
    y = jnp.moveaxis(lax.map(lambda part: convolve(part[0], part[1], sliding), (parts, kernels)), 0, -2)
    return y.reshape(*y.shape[:-2], -1)


def volumes(x: Array, kernel: Array, sliding: Sliding) -> Array:
    """Each slice of the output is the convolution of an image, whose channels are those of the slices in its window."""
    deep = replace(
        sliding,
        window=(sliding.window[0], 1, 1),
        strides=(sliding.strides[0], 1, 1),
        margins=(sliding.margins[0], (0, 0), (0, 0)),
    )
    flat = replace(
        sliding, **{name: getattr(sliding, name)[1:] for name in ("space", "window", "strides", "dilation", "margins")}
    )
    padded = deep.pad(x)
    images = jnp.concatenate([deep.cell(padded, index) for index in deep.cells], axis=-1)
    merged = jnp.moveaxis(kernel, 0, 2).reshape(*flat.window, -1, kernel.shape[-1])
    y = convolve(images.reshape(-1, *images.shape[2:]), merged, flat)
    return y.reshape(x.shape[0], *sliding.outputs, -1)


def banded(x: Array, kernel: Array, sliding: Sliding) -> Array:
    """Images as one matrix product: the rows in a window times a matrix that holds the kernel once for each place of a row."""
    (height, width), filters = sliding.outputs, kernel.shape[-1]
    rows = replace(
        sliding,
        window=(sliding.window[0], 1),
        strides=(sliding.strides[0], 1),
        space=(sliding.space[0], sliding.space[1] + sum(sliding.margins[1])),
        margins=(sliding.margins[0], (0, 0)),
    )
    padded = sliding.pad(x)
    reached = padded.shape[2]
    places = np.zeros((sliding.window[1], reached, width))
    for column in range(sliding.window[1]):
        for place in range(width):
            places[column, place * sliding.strides[1] + column * sliding.dilation[1], place] = 1
    band = jnp.einsum("jwp,ijcf->iwcpf", jnp.asarray(places, kernel.dtype), kernel)
    seen = jnp.concatenate([rows.cell(padded, (row, 0)) for row in range(sliding.window[0])], axis=2)
    y = seen.reshape(x.shape[0] * height, -1) @ band.reshape(-1, width * filters)
    return y.reshape(x.shape[0], height, width, filters)


class Operations(NamedTuple):
    """The three products of an input, a kernel and an output, each the gradient of the two others."""

    convolve: Callable[[Array, Array, Sliding], Array]
    by_input: Callable[[Array, Array, Sliding], Array]
    by_kernel: Callable[[Array, Array, Sliding], Array]


@cache
def operations() -> Operations:
    """Made at the first use and once: a decorator would use jax while this module is imported."""
    convolve = jax.custom_vjp(lambda x, kernel, sliding: plain(x, kernel, sliding), nondiff_argnums=(2,))
    spread = jax.custom_vjp(by_input, nondiff_argnums=(2,))
    weigh = jax.custom_vjp(by_kernel, nondiff_argnums=(2,))
    convolve.defvjp(
        lambda x, kernel, sliding: (convolve(x, kernel, sliding), (x, kernel)),
        lambda sliding, kept, dy: (spread(dy, kept[1], sliding), weigh(kept[0], dy, sliding)),
    )
    spread.defvjp(
        lambda y, kernel, sliding: (spread(y, kernel, sliding), (y, kernel)),
        lambda sliding, kept, dx: (convolve(dx, kept[1], sliding), weigh(dx, kept[0], sliding)),
    )
    weigh.defvjp(
        lambda x, y, sliding: (weigh(x, y, sliding), (x, y)),
        lambda sliding, kept, dkernel: (spread(kept[1], dkernel, sliding), convolve(kept[0], dkernel, sliding)),
    )
    return Operations(convolve, spread, weigh)


def plain(x: Array, kernel: Array, sliding: Sliding, groups: int = 1) -> Array:
    """XLA's own convolution: what the other forms are equal to."""
    y: Array = lax.conv_general_dilated(
        x,
        kernel,
        window_strides=sliding.strides,
        padding=sliding.loose_margins,
        rhs_dilation=sliding.dilation,
        dimension_numbers=axis_letters(x),
        feature_group_count=groups,
    )
    return y


def by_input(y: Array, kernel: Array, sliding: Sliding) -> Array:
    """The gradient by the input: `y`, with zeros between its values, convolved with the kernel turned round.

    The barrier keeps XLA from taking the turning into the convolution, whose axes would then have another order.
    """
    turned = lax.optimization_barrier(lax.rev(kernel, range(len(sliding.window))).swapaxes(-1, -2))
    sides = [
        (reach - 1 - before, reach - 1 - after)
        for reach, (before, after) in zip(sliding.reach, sliding.margins, strict=True)
    ]
    x: Array = lax.conv_general_dilated(
        y,
        turned,
        window_strides=(1,) * len(sliding.window),
        padding=sides,
        lhs_dilation=sliding.strides,
        rhs_dilation=sliding.dilation,
        dimension_numbers=axis_letters(y),
    )
    return x


def by_kernel(x: Array, y: Array, sliding: Sliding) -> Array:
    """The gradient by the kernel: `x` convolved with `y`, channels of `x` as the batch and the batch as channels."""
    rank, space = len(sliding.window), range(1, len(sliding.window) + 1)
    few = x.size < LARGE or max(sliding.strides) > 1
    if few and y.shape[-1] >= WIDE and prod(sliding.window) <= MOST_CELLS:
        padded, values = sliding.pad(x), y.reshape(-1, y.shape[-1])
        parts = [sliding.cell(padded, index).reshape(-1, x.shape[-1]).T @ values for index in sliding.cells]
        return jnp.stack(parts).reshape(*sliding.window, x.shape[-1], y.shape[-1])
    kernel: Array = lax.conv_general_dilated(
        lax.optimization_barrier(x.transpose(rank + 1, *space, 0)),
        lax.optimization_barrier(y.transpose(*space, 0, rank + 1)),
        window_strides=sliding.dilation,
        padding=sliding.margins,
        rhs_dilation=sliding.strides,
        dimension_numbers=axis_letters(x),
    )
    return kernel.transpose(*space, 0, rank + 1)


def axis_letters(x: Array) -> tuple[str, str, str]:
    """What jax calls the axes of input, kernel and output: channels last."""
    space = "DHW"[5 - x.ndim :]
    return f"N{space}C", f"{space}IO", f"N{space}C"
