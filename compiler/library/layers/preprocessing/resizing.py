"""The layers that resize images by interpolation, or crop their center."""

from typing import Annotated, Literal

from modelc.compiler.library.base.fields import Field, Number, Size
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, need_floats
from modelc.compiler.library.layers.convolutional.window_fields import need_space

Pair = tuple[int, int]


class Resizing(Layer):
    """Images interpolated to `height` and `width`: input `[height, width, channels]`, output `[height, width,
    channels]`.

    Centres of pixels are those of a grid over the same area, as in TensorFlow and in PyTorch with
    `align_corners=False`. `nearest` copies, and takes any dtype; the others take floats. With `crop_to_aspect_ratio`
    the largest part in the middle that has the new proportions is resized, with `pad_to_aspect_ratio` the image with
    `fill_value` around. Follows Keras 3 `layers.Resizing` (channels last).
    """

    keras = "layers.Resizing"
    torch = "nn.functional.interpolate"
    spellings = ("resize", "Resize")
    keeps = "range"
    example = "resizing: {height: 64, width: 64}"

    height: Annotated[Size, Field(description="Height of the output.")]
    width: Annotated[Size, Field(description="Width of the output.")]
    interpolation: Annotated[
        Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"],
        Field(
            description="Interpolation of new pixels: the nearest pixel, or weighted sums over 2, 4, 6 or 10 pixels in each direction."
        ),
    ] = "bilinear"
    crop_to_aspect_ratio: Annotated[bool, Field(description="Whether to crop edges to keep the aspect ratio.")] = False
    pad_to_aspect_ratio: Annotated[bool, Field(description="Whether to pad edges to keep the aspect ratio.")] = False
    fill_value: Annotated[Number, Field(description="Value of the edges that `pad_to_aspect_ratio` adds.")] = 0.0
    antialias: Annotated[bool, Field(description="Whether to average pixels when shrinking.")] = False

    def plan(self, x: TensorType) -> Plan:
        need_space(x, 2)
        need(
            not (self.crop_to_aspect_ratio and self.pad_to_aspect_ratio),
            "`crop_to_aspect_ratio` and `pad_to_aspect_ratio` are both true",
            help="keep one of them",
            argument="pad_to_aspect_ratio",
        )
        message = f"`fill_value` is {self.fill_value:g}, but no edges are added"
        help = "write `pad_to_aspect_ratio: true`, or omit `fill_value`"
        need(self.pad_to_aspect_ratio or self.fill_value == 0, message, help=help, argument="fill_value")
        if self.interpolation == "nearest":
            message = "`antialias` has no effect with `interpolation: nearest`"
            help = "choose `interpolation: bilinear`, or omit `antialias`"
            need(not self.antialias, message, help=help, argument="antialias")
        else:
            need_floats(x)
        return Plan.of(x.with_shape(self.height, self.width, x.shape[-1]))

    def moves(self) -> bool:
        return self.interpolation == "nearest"

    def apply(self, call: Call, x: Array) -> Array:
        size = self.height, self.width
        if self.crop_to_aspect_ratio:
            x = middle(x, proportional((x.shape[1], x.shape[2]), size))
        if self.pad_to_aspect_ratio:
            height, width = x.shape[1:3]
            above = (max(height, width * self.height // self.width) - height) // 2
            beside = (max(width, height * self.width // self.height) - width) // 2
            edges = ((0, 0), (above, above), (beside, beside), (0, 0))
            x = jnp.pad(x, edges, constant_values=self.fill_value)
        return resized(x, size, self.interpolation, antialias=self.antialias)


class CenterCrop(Layer):
    """The middle of images: input `[height, width, channels]`, output of the given `height` and `width`.

    An image that is smaller along an axis is resized instead: the largest part in its middle that has the proportions
    is interpolated bilinearly. Any dtype; floats where it is resized. Follows Keras 3 `layers.CenterCrop`
    (channels last).
    """

    keras = "layers.CenterCrop"
    spellings = ("crop_center",)
    keeps = "range"
    exact = True
    example = "center_crop: {height: 56, width: 56}"

    height: Annotated[Size, Field(description="Height of the output.")]
    width: Annotated[Size, Field(description="Width of the output.")]

    def plan(self, x: TensorType) -> Plan:
        need_space(x, 2)
        if x.shape[0] < self.height or x.shape[1] < self.width:
            need_floats(x)
        return Plan.of(x.with_shape(self.height, self.width, x.shape[-1]))

    def apply(self, call: Call, x: Array) -> Array:
        size = self.height, self.width
        if x.shape[1] >= self.height and x.shape[2] >= self.width:
            return middle(x, size)
        return resized(middle(x, proportional((x.shape[1], x.shape[2]), size)), size, "bilinear")


def proportional(whole: Pair, size: Pair) -> Pair:
    """The largest height and width within `whole` that have the proportions of `size`, at least 1."""
    height, width = size
    return max(min(whole[0], whole[1] * height // width), 1), max(min(whole[1], whole[0] * width // height), 1)


def middle(x: Array, size: Pair) -> Array:
    """The middle of a batch of images; of two middles the upper or left one."""
    top, left = ((whole - part) // 2 for whole, part in zip(x.shape[1:3], size, strict=True))
    return x[:, top : top + size[0], left : left + size[1]]


def resized(x: Array, size: Pair, interpolation: str, *, antialias: bool = False) -> Array:
    """A batch of images interpolated to `size`, in float32 where they are narrower."""
    if (x.shape[1], x.shape[2]) == size:
        return x
    wide = x if interpolation == "nearest" else x.astype(jnp.promote_types(x.dtype, "float32"))
    shape = (x.shape[0], *size, x.shape[3])
    y: Array = jax.image.resize(wide, shape, interpolation, antialias=antialias).astype(x.dtype)
    return y
