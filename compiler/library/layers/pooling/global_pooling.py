"""Global pooling: the mean or maximum of each channel over all positions."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan, TensorType, need_floats
from modelc.compiler.library.layers.convolutional.window_fields import need_space


class GlobalPooling(Layer):
    """Abstract: every axis but the channels is pooled away, or has size 1 with `keepdims`."""

    keeps: ClassVar[Kept] = "range"
    dimensions: ClassVar[int]

    keepdims: Annotated[bool, Field(description="Whether the pooled axes are kept with size 1.")] = False

    def plan(self, x: TensorType) -> Plan:
        need_space(x, self.dimensions)
        need_floats(x)
        pooled = (1,) * self.dimensions if self.keepdims else ()
        return Plan.of(x.with_shape(*pooled, x.shape[-1]).with_mask(False))

    @property
    def axes(self) -> tuple[int, ...]:
        """The pooled axes of a batch."""
        return tuple(range(1, self.dimensions + 1))


class GlobalAveragePooling(GlobalPooling):
    """Abstract: the mean, of unmasked steps only in a layer that uses masks; summed in float32."""

    def apply(self, call: Call, x: Array) -> Array:
        mask: Array | None = call.masks.get("x") if self.masking == "use" else None
        if mask is None:
            return jnp.mean(x, self.axes, keepdims=self.keepdims)
        real = mask[..., None]
        wide = jnp.where(real, x, 0).astype(jnp.promote_types(x.dtype, "float32"))
        # A row without any real step has the mean 0; 0 / 0 would poison the gradients of the other rows.
        count = jnp.maximum(jnp.sum(real, self.axes, keepdims=self.keepdims), 1)
        return (jnp.sum(wide, self.axes, keepdims=self.keepdims) / count.astype(wide.dtype)).astype(x.dtype)


class GlobalMaxPooling(GlobalPooling):
    """Abstract: the largest value."""

    keeps = "values"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.max(x, self.axes, keepdims=self.keepdims)


class GlobalAvgPool1D(GlobalAveragePooling):
    """The mean of each feature over the sequence: input `[time, features]`, output `[features]`.

    Masked steps do not count; a row that is masked throughout gives 0, where Keras gives NaN. With `keepdims` the
    output is `[1, features]`. Follows Keras 3 `layers.GlobalAveragePooling1D`.
    """

    keras = "layers.GlobalAveragePooling1D"
    spellings = ("gap1d", "global_mean_pool1d")
    masking = "use"
    example = "global_avg_pool1d"
    dimensions = 1


class GlobalAvgPool2D(GlobalAveragePooling):
    """The mean of each channel over the image: input `[height, width, channels]`, output `[channels]`.

    With `keepdims` the output is `[1, 1, channels]`. Follows Keras 3 `layers.GlobalAveragePooling2D` (channels last);
    in PyTorch `nn.AdaptiveAvgPool2d(1)`.
    """

    keras = "layers.GlobalAveragePooling2D"
    spellings = ("gap2d", "global_mean_pool2d")
    related = ("gap",)
    example = "global_avg_pool2d"
    dimensions = 2


class GlobalAvgPool3D(GlobalAveragePooling):
    """The mean of each channel over the volume: input `[depth, height, width, channels]`, output `[channels]`.

    With `keepdims` the output is `[1, 1, 1, channels]`. Follows Keras 3 `layers.GlobalAveragePooling3D` (channels
    last).
    """

    keras = "layers.GlobalAveragePooling3D"
    spellings = ("gap3d", "global_mean_pool3d")
    example = "global_avg_pool3d"
    dimensions = 3


class GlobalMaxPool1D(GlobalMaxPooling):
    """The largest value of each feature over the sequence: input `[time, features]`, output `[features]`.

    Masked steps count, as in Keras; `max: -2` leaves them out. With `keepdims` the output is `[1, features]`. Values
    that are equally large share the gradient. Follows Keras 3 `layers.GlobalMaxPooling1D`.
    """

    keras = "layers.GlobalMaxPooling1D"
    spellings = ("gmp1d",)
    instead = "max: -2"
    example = "global_max_pool1d"
    dimensions = 1


class GlobalMaxPool2D(GlobalMaxPooling):
    """The largest value of each channel over the image: input `[height, width, channels]`, output `[channels]`.

    With `keepdims` the output is `[1, 1, channels]`. Values that are equally large share the gradient. Follows Keras 3
    `layers.GlobalMaxPooling2D` (channels last); in PyTorch `nn.AdaptiveMaxPool2d(1)`.
    """

    keras = "layers.GlobalMaxPooling2D"
    spellings = ("gmp2d",)
    example = "global_max_pool2d"
    dimensions = 2


class GlobalMaxPool3D(GlobalMaxPooling):
    """The largest value of each channel over the volume: input `[depth, height, width, channels]`, output `[channels]`.

    With `keepdims` the output is `[1, 1, 1, channels]`. Values that are equally large share the gradient. Follows Keras
    3 `layers.GlobalMaxPooling3D` (channels last).
    """

    keras = "layers.GlobalMaxPooling3D"
    spellings = ("gmp3d",)
    example = "global_max_pool3d"
    dimensions = 3
