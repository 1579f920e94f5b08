"""Forms of pooling whose gradients are fast on XLA's CPU backend: no `reduce_window`, no `select_and_scatter`.

XLA computes the gradient of a largest value by `select_and_scatter`, one element after the other. Where windows do not
overlap they become axes of their own, and the gradient is a selection over them; where they do, each cell of the window
is an array (`Sliding.cell`). Both give what XLA gives, the gradient of a tie to its first cell included. Windows of many cells
that overlap stay with `reduce_window`: an array for each cell would take more memory and time than it saves.
"""

from functools import reduce
from math import prod
from typing import Any

from modelc.compiler.library.base.lazy import Array, jax, jnp, lax
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding, fast_forms

MOST_CELLS = 16
"""Up to this many cells a window that overlaps with others is computed cell by cell."""


def largest(x: Array, sliding: Sliding) -> Array:
    """The largest value of each window and channel of `x` `[batch, *space, channels]`; margins never win."""
    if not fast_forms() or (sliding.overlaps and prod(sliding.window) > MOST_CELLS):
        return reduce_window(x, -jnp.inf, lax.max, sliding)
    value = jax.custom_jvp(lambda padded: maximum(padded, sliding))

    def rule(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        return value(*primals), at_first(primals[0], tangents[0], sliding)

    value.defjvp(rule)
    return value(sliding.pad(x, -jnp.inf))


def maximum(padded: Array, sliding: Sliding) -> Array:
    """The largest value of each window of what has its margins."""
    if not sliding.overlaps:
        return sliding.blocks(padded).max(sliding.block_axes)
    return reduce(jnp.maximum, (sliding.cell(padded, index) for index in sliding.cells))


def at_first(padded: Array, values: Array, sliding: Sliding) -> Array:
    """The value of `values`, shaped as `padded`, at the first cell of each window that has its largest value.

    One cell has it, whatever is rounded: XLA may compute values twice, once for the largest and once for where it is, and
    round them differently, so that no cell is equal to the largest.
    """
    if sliding.overlaps:
        first, *others = sliding.cells
        best, found = sliding.cell(padded, first), sliding.cell(values, first)
        for index in others:
            cell = sliding.cell(padded, index)
            found = jnp.where(cell > best, sliding.cell(values, index), found)
            best = jnp.maximum(best, cell)
        return found
    axes = sliding.block_axes
    blocks = sliding.blocks(padded)
    sizes = [size if axis in axes else 1 for axis, size in enumerate(blocks.shape)]
    order = jnp.arange(prod(sizes), dtype=jnp.int32).reshape(sizes)
    y = blocks.max(axes, keepdims=True)
    # How far each cell is from the largest, as bits, of which the last ones say which cell it is: the least is the first of
    # those that are nearest.
    apart = jnp.where(blocks == y, 0, jnp.maximum(y - blocks, 0)).astype(jnp.float32)
    mask = (1 << (prod(sizes) - 1).bit_length()) - 1
    near = (lax.bitcast_convert_type(apart, jnp.int32) & ~mask) | order
    place = near.min(axes, keepdims=True) & mask
    return jnp.sum(jnp.where(order == place, sliding.blocks(values), 0), axes)


def total(x: Array, sliding: Sliding) -> Array:
    """The sum of each window and channel of `x` `[batch, *space, channels]`; margins count as 0."""
    if not fast_forms() or (sliding.overlaps and prod(sliding.window) > MOST_CELLS):
        return reduce_window(x, 0.0, lax.add, sliding)
    padded = sliding.pad(x)
    if not sliding.overlaps:
        return sliding.blocks(padded).sum(sliding.block_axes)
    return reduce(lax.add, (sliding.cell(padded, index) for index in sliding.cells))


def reduce_window(x: Array, start: float, combine: Any, sliding: Sliding) -> Array:
    """XLA's own form: the values of each window joined by `combine`; margins count as `start`."""
    window, strides = (1, *sliding.window, 1), (1, *sliding.strides, 1)
    margins = [(0, 0), *sliding.loose_margins, (0, 0)]
    y: Array = lax.reduce_window(x, start, combine, window, strides, margins)
    return y
