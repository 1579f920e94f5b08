"""The layers that pool to a given output size."""

from collections.abc import Callable
from math import prod
from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Sizes1, Sizes2, Sizes3
from modelc.compiler.library.base.lazy import Array, jnp, np
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan, TensorType, need_floats
from modelc.compiler.library.layers.convolutional.window_fields import Directions, need_space

OutputSize1 = Annotated[Sizes1, Field(description="Number of steps of the output.")]
OutputSize2 = Annotated[Sizes2, Field(description="Height and width of the output; one number for both.")]
OutputSize3 = Annotated[Sizes3, Field(description="Depth, height and width of the output; one number for all.")]


class AdaptivePooling(Layer):
    """Abstract: place i of n along an axis of size s pools from `floor(i * s / n)` to before `ceil((i + 1) * s / n)`.

    Keras 3.15 rounds these two in float32 and so takes wrong windows, or NaN, for some sizes: 7 from 7, for example.
    """

    primary = "output_size"
    keeps: ClassVar[Kept] = "range"
    dimensions: ClassVar[int]

    output_size: Directions

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        need_floats(x)
        return Plan.of(x.with_shape(*self.output_size, x.shape[-1]).with_mask(False))


class AdaptiveMaxPooling(AdaptivePooling):
    """Abstract: the largest value of each window."""

    keeps = "values"

    def apply(self, call: Call, x: Array) -> Array:
        return pool_axes(x, self.output_size, largest)


class AdaptiveAveragePooling(AdaptivePooling):
    """Abstract: the mean of each window, summed in float32."""

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        return pool_axes(wide, self.output_size, mean).astype(x.dtype)


Pool = Callable[[Array, int, list[range]], Array]
"""One value of each window along one axis."""


def pool_axes(x: Array, output_size: Directions, pool: Pool) -> Array:
    """`x` `[batch, ..., channels]` with each axis between the two pooled to its output size, one after the other."""
    for axis, count in enumerate(output_size, 1):
        x = pool(x, axis, windows(x.shape[axis], count))
    return x


def windows(size: int, count: int) -> list[range]:
    """The places that each of `count` outputs pools: as even as possible, in integers."""
    return [range(place * size // count, -(-(place + 1) * size // count)) for place in range(count)]


def mean(x: Array, axis: int, windows: list[range]) -> Array:
    """The mean of each window: a matrix product, since windows differ in size."""
    shares = np.zeros((x.shape[axis], len(windows)), x.dtype)
    for place, window in enumerate(windows):
        shares[window.start : window.stop, place] = 1 / len(window)
    # Axes before it are a batch and those after it are columns, so that nothing is transposed.
    y = jnp.asarray(shares.T) @ x.reshape(prod(x.shape[:axis]), x.shape[axis], -1)
    return y.reshape(*x.shape[:axis], len(windows), *x.shape[axis + 1 :])


def largest(x: Array, axis: int, windows: list[range]) -> Array:
    """The largest value of each window; short windows repeat their last place."""
    width = max(map(len, windows))
    places = np.array([[min(window.start + step, window.stop - 1) for step in range(width)] for window in windows])
    return jnp.max(jnp.take(x, places, axis=axis), axis=axis + 1)


class AdaptiveAvgPool1D(AdaptiveAveragePooling):
    """The mean of each feature in `output_size` windows that cover the sequence evenly.

    Input `[time, features]`, output `[output_size, features]`; window i goes from step `floor(i * time / output_size)`
    to before `ceil((i + 1) * time / output_size)`. Follows `torch.nn.AdaptiveAvgPool1d` and Keras 3
    `layers.AdaptiveAveragePooling1D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveAveragePooling1D"
    torch = "nn.AdaptiveAvgPool1d"
    example = "adaptive_avg_pool1d: 4"
    dimensions = 1

    output_size: OutputSize1


class AdaptiveAvgPool2D(AdaptiveAveragePooling):
    """The mean of each channel in a grid of `output_size` windows that cover the image evenly.

    Input `[height, width, channels]`, output `[*output_size, channels]`; along an axis of size s, window i of n goes
    from `floor(i * s / n)` to before `ceil((i + 1) * s / n)`. Follows `torch.nn.AdaptiveAvgPool2d` and Keras 3
    `layers.AdaptiveAveragePooling2D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveAveragePooling2D"
    torch = "nn.AdaptiveAvgPool2d"
    example = "adaptive_avg_pool2d: 7"
    dimensions = 2

    output_size: OutputSize2


class AdaptiveAvgPool3D(AdaptiveAveragePooling):
    """The mean of each channel in a grid of `output_size` windows that cover the volume evenly.

    Input `[depth, height, width, channels]`, output `[*output_size, channels]`; along an axis of size s, window i of n
    goes from `floor(i * s / n)` to before `ceil((i + 1) * s / n)`. Follows `torch.nn.AdaptiveAvgPool3d` and Keras 3
    `layers.AdaptiveAveragePooling3D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveAveragePooling3D"
    torch = "nn.AdaptiveAvgPool3d"
    example = "adaptive_avg_pool3d: [2, 4, 4]"
    dimensions = 3

    output_size: OutputSize3


class AdaptiveMaxPool1D(AdaptiveMaxPooling):
    """The largest value of each feature in `output_size` windows that cover the sequence evenly.

    Input `[time, features]`, output `[output_size, features]`; window i goes from step `floor(i * time / output_size)`
    to before `ceil((i + 1) * time / output_size)`. Follows `torch.nn.AdaptiveMaxPool1d` and Keras 3
    `layers.AdaptiveMaxPooling1D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveMaxPooling1D"
    torch = "nn.AdaptiveMaxPool1d"
    example = "adaptive_max_pool1d: 4"
    dimensions = 1

    output_size: OutputSize1


class AdaptiveMaxPool2D(AdaptiveMaxPooling):
    """The largest value of each channel in a grid of `output_size` windows that cover the image evenly.

    Input `[height, width, channels]`, output `[*output_size, channels]`; along an axis of size s, window i of n goes
    from `floor(i * s / n)` to before `ceil((i + 1) * s / n)`. Follows `torch.nn.AdaptiveMaxPool2d` and Keras 3
    `layers.AdaptiveMaxPooling2D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveMaxPooling2D"
    torch = "nn.AdaptiveMaxPool2d"
    example = "adaptive_max_pool2d: 7"
    dimensions = 2

    output_size: OutputSize2


class AdaptiveMaxPool3D(AdaptiveMaxPooling):
    """The largest value of each channel in a grid of `output_size` windows that cover the volume evenly.

    Input `[depth, height, width, channels]`, output `[*output_size, channels]`; along an axis of size s, window i of n
    goes from `floor(i * s / n)` to before `ceil((i + 1) * s / n)`. Follows `torch.nn.AdaptiveMaxPool3d` and Keras 3
    `layers.AdaptiveMaxPooling3D`, which misses some of these windows by rounding (7 of 7 places).
    """

    keras = "layers.AdaptiveMaxPooling3D"
    torch = "nn.AdaptiveMaxPool3d"
    example = "adaptive_max_pool3d: [2, 4, 4]"
    dimensions = 3

    output_size: OutputSize3
