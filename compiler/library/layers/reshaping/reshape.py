"""The layers that change the shape or the order of values."""

from math import prod
from typing import Annotated

from pydantic import BeforeValidator, Field

from modelc.compiler.library.base.fields import Axes, Size, read_tuple
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, need_axis, show_shape


class Reshape(Layer):
    """The values of an example, in the same order, in another shape of as many values; any dtype.

    One size may be -1: it follows from the others. Follows Keras 3 `layers.Reshape`.
    """

    keras = "layers.Reshape"
    torch = "reshape"
    primary = "shape"
    spellings = ("unflatten", "view", "rearrange", "view_as")
    keeps = "values"
    example = "reshape: [28, 28, 1]"

    shape: Annotated[
        tuple[Annotated[int, Field(ge=-1, lt=2**31)], ...],
        BeforeValidator(read_tuple),
        Field(description="The new shape of an example, without the batch axis; one size may be -1."),
    ]

    def plan(self, x: TensorType) -> Plan:
        help = "sizes are at least 1; -1 stands for the size that follows from the others"
        need(0 not in self.shape, f"`shape` {show_shape(self.shape)} has a size of 0", help=help, argument="shape")
        message = f"`shape` {show_shape(self.shape)} has more than one -1"
        help = "only one size can follow from the others: give the rest"
        need(self.shape.count(-1) <= 1, message, help=help, argument="shape")
        values = prod(x.shape)
        known = prod(size for size in self.shape if size != -1)
        if -1 in self.shape:
            need(
                values % known == 0,
                f"cannot reshape {show_shape(x.shape)} ({values} values) to {show_shape(self.shape)}: "
                f"{values} is not a multiple of {known}",
                help=f"the product of the sizes other than -1 must divide {values}",
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


class Flatten(Layer):
    """All values of an example on one axis, the last axis running fastest: `[28, 28, 3]` becomes `[2352]`.

    Any shape and dtype; a single number becomes `[1]`. Follows Keras 3 `layers.Flatten` (channels last).
    """

    keras = "layers.Flatten"
    torch = "nn.Flatten"
    spellings = ("ravel",)
    keeps = "values"
    example = "flatten"

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x.with_shape(prod(x.shape)).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return x.reshape(x.shape[0], prod(x.shape[1:]))


class Permute(Layer):
    """The same values with the axes of an example in the order `dims`; any dtype.

    `permute: [-1, -2]` swaps the last two axes of `[time, features]`. A mask is dropped. Follows Keras 3
    `layers.Permute`, where the axes count from 1: `[-1, -2]` is its `[2, 1]`.
    """

    keras = "layers.Permute"
    torch = "permute"
    primary = "dims"
    related = ("transpose", "swap_axes", "swapdims", "moveaxis", "movedim")
    keeps = "values"
    example = "permute: [-1, -2]"

    dims: Annotated[Axes, Field(description="The axes of an example, counted from the end, in their new order.")]

    def plan(self, x: TensorType) -> Plan:
        if any(axis > 0 for axis in self.dims) and all(0 < axis <= x.rank for axis in self.dims):
            right = [axis - x.rank - 1 for axis in self.dims]
            message = (
                f"`dims` is {list(self.dims)}, but axes count from the end, because the batch axis is never written"
            )
            need(False, message, help=f"write `dims: {right}` for what Keras calls {list(self.dims)}", argument="dims")
        if self.dims[:1] == (0,) and sorted(self.dims) == list(range(x.rank + 1)):
            right = [axis - x.rank - 1 for axis in self.dims[1:]]
            message = f"`dims` is {list(self.dims)}, but the batch axis is never written, and axes count from the end"
            need(
                False, message, help=f"write `dims: {right}` for what PyTorch calls {list(self.dims)}", argument="dims"
            )
        for axis in self.dims:
            need_axis(axis, x, "dims")
        message = f"`dims` {list(self.dims)} does not name each axis of {show_shape(x.shape)} once"
        help = f"write the axes {', '.join(map(str, range(-x.rank, 0)))}, each once, in their new order"
        need(sorted(self.dims) == list(range(-x.rank, 0)), message, help=help, argument="dims")
        return Plan.of(x.with_shape(*(x.shape[axis] for axis in self.dims)).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return x.transpose(0, *(axis + x.ndim for axis in self.dims))


class RepeatVector(Layer):
    """A vector `n` times: input `[features]`, output `[n, features]`, as a decoder needs it; any dtype.

    Follows Keras 3 `layers.RepeatVector`.
    """

    keras = "layers.RepeatVector"
    primary = "n"
    spellings = ("tile",)
    keeps = "values"
    example = "repeat_vector: 10"

    n: Annotated[Size, Field(description="Number of steps of the output.")]

    def plan(self, x: TensorType) -> Plan:
        help = "use the last step of a recurrent layer, or add `flatten` before it"
        need(x.rank == 1, f"expected a vector [features], got {show_shape(x.shape)}", help=help)
        return Plan.of(x.with_shape(self.n, *x.shape).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.broadcast_to(x[:, None], (x.shape[0], self.n, x.shape[1]))
