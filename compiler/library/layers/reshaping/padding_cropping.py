"""The layers that pad or crop the edges of a sequence, an image or a volume."""

from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Counts2, Edges2, Edges3, Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need
from modelc.compiler.library.layers.convolutional.window_fields import need_space, show_sizes

Edges = tuple[tuple[int, int], ...]
"""Counts before and after, for each axis but the channels."""

FORMS1 = "one number for both ends, or `[start, end]`."
FORMS2 = "one number for all, one for each axis, or `[[top, bottom], [left, right]]`."
FORMS3 = "one number for all, one for each axis, or a pair (before, after) for each axis."


class ZeroPadding(Layer):
    """Abstract: zeros around, `edges` of them."""

    primary = "padding"
    keeps = "values"
    dimensions: ClassVar[int]

    padding: tuple[Any, ...]

    @property
    def edges(self) -> Edges:
        return (self.padding,) if self.dimensions == 1 else self.padding

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        size = (whole + before + after for whole, (before, after) in zip(x.shape, self.edges, strict=False))
        return Plan.of(x.with_shape(*size, x.shape[-1]).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.pad(x, ((0, 0), *self.edges, (0, 0)))


class Cropping(Layer):
    """Abstract: cuts off `edges`."""

    primary = "cropping"
    keeps = "values"
    dimensions: ClassVar[int]

    cropping: tuple[Any, ...]

    @property
    def edges(self) -> Edges:
        return (self.cropping,) if self.dimensions == 1 else self.cropping

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        size = tuple(whole - sum(cut) for whole, cut in zip(x.shape, self.edges, strict=False))
        space = x.shape[:-1]
        need(
            min(size) >= 1,
            f"nothing remains of {show_sizes(space)} when {', '.join(f'{a} + {b}' for a, b in self.edges)} are cropped",
            help=f"the sum of both numbers of each axis must be below its size: {', '.join(map(str, space))}",
            argument="cropping",
        )
        return Plan.of(x.with_shape(*size, x.shape[-1]).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        kept = (slice(before, x.shape[axis] - after) for axis, (before, after) in enumerate(self.edges, 1))
        return x[(slice(None), *kept)]


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence: input `[time, features]`, output `[time + start + end, features]`.

    Any dtype. Follows Keras 3 `layers.ZeroPadding1D`; in PyTorch `nn.ZeroPad1d`.
    """

    keras = "layers.ZeroPadding1D"
    torch = "nn.ZeroPad1d"
    spellings = ("pad1d",)
    example = "zero_padding1d: [2, 0]"
    dimensions = 1

    padding: Annotated[Counts2, Field(description=f"Zeros: {FORMS1}")] = (1, 1)


class ZeroPadding2D(ZeroPadding):
    """Zeros around an image.

    Input `[height, width, channels]`, output `[height + top + bottom, width + left + right, channels]`, of any dtype.
    Follows Keras 3 `layers.ZeroPadding2D` (channels last); `torch.nn.ZeroPad2d` takes left, right, top, bottom.
    """

    keras = "layers.ZeroPadding2D"
    torch = "nn.ZeroPad2d"
    spellings = ("pad2d",)
    example = "zero_padding2d: [[1, 1], [0, 2]]"
    dimensions = 2

    padding: Annotated[Edges2, Field(description=f"Zeros: {FORMS2}")] = ((1, 1), (1, 1))


class ZeroPadding3D(ZeroPadding):
    """Zeros around a volume `[depth, height, width, channels]`; each axis but the channels grows by its two counts.

    Any dtype. Follows Keras 3 `layers.ZeroPadding3D` (channels last); `torch.nn.ZeroPad3d` takes the last axis first.
    """

    keras = "layers.ZeroPadding3D"
    torch = "nn.ZeroPad3d"
    spellings = ("pad3d",)
    example = "zero_padding3d: 1"
    dimensions = 3

    padding: Annotated[Edges3, Field(description=f"Zeros: {FORMS3}")] = ((1, 1), (1, 1), (1, 1))


class Cropping1D(Cropping):
    """A sequence without its first and last steps: input `[time, features]`, output `[time - start - end, features]`.

    Any dtype. Follows Keras 3 `layers.Cropping1D`.
    """

    keras = "layers.Cropping1D"
    spellings = ("crop1d",)
    example = "cropping1d: [2, 0]"
    dimensions = 1

    cropping: Annotated[Counts2, Field(description=f"Cropped steps: {FORMS1}")] = (1, 1)


class Cropping2D(Cropping):
    """An image without its edges.

    Input `[height, width, channels]`, output `[height - top - bottom, width - left - right, channels]`, of any dtype.
    Follows Keras 3 `layers.Cropping2D` (channels last), which crops nothing unless told.
    """

    keras = "layers.Cropping2D"
    spellings = ("crop2d",)
    example = "cropping2d: [[1, 1], [0, 2]]"
    dimensions = 2

    cropping: Annotated[Edges2, Field(description=f"Cropped rows and columns: {FORMS2}")] = ((0, 0), (0, 0))


class Cropping3D(Cropping):
    """A volume `[depth, height, width, channels]` without its edges; each axis but the channels loses its two counts.

    Any dtype. Follows Keras 3 `layers.Cropping3D` (channels last).
    """

    keras = "layers.Cropping3D"
    spellings = ("crop3d",)
    example = "cropping3d: 1"
    dimensions = 3

    cropping: Annotated[Edges3, Field(description=f"Cropped steps: {FORMS3}")] = ((1, 1), (1, 1), (1, 1))
