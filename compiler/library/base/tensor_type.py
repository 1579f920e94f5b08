"""The type of a value on an edge of the graph: shape, dtype and whether a mask travels with it. No arrays here."""

from dataclasses import dataclass
from typing import Self

FLOATS = ("float32", "bfloat16", "float16", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = (*FLOATS, *INTEGERS, "bool")
MAX_RANK = 63
"""Axes of one example: with the one of the batch before them they are the 64 that numpy's arrays can have."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """One example, without the batch axis; `mask` says that a boolean mask `[batch, time]` comes along."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    mask: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def is_integer(self) -> bool:
        return self.dtype in INTEGERS

    def with_shape(self, *shape: int) -> Self:
        return type(self)(shape, self.dtype, self.mask)

    def with_dtype(self, dtype: str) -> Self:
        return type(self)(self.shape, dtype, self.mask)

    def with_mask(self, mask: bool) -> Self:
        return self if mask == self.mask else type(self)(self.shape, self.dtype, mask)

    def __str__(self) -> str:
        return f"{show_shape(self.shape)} {self.dtype}"


def show_shape(shape: tuple[int, ...]) -> str:
    """A shape as the spec language writes it: `[28, 28]`."""
    return "[" + ", ".join(map(str, shape)) + "]"


def show_type(type_: TensorType) -> str:
    """The shape, and the dtype where it is not float32: what tables and pictures show."""
    shape = show_shape(type_.shape)
    return shape if type_.dtype == "float32" else f"{shape} {type_.dtype}"
