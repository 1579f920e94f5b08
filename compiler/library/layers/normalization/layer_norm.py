"""The layers that normalize each example by itself: over axes, over groups of channels, to a length."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Axes, Axis, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Weight
from modelc.compiler.library.initializers.constant import Ones
from modelc.compiler.library.layers.normalization.base import Affine, along, need_axes, sizes_along, standardized


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
    epsilon: Annotated[Positive, Field(description="What is added to the variance.")] = 1e-3

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
    masking = "pass"
    example = "rms_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="What is added to the mean of squares.")] = 1e-6

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axes(self.axis, x)
        shape, names = sizes_along(self.axis, x)
        return Plan.of(x, {"scale": Weight(shape, Ones(), names)})

    def apply(self, call: Call, x: Array) -> Array:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis=self.axis, keepdims=True) + self.epsilon)
        return (y * along(self.axis, call.params["scale"], y)).astype(x.dtype)


class GroupNorm(Affine):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with mean and variance over a group of channels.

    The shape is kept; `gamma` and `beta` have a value for each entry of `axis`, which is split into `groups` of
    neighbours. Statistics are those of each example, over all its other axes too, in float32; masked steps count. One
    group is layer normalization over all axes, as many groups as channels (-1) is instance normalization. Wu and He
    2018; follows Keras 3 `layers.GroupNormalization`, whose `epsilon` is 1e-3 where PyTorch has 1e-5.
    """

    keras = "layers.GroupNormalization"
    torch = "nn.GroupNorm"
    primary = "groups"
    spellings = ("gn",)
    akin = ("instance_norm", "InstanceNormalization")
    masking = "pass"
    example = "group_norm: 8"

    groups: Annotated[
        int, Field(ge=-1, lt=2**31, description="Number of groups; -1 makes each channel one of its own.")
    ] = 32
    axis: Annotated[Axis, Field(description="The axis of the channels, counted from the end.")] = -1
    epsilon: Annotated[Positive, Field(description="What is added to the variance.")] = 1e-3

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        channels = x.shape[self.axis]
        fitting = ", ".join(str(size) for size in range(1, min(channels, 512) + 1) if channels % size == 0)
        need(
            self.groups != 0 and channels % self.groups == 0,
            f"{channels} channels cannot be split into {self.groups} groups",
            help=f"`groups` must divide the channels: {fitting}",
            argument="groups",
        )
        return Plan.of(x, self.affine_weights((channels,), ("embed",)))

    def apply(self, call: Call, x: Array) -> Array:
        channels = x.shape[self.axis]
        groups = channels if self.groups == -1 else self.groups
        place = x.ndim + self.axis
        others = tuple(axis for axis in range(1, x.ndim) if axis != place)
        shape = [size if axis in (0, place) else 1 for axis, size in enumerate(x.shape)]

        def mean(values: Array) -> Array:
            """The mean of its group for each channel."""
            each = jnp.mean(jnp.mean(values, others).reshape(-1, groups, channels // groups), -1)
            return jnp.repeat(each, channels // groups, -1).reshape(shape)

        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        # Both means in one pass, about a value near the first: see `BatchNorm.statistics`.
        near = lax.stop_gradient(mean(lax.slice_in_dim(wide, 0, 1, axis=others[0]) if others else wide))
        offset = wide - near
        centre = mean(offset)
        factor = lax.rsqrt(jnp.maximum(mean(jnp.square(offset)) - jnp.square(centre), 0) + self.epsilon)
        if self.scale:
            factor = factor * along((self.axis,), call.params["gamma"], wide)
        shift = -centre * factor
        if self.center:
            shift = shift + along((self.axis,), call.params["beta"], wide)
        return (offset * factor + shift).astype(x.dtype)


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
