"""The layer that takes the mean of its branches."""

from functools import reduce
from typing import ClassVar

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Kept
from modelc.compiler.library.layers.merging.base import Merge


class Average(Merge):
    """Mean of two or more inputs of exactly one shape, value by value: `y = (a + b + ...) / n`.

    Follows Keras 3 `layers.Average`, which always broadcasts: here shapes that differ are
    an error without `broadcast`.
    """

    keras: ClassVar[str] = "layers.Average"
    spellings: ClassVar[tuple[str, ...]] = ("ave", "avg")
    keeps: ClassVar[Kept] = "range"
    example: ClassVar[str] = "average"

    def merged(self, inputs: tuple[Array, ...], counted: tuple[Array | None, ...]) -> Array:
        return reduce(self.merge, inputs) / len(inputs)

    def merge(self, one: Array, other: Array) -> Array:
        return one + other
