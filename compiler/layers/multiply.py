"""The layer that multiplies branches, as gates need."""

from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.layers.merging import Merge

if TYPE_CHECKING:
    from jax import Array


class Multiply(Merge):
    """Product of two or more inputs of exactly one shape: `y = a * b * ...`.

    Follows Keras 3 `layers.Multiply`, which always broadcasts: here shapes that differ are
    an error without `broadcast`.
    """

    keras: ClassVar[str] = "layers.Multiply"
    torch: ClassVar[str] = "mul"
    spellings: ClassVar[tuple[str, ...]] = ("product", "times")
    example: ClassVar[str] = "multiply"

    def merge(self, one: "Array", other: "Array") -> "Array":
        return one * other
