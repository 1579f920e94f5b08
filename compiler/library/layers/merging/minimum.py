"""The layer that takes the smaller of its branches."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Kept
from modelc.compiler.library.layers.merging.base import Extreme


class Minimum(Extreme):
    """Smallest of two or more inputs of exactly one shape, value by value: `y = min(a, b, ...)`.

    Follows Keras 3 `layers.Minimum`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count has no part
    in it, as in Keras: the others' values stand there, or the first input's where none counts.
    """

    keras: ClassVar[str] = "layers.Minimum"
    torch: ClassVar[str] = "minimum"
    spellings: ClassVar[tuple[str, ...]] = ("min_merge",)
    keeps: ClassVar[Kept] = "range"
    example: ClassVar[str] = "minimum"

    def merge(self, one: Array, other: Array) -> Array:
        return jnp.minimum(one, other)
