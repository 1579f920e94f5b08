"""The layer that normalizes groups of channels of each example."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Axis, Field, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Call, Plan, TensorType, need, need_axis, need_floats
from modelc.compiler.library.layers.normalization.base import Affine, along


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
    values_of_words: ClassVar[Mapping[str, Any]] = dict.fromkeys(("instance_norm", "InstanceNormalization"), -1)
    masking = "pass"
    example = "group_norm: 8"

    groups: Annotated[
        int, Field(ge=-1, lt=2**31, description="Number of groups; -1 makes each channel its own group.")
    ] = 32
    axis: Annotated[Axis, Field(description="The axis of the channels, counted from the end.")] = -1
    epsilon: Annotated[Positive, Field(description="Added to the variance, for numerical stability.")] = 1e-3

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        channels = x.shape[self.axis]
        fitting = ", ".join(str(size) for size in range(1, min(channels, 512) + 1) if channels % size == 0)
        message = f"{channels} channels cannot be divided into {self.groups} groups"
        help = f"`groups` must divide the channels: {fitting}"
        need(self.groups != 0 and channels % self.groups == 0, message, help=help, argument="groups")
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
