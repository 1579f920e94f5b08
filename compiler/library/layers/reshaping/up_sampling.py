"""The layers that upsample a sequence, an image or a volume by integer factors, without weights."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Sizes1, Sizes2, Sizes3
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan, TensorType, need_floats
from modelc.compiler.library.layers.convolutional.window_fields import Directions, need_space


class UpSampling(Layer):
    """Abstract: each place becomes `size` places, which copies of it fill unless a subclass says otherwise."""

    primary = "size"
    keeps: ClassVar[Kept] = "values"
    dimensions: ClassVar[int]

    size: Directions

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        self.check(x)
        larger = (whole * factor for whole, factor in zip(x.shape, self.size, strict=False))
        return Plan.of(x.with_shape(*larger, x.shape[-1]).with_mask(False))

    def check(self, x: TensorType) -> None:
        """Raise PlanError for values that cannot fill the new places; copies of any can."""

    def apply(self, call: Call, x: Array) -> Array:
        return repeated(x, self.size)


def repeated(x: Array, factors: Directions) -> Array:
    """`x` `[batch, ..., channels]` with each place repeated by the factor of its axis."""
    for axis, factor in enumerate(factors, 1):
        x = jnp.repeat(x, factor, axis)
    return x


class UpSampling1D(UpSampling):
    """Each step of a sequence `size` times: input `[time, features]`, output `[time * size, features]`.

    Any dtype. Follows Keras 3 `layers.UpSampling1D`; in PyTorch `nn.Upsample` with `mode="nearest"`.
    """

    keras = "layers.UpSampling1D"
    spellings = ("upsample1d",)
    example = "up_sampling1d: 2"
    dimensions = 1

    size: Annotated[Sizes1, Field(description="Number of copies of each step.")] = (2,)


class UpSampling2D(UpSampling):
    """An image made larger: input `[height, width, channels]`, output `[height * size, width * size, channels]`.

    `nearest` repeats rows and columns and takes any dtype. `bilinear` takes floats and interpolates between the centres
    of cells; beyond the outermost centres the value stays. Follows Keras 3 `layers.UpSampling2D` (channels last); in
    PyTorch `nn.Upsample` with `align_corners=False`.
    """

    keras = "layers.UpSampling2D"
    torch = "nn.Upsample"
    spellings = ("upsample2d", "UpsamplingNearest2d")
    related = ("Upsample",)
    values_of_words: ClassVar[Mapping[str, Any]] = {"UpsamplingBilinear2d": {"interpolation": "bilinear"}}
    keeps = "range"
    example = "up_sampling2d: {size: 2, interpolation: bilinear}"
    dimensions = 2

    size: Annotated[Sizes2, Field(description="Factors of height and width; one number for both.")] = (2, 2)
    interpolation: Annotated[
        Literal["nearest", "bilinear"], Field(description="Interpolation of new values: the nearest value, or linear.")
    ] = "nearest"

    def check(self, x: TensorType) -> None:
        if self.interpolation == "bilinear":
            need_floats(x)

    def moves(self) -> bool:
        return self.interpolation == "nearest"

    def apply(self, call: Call, x: Array) -> Array:
        if self.interpolation == "nearest":
            return super().apply(call, x)
        height, width = (whole * factor for whole, factor in zip(x.shape[1:3], self.size, strict=True))
        wide = x.astype(jax.numpy.promote_types(x.dtype, "float32"))
        y: Array = jax.image.resize(wide, (x.shape[0], height, width, x.shape[3]), "bilinear").astype(x.dtype)
        return y


class UpSampling3D(UpSampling):
    """Each place of a volume `size` times along each axis: input and output `[depth, height, width, channels]`.

    Any dtype. Follows Keras 3 `layers.UpSampling3D` (channels last); in PyTorch `nn.Upsample` with `mode="nearest"`.
    """

    keras = "layers.UpSampling3D"
    spellings = ("upsample3d",)
    example = "up_sampling3d: 2"
    dimensions = 3

    size: Annotated[Sizes3, Field(description="Factors of depth, height and width; one number for all.")] = (2, 2, 2)
