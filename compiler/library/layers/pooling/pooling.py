"""Pooling: the maximum or mean of each window."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Sizes1, Sizes2, Sizes3
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan, TensorType, need_floats
from modelc.compiler.library.layers.convolutional.window_fields import (
    Directions,
    Padding,
    Window1,
    Window2,
    Window3,
    need_space,
    slide,
)
from modelc.compiler.library.layers.convolutional.window_geometry import Sliding
from modelc.compiler.library.layers.pooling.cpu_pooling import largest, total

PoolStrides1 = Annotated[Sizes1 | None, Field(description="Stride of the window; null for its size.")]
PoolStrides2 = Annotated[Sizes2 | None, Field(description="Stride of the window; null for its size.")]
PoolStrides3 = Annotated[Sizes3 | None, Field(description="Stride of the window; null for its size.")]


class Pooling(Layer):
    """Abstract: a window that slides over each channel."""

    primary = "pool_size"
    keeps: ClassVar[Kept] = "range"
    dimensions: ClassVar[int]

    pool_size: Directions
    strides: Directions | None = None
    padding: Annotated[
        Padding, Field(description="`valid`: only complete windows; `same`: windows may extend beyond the edge.")
    ] = "valid"

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        need_floats(x)
        size = slide(x, self.pool_size, self.strides or self.pool_size, self.padding, argument="pool_size")
        return Plan.of(x.with_shape(*size, x.shape[-1]).with_mask(False))

    def sliding(self, x: Array) -> Sliding:
        return Sliding.over(x.shape[1:-1], self.pool_size, self.strides or self.pool_size, self.padding)


class MaxPooling(Pooling):
    """Abstract: the largest value of each window; the first of equal ones gets the gradient."""

    keeps = "values"

    def apply(self, call: Call, x: Array) -> Array:
        return largest(x, self.sliding(x))


class AveragePooling(Pooling):
    """Abstract: the mean of each window, over its cells inside the input, summed in float32."""

    def apply(self, call: Call, x: Array) -> Array:
        sliding = self.sliding(x)
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        cells = total(jnp.ones((1, *x.shape[1:-1], 1), wide.dtype), sliding)
        return (total(wide, sliding) / cells).astype(x.dtype)


class MaxPool1D(MaxPooling):
    """The largest value of each feature in each window that slides over the sequence.

    Input `[time, features]`, output `[time', features]`; padding never wins. Follows Keras 3 `layers.MaxPooling1D`;
    `torch.nn.MaxPool1d` has channels first.
    """

    keras = "layers.MaxPooling1D"
    torch = "nn.MaxPool1d"
    example = "max_pool1d: 2"
    dimensions = 1

    pool_size: Window1 = (2,)
    strides: PoolStrides1 = None


class MaxPool2D(MaxPooling):
    """The largest value of each channel in each window that slides over the image.

    Input `[height, width, channels]`, output `[height', width', channels]`; padding never wins.
    Follows Keras 3 `layers.MaxPooling2D` (channels last); `torch.nn.MaxPool2d` has channels first.
    """

    keras = "layers.MaxPooling2D"
    torch = "nn.MaxPool2d"
    related = ("max_pooling", "max_pool")
    example = "max_pool2d: 2"
    dimensions = 2

    pool_size: Window2 = (2, 2)
    strides: PoolStrides2 = None


class MaxPool3D(MaxPooling):
    """The largest value of each channel in each window that slides over the volume.

    Input `[depth, height, width, channels]`, output `[depth', height', width', channels]`; padding never wins.
    Follows Keras 3 `layers.MaxPooling3D` (channels last); `torch.nn.MaxPool3d` has channels first.
    """

    keras = "layers.MaxPooling3D"
    torch = "nn.MaxPool3d"
    example = "max_pool3d: 2"
    dimensions = 3

    pool_size: Window3 = (2, 2, 2)
    strides: PoolStrides3 = None


class AvgPool1D(AveragePooling):
    """The mean of each feature in each window that slides over the sequence.

    Input `[time, features]`, output `[time', features]`. Under `same` a window that reaches over the edge is averaged
    over its steps inside the sequence. Follows Keras 3 `layers.AveragePooling1D`; `torch.nn.AvgPool1d` counts padding
    unless told otherwise.
    """

    keras = "layers.AveragePooling1D"
    torch = "nn.AvgPool1d"
    spellings = ("average_pool1d", "mean_pool1d")
    example = "avg_pool1d: 2"
    dimensions = 1

    pool_size: Window1
    strides: PoolStrides1 = None


class AvgPool2D(AveragePooling):
    """The mean of each channel in each window that slides over the image.

    Input `[height, width, channels]`, output `[height', width', channels]`. Under `same` a window that reaches over the
    edge is averaged over its cells inside the image. Follows Keras 3 `layers.AveragePooling2D` (channels last);
    `torch.nn.AvgPool2d` counts padding unless told otherwise.
    """

    keras = "layers.AveragePooling2D"
    torch = "nn.AvgPool2d"
    spellings = ("average_pool2d", "mean_pool2d")
    related = ("avg_pool",)
    example = "avg_pool2d: 2"
    dimensions = 2

    pool_size: Window2
    strides: PoolStrides2 = None


class AvgPool3D(AveragePooling):
    """The mean of each channel in each window that slides over the volume.

    Input `[depth, height, width, channels]`, output `[depth', height', width', channels]`. Under `same` a window that
    reaches over the edge is averaged over its cells inside the volume. Follows Keras 3 `layers.AveragePooling3D`
    (channels last); `torch.nn.AvgPool3d` counts padding unless told otherwise.
    """

    keras = "layers.AveragePooling3D"
    torch = "nn.AvgPool3d"
    spellings = ("average_pool3d", "mean_pool3d")
    example = "avg_pool3d: 2"
    dimensions = 3

    pool_size: Window3
    strides: PoolStrides3 = None
