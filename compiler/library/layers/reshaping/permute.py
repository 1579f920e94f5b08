"""The layer that puts axes in another order."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Axes
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_axis
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan


class Permute(Layer):
    """The same values with the axes of an example in the order `dims`; any dtype.

    `permute: [-1, -2]` swaps the last two axes of `[time, features]`. A mask is dropped. Follows Keras 3
    `layers.Permute`, where the axes count from 1: `[-1, -2]` is its `[2, 1]`.
    """

    keras: ClassVar[str] = "layers.Permute"
    torch: ClassVar[str] = "permute"
    primary: ClassVar[str | None] = "dims"
    akin: ClassVar[tuple[str, ...]] = ("transpose", "swap_axes", "swapdims", "moveaxis", "movedim")
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "permute: [-1, -2]"

    dims: Annotated[Axes, Field(description="The axes of an example, counted from the end, in their new order.")]

    def plan(self, x: TensorType) -> Plan:
        if any(axis > 0 for axis in self.dims) and all(0 < axis <= x.rank for axis in self.dims):
            right = [axis - x.rank - 1 for axis in self.dims]
            need(
                False,
                f"`dims` is {list(self.dims)}, but axes count from the end, because the batch axis is never written",
                help=f"write `dims: {right}` for what Keras calls {list(self.dims)}",
                argument="dims",
            )
        for axis in self.dims:
            need_axis(axis, x, "dims")
        need(
            sorted(self.dims) == list(range(-x.rank, 0)),
            f"`dims` {list(self.dims)} does not name each axis of {show_shape(x.shape)} once",
            help=f"write the axes {', '.join(map(str, range(-x.rank, 0)))} in another order",
            argument="dims",
        )
        return Plan.of(x.with_shape(*(x.shape[axis] for axis in self.dims)).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return x.transpose(0, *(axis + x.ndim for axis in self.dims))
