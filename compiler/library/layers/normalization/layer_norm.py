"""The layers that normalize each example separately: by mean and variance, by the root mean square, or to unit length."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axes, Field, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, Weight, need_floats
from modelc.compiler.library.initializers.constant import Ones
from modelc.compiler.library.layers.normalization.base import (
    FEATURES,
    Affine,
    along,
    need_axes,
    sizes_along,
    standardized,
)


class LayerNorm(Affine):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with mean and variance over `axis` of each example.

    The shape is kept; `gamma` and `beta` have the sizes of the axes. Statistics are in float32. Ba et al. 2016; follows
    Keras 3 `layers.LayerNormalization`, whose `epsilon` is 1e-3 where PyTorch has 1e-5.
    """

    keras = "layers.LayerNormalization"
    torch = "nn.LayerNorm"
    spellings = ("ln",)
    masking = "pass"
    example = "layer_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="Added to the variance, for numerical stability.")] = 1e-3

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        return Plan.of(x, self.affine_weights(*sizes_along(self.axis, x)))

    def apply(self, call: Call, x: Array) -> Array:
        y = standardized(x.astype(jnp.promote_types(x.dtype, "float32")), self.axis, self.epsilon)
        return self.affine(call, y, self.axis).astype(x.dtype)


class RMSNorm(Layer):
    """`y = x / sqrt(mean(x**2) + epsilon) * scale`, with the mean over `axis` of each example.

    The shape is kept; `scale` has the sizes of the axes and starts at 1. Statistics are in float32. Zhang and Sennrich
    2019; follows Keras 3 `layers.RMSNormalization`; `torch.nn.RMSNorm` has the machine's epsilon.
    """

    keras = "layers.RMSNormalization"
    torch = "nn.RMSNorm"
    spellings = ("root_mean_square_norm",)
    foreign_value = FEATURES
    masking = "pass"
    example = "rms_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="Added to the mean of squares, for numerical stability.")] = 1e-6

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        shape, names = sizes_along(self.axis, x)
        return Plan.of(x, {"scale": Weight(shape, Ones(), names)})

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis=self.axis, keepdims=True) + self.epsilon)
        return (y * along(self.axis, call.params["scale"], y)).astype(x.dtype)


SHORTEST = 1e-12
"""Vectors shorter than this are divided by it, not by their length."""


class UnitNorm(Layer):
    """`y = x / sqrt(sum(x**2))`, with the sum over `axis` of each example: vectors of length 1.

    The shape is kept; no weights. Vectors shorter than 1e-12 are divided by that; their gradient is as of a number.
    Follows Keras 3 `layers.UnitNormalization`.
    """

    keras = "layers.UnitNormalization"
    primary = "axis"
    spellings = ("l2_normalize", "l2_norm")
    masking = "pass"
    example = "unit_norm"

    axis: Annotated[Axes, Field(description="The axis or axes of a vector, counted from the end.")] = (-1,)

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        return scale_to_one(wide, self.axis).astype(x.dtype)


def scale_to_one(x: Array, axes: tuple[int, ...], shortest: float = SHORTEST) -> Array:
    """`x` over its length along `axes`, or over `shortest` where it is shorter. Keras 3 `ops.normalize`."""
    square = jnp.sum(jnp.square(x), axis=axes, keepdims=True)
    long = square > shortest**2
    # The root is not taken of what is not used: at 0 it would make the gradient NaN.
    return x * jnp.where(long, lax.rsqrt(jnp.where(long, square, 1)), 1 / shortest)
