"""The layer that takes the larger of its branches."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Kept
from modelc.compiler.library.layers.merging.base import Extreme


class Maximum(Extreme):
    """Largest of two or more inputs of exactly one shape, value by value: `y = max(a, b, ...)`.

    Follows Keras 3 `layers.Maximum`, which always broadcasts: here shapes that differ are
    an error without `broadcast`. A step that the mask of an input does not count has no part
    in it, as in Keras: the others' values stand there, or the first input's where none counts.
    """

    keras: ClassVar[str] = "layers.Maximum"
    torch: ClassVar[str] = "maximum"
    spellings: ClassVar[tuple[str, ...]] = ("max_merge",)
    keeps: ClassVar[Kept] = "range"
    example: ClassVar[str] = "maximum"

    def merge(self, one: Array, other: Array) -> Array:
        return jnp.maximum(one, other)
