"""The layer that averages a whole image."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from modelc.compiler.layer import Call, Layer, Plan
from modelc.compiler.layers.windows import need_image
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class GlobalAvgPool2D(Layer):
    """The mean of each channel over the image: input `[height, width, channels]`, output `[channels]`.

    With `keepdims` the output is `[1, 1, channels]`. Follows Keras 3 `layers.GlobalAveragePooling2D` (channels last).
    """

    spellings: ClassVar[tuple[str, ...]] = ("GlobalAveragePooling2D", "gap", "gap2d", "global_mean_pool2d")
    example: ClassVar[str] = "global_avg_pool2d"

    keepdims: Annotated[bool, Field(description="Whether height and width stay, as axes of size 1.")] = False

    def plan(self, x: TensorType) -> Plan:
        need_image(x)
        channels = x.shape[-1]
        return Plan.of(x.with_shape(*((1, 1, channels) if self.keepdims else (channels,))).with_mask(False))

    def apply(self, call: Call, x: "Array") -> "Array":
        import jax.numpy as jnp

        return jnp.mean(x, axis=(1, 2), keepdims=self.keepdims)
