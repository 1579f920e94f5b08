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
        y = value(*primals)
        return y, at_first(primals[0], y, tangents[0], sliding)

    value.defjvp(rule)
    return value(sliding.pad(x, -jnp.inf))


def maximum(padded: Array, sliding: Sliding) -> Array:
    """The largest value of each window of what has its margins."""
    if not sliding.overlaps:
        return sliding.blocks(padded).max(sliding.block_axes)
    return reduce(jnp.maximum, (sliding.cell(padded, index) for index in sliding.cells))


def at_first(padded: Array, y: Array, values: Array, sliding: Sliding) -> Array:
    """The value of `values`, shaped as `padded`, at the first cell of each window where `padded` is `y`."""
    if sliding.overlaps:
        found, open_ = jnp.zeros_like(values, shape=y.shape), jnp.ones(y.shape, bool)
        for index in sliding.cells:
            hit = open_ & (sliding.cell(padded, index) == y)
            found, open_ = found + jnp.where(hit, sliding.cell(values, index), 0), open_ & ~hit
        return found
    axes = sliding.block_axes
    sizes = [size if axis in axes else 1 for axis, size in enumerate(sliding.blocks(padded).shape)]
    order = jnp.arange(prod(sizes)).reshape(sizes)
    hits = sliding.blocks(padded) == jnp.expand_dims(y, axes)
    first = jnp.min(jnp.where(hits, order, order.size), axes, keepdims=True)
    return jnp.sum(jnp.where(order == first, sliding.blocks(values), 0), axes)


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
