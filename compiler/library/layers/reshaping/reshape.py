"""The layer that gives the same values another shape."""

from math import prod
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import read_tuple
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan


class Reshape(Layer):
    """The values of an example, in the same order, in another shape of as many values; any dtype.

    One size may be -1: it follows from the others. Follows Keras 3 `layers.Reshape`.
    """

    keras: ClassVar[str] = "layers.Reshape"
    torch: ClassVar[str] = "reshape"
    primary: ClassVar[str | None] = "shape"
    spellings: ClassVar[tuple[str, ...]] = ("unflatten", "view", "rearrange", "view_as")
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "reshape: [28, 28, 1]"

    shape: Annotated[
        tuple[Annotated[int, Field(ge=-1, lt=2**31)], ...],
        BeforeValidator(read_tuple),
        Field(description="The new shape of an example, without the batch axis; one size may be -1."),
    ]

    def plan(self, x: TensorType) -> Plan:
        need(
            0 not in self.shape,
            f"`shape` {show_shape(self.shape)} has a size of 0",
            help="sizes are 1 or more; -1 stands for the one that follows from the others",
            argument="shape",
        )
        need(
            self.shape.count(-1) <= 1,
            f"`shape` {show_shape(self.shape)} has more than one -1",
            help="only one size can follow from the others: write the rest",
            argument="shape",
        )
        values = prod(x.shape)
        known = prod(size for size in self.shape if size != -1)
        if -1 in self.shape:
            need(
                values % known == 0,
                f"cannot reshape {show_shape(x.shape)} ({values} values) to {show_shape(self.shape)}: "
                f"{values} is not a multiple of {known}",
                help=f"the sizes beside -1 must divide {values}",
                argument="shape",
            )
        else:
            need(
                values == known,
                f"cannot reshape {show_shape(x.shape)} ({values} values) to {show_shape(self.shape)} ({known} values)",
                help=f"sizes that multiply to {values} fit; -1 stands for one that follows from the others",
                argument="shape",
            )
        full = tuple(values // known if size == -1 else size for size in self.shape)
        return Plan.of(x.with_shape(*full).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        values = prod(x.shape[1:])
        known = prod(size for size in self.shape if size != -1)
        return x.reshape(x.shape[0], *(values // known if size == -1 else size for size in self.shape))
