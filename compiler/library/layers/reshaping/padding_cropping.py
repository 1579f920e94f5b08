"""The layers that pad or crop the edges of a sequence, an image or a volume: with zeros, the edge or its mirror image."""

from collections.abc import Mapping
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


def other_ways(dimensions: int) -> Mapping[str, str]:
    """What stands for the arguments of others that say what is padded with."""
    layers = f"`reflection_padding{dimensions}d` mirrors, `edge_padding{dimensions}d` repeats the edge"
    return {
        "mode": f"remove it for zeros; each other way is a layer of its own: {layers}",
        **dict.fromkeys(("constant_values", "value"), f"remove it: this pads with zeros; {layers}"),
    }


class Padding(Layer):
    """Abstract: `edges` of values around."""

    primary = "padding"
    keeps = "values"
    dimensions: ClassVar[int]
    mode: ClassVar[str]
    """The mode of `numpy.pad`."""

    padding: tuple[Any, ...]

    @property
    def edges(self) -> Edges:
        return (self.padding,) if self.dimensions == 1 else self.padding

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        size = (whole + before + after for whole, (before, after) in zip(x.shape, self.edges, strict=False))
        return Plan.of(x.with_shape(*size, x.shape[-1]).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.pad(x, ((0, 0), *self.edges, (0, 0)), mode=self.mode)


class ZeroPadding(Padding):
    """Abstract: zeros around."""

    mode = "constant"


class EdgePadding(Padding):
    """Abstract: what is at the edge, again around."""

    mode = "edge"


class ReflectionPadding(Padding):
    """Abstract: what is next to the edge, mirrored around."""

    mode = "reflect"

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        for size, counts in zip(x.shape, self.edges, strict=False):
            message = (
                f"{show_sizes(x.shape[:-1])} has too little to mirror {max(counts)} values along an axis of size {size}"
            )
            help = f"give at most {size - 1} there: the value at the edge is not mirrored; `edge_padding{self.dimensions}d` has no bound"
            need(max(counts) < size, message, help=help, argument="padding")
        return super().plan(x)


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
    foreign_arguments = other_ways(1)

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
    foreign_arguments = other_ways(2)

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
    foreign_arguments = other_ways(3)

    padding: Annotated[Edges3, Field(description=f"Zeros: {FORMS3}")] = ((1, 1), (1, 1), (1, 1))


class EdgePadding1D(EdgePadding):
    """The values at the edges of a sequence, again around it.

    Input `[time, features]`, output `[time + start + end, features]`, of any dtype. `[a, b, c]` with two on each
    side is `[a, a, a, b, c, c, c]`. Follows Keras 3 `ops.pad` with `mode="edge"`, NumPy's;
    `torch.nn.ReplicationPad1d` has the channels first.
    """

    torch = "nn.ReplicationPad1d"
    spellings = ("replicate_padding1d",)
    example = "edge_padding1d: [2, 0]"
    dimensions = 1

    padding: Annotated[Counts2, Field(description=f"Added values: {FORMS1}")] = (1, 1)


class EdgePadding2D(EdgePadding):
    """The values at the edges of an image, again around it.

    Input `[height, width, channels]`, output `[height + top + bottom, width + left + right, channels]`, of any
    dtype. `[a, b, c]` with two on each side is `[a, a, a, b, c, c, c]`. Follows Keras 3 `ops.pad` with
    `mode="edge"`, NumPy's; `torch.nn.ReplicationPad2d` takes left, right, top, bottom.
    """

    torch = "nn.ReplicationPad2d"
    spellings = ("replicate_padding2d",)
    example = "edge_padding2d: [[1, 1], [0, 2]]"
    dimensions = 2

    padding: Annotated[Edges2, Field(description=f"Added values: {FORMS2}")] = ((1, 1), (1, 1))


class EdgePadding3D(EdgePadding):
    """The values at the edges of a volume, again around it.

    Input `[depth, height, width, channels]`, of which each axis but the channels grows by its two counts, of any
    dtype. `[a, b, c]` with two on each side is `[a, a, a, b, c, c, c]`. Follows Keras 3 `ops.pad` with
    `mode="edge"`, NumPy's; `torch.nn.ReplicationPad3d` takes the last axis first.
    """

    torch = "nn.ReplicationPad3d"
    spellings = ("replicate_padding3d",)
    example = "edge_padding3d: 1"
    dimensions = 3

    padding: Annotated[Edges3, Field(description=f"Added values: {FORMS3}")] = ((1, 1), (1, 1), (1, 1))


class ReflectionPadding1D(ReflectionPadding):
    """A sequence mirrored at its edges, around it.

    Input `[time, features]`, output `[time + start + end, features]`, of any dtype. `[a, b, c]` with two on each
    side is `[c, b, a, b, c, b, a]`: the edge itself is not repeated. Follows Keras 3 `ops.pad` with
    `mode="reflect"`; `torch.nn.ReflectionPad1d` has the channels first.
    """

    torch = "nn.ReflectionPad1d"
    spellings = ("reflect_padding1d", "mirror_padding1d")
    example = "reflection_padding1d: [2, 0]"
    dimensions = 1

    padding: Annotated[Counts2, Field(description=f"Added values: {FORMS1}")] = (1, 1)


class ReflectionPadding2D(ReflectionPadding):
    """An image mirrored at its edges, around it.

    Input `[height, width, channels]`, output `[height + top + bottom, width + left + right, channels]`, of any
    dtype. `[a, b, c]` with two on each side is `[c, b, a, b, c, b, a]`: the edge itself is not repeated. Follows
    Keras 3 `ops.pad` with `mode="reflect"`; `torch.nn.ReflectionPad2d` takes left, right, top, bottom.
    """

    torch = "nn.ReflectionPad2d"
    spellings = ("reflect_padding2d", "mirror_padding2d")
    example = "reflection_padding2d: [[1, 1], [0, 2]]"
    dimensions = 2

    padding: Annotated[Edges2, Field(description=f"Added values: {FORMS2}")] = ((1, 1), (1, 1))


class ReflectionPadding3D(ReflectionPadding):
    """A volume mirrored at its edges, around it.

    Input `[depth, height, width, channels]`, of which each axis but the channels grows by its two counts, of any
    dtype. `[a, b, c]` with two on each side is `[c, b, a, b, c, b, a]`: the edge itself is not repeated. Follows
    Keras 3 `ops.pad` with `mode="reflect"`; `torch.nn.ReflectionPad3d` takes the last axis first.
    """

    torch = "nn.ReflectionPad3d"
    spellings = ("reflect_padding3d", "mirror_padding3d")
    example = "reflection_padding3d: 1"
    dimensions = 3

    padding: Annotated[Edges3, Field(description=f"Added values: {FORMS3}")] = ((1, 1), (1, 1), (1, 1))


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
