"""The layer that multiplies branches, as gates need."""

from functools import reduce
from operator import or_
from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.layers.merging.base import Merge


class Multiply(Merge):
    """Product of two or more inputs of exactly one shape: `y = a * b * ...`.

    Follows Keras 3 `layers.Multiply`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count is a factor
    of 1, as in Keras, and the product is 0 where the masks of all inputs count none.
    """

    keras: ClassVar[str] = "layers.Multiply"
    torch: ClassVar[str] = "mul"
    spellings: ClassVar[tuple[str, ...]] = ("product", "times")
    example: ClassVar[str] = "multiply"

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        factors = [
            x if counts is None else jnp.where(counts, x, jnp.ones((), x.dtype))
            for x, counts in zip(inputs, counted, strict=True)
        ]
        y = reduce(self.merge, factors)
        known = [counts for counts in counted if counts is not None]
        return y if len(known) < len(inputs) else jnp.where(reduce(or_, known), y, jnp.zeros((), y.dtype))

    def merge(self, one: Array, other: Array) -> Array:
        return one * other
