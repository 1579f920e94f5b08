"""The layer that adds branches, as residual connections need."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.layers.merging.base import Merge


class Add(Merge):
    """Sum of two or more inputs of exactly one shape: `y = a + b + ...`.

    Follows Keras 3 `layers.Add`, which always broadcasts: here shapes that differ are
    an error without `broadcast`.
    """

    keras: ClassVar[str] = "layers.Add"
    torch: ClassVar[str] = "add"
    spellings: ClassVar[tuple[str, ...]] = ("plus",)
    example: ClassVar[str] = "add"

    def merge(self, one: Array, other: Array) -> Array:
        return one + other
