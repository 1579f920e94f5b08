"""Sliding windows over arrays as ordinary array operations: positions, and one array for each cell of the window.

`cpu_convolution` and `cpu_pooling`, the forms that are fast on CPU, are made of it. What sizes are allowed is decided in
`window_fields`.
"""

from dataclasses import dataclass
from itertools import product
from typing import Self

from modelc.compiler.library.base.lazy import Array, jax, jnp, lax
from modelc.compiler.library.layers.convolutional.window_fields import Directions, reach_of

Margins = tuple[tuple[int, int], ...]
"""What is added before and after, in each direction; what is below zero is cut off."""


def fast_forms() -> bool:
    """Whether arrays are computed by XLA's CPU backend, for which the forms are written; others get XLA's own."""
    return jax.default_backend() == "cpu"


@dataclass(frozen=True, slots=True)
class Sliding:
    """A window of size `window` that slides over arrays `[batch, *space, channels]` in steps of `strides`.

    `margins` reach exactly as far as the windows do: where the last whole window ends before the edge, the rest is cut
    off.
    """

    space: Directions
    window: Directions
    strides: Directions
    dilation: Directions
    margins: Margins

    @classmethod
    def over(
        cls, space: Directions, window: Directions, strides: Directions, padding: str, dilation: Directions = ()
    ) -> Self:
        """The window of a layer with `padding` valid, same or causal."""
        dilation = dilation or (1,) * len(window)
        margins = []
        for whole, reach, step in zip(space, reach_of(window, dilation), strides, strict=True):
            count = (whole - reach) // step + 1 if padding == "valid" else -(-whole // step)
            missing = (count - 1) * step + reach - whole
            before = {"valid": 0, "same": max(missing, 0) // 2, "causal": reach - 1}[padding]
            margins.append((before, missing - before))
        return cls(space, window, strides, dilation, tuple(margins))

    @property
    def reach(self) -> Directions:
        return reach_of(self.window, self.dilation)

    @property
    def outputs(self) -> Directions:
        """How many places the window has in each direction."""
        return tuple(
            (whole + before + after - reach) // step + 1
            for whole, (before, after), reach, step in zip(
                self.space, self.margins, self.reach, self.strides, strict=True
            )
        )

    @property
    def loose_margins(self) -> Margins:
        """The margins without the cuts that XLA makes by itself, being too short for a further place of the window."""
        return tuple(
            (before, after if after <= -step else max(after, 0))
            for (before, after), step in zip(self.margins, self.strides, strict=True)
        )

    @property
    def cells(self) -> tuple[Directions, ...]:
        """The index of each cell of the window, the last direction running fastest."""
        return tuple(product(*map(range, self.window)))

    @property
    def overlaps(self) -> bool:
        """Whether an input may be in several windows, or in none between two."""
        return self.window != self.strides or any(step != 1 for step in self.dilation)

    def pad(self, x: Array, value: float = 0.0) -> Array:
        """`x` with its margins, filled with `value`."""
        sides = [(before, after, 0) for before, after in self.margins]
        return lax.pad(x, jnp.asarray(value, x.dtype), [(0, 0, 0), *sides, (0, 0, 0)])

    def cell(self, padded: Array, index: Directions) -> Array:
        """What one cell of the window sees at each place: `[batch, *outputs, channels]`."""
        begin = [place * apart for place, apart in zip(index, self.dilation, strict=True)]
        end = [at + (count - 1) * step + 1 for at, count, step in zip(begin, self.outputs, self.strides, strict=True)]
        last = padded.shape[-1]
        return lax.slice(padded, [0, *begin, 0], [padded.shape[0], *end, last], [1, *self.strides, 1])

    def blocks(self, padded: Array) -> Array:
        """Windows that do not overlap: `[batch, outputs, window, outputs, window, ..., channels]`, one pair a
        direction.
        """
        pairs = [size for pair in zip(self.outputs, self.window, strict=True) for size in pair]
        return padded.reshape(padded.shape[0], *pairs, padded.shape[-1])

    @property
    def block_axes(self) -> tuple[int, ...]:
        """The axes of `blocks` that run inside a window."""
        return tuple(range(2, 2 * len(self.window) + 1, 2))
