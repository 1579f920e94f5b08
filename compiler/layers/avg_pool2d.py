"""The layer that averages each window."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from modelc.compiler.layer import Call, Layer, Plan
from modelc.compiler.layers.windows import Padding, need_image, slide
from modelc.compiler.numbers import Sizes2
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class AvgPool2D(Layer):
    """The mean of each channel in each window that slides over the image.

    Input `[height, width, channels]`, output `[height', width', channels]`. Under `same` a window that reaches over the
    edge is averaged over its cells inside the image. Follows Keras 3 `layers.AveragePooling2D` (channels last);
    `torch.nn.AvgPool2d` counts padding unless told otherwise.
    """

    primary: ClassVar[str | None] = "pool_size"
    spellings: ClassVar[tuple[str, ...]] = ("AveragePooling2D", "average_pool2d", "avg_pool", "mean_pool2d")
    example: ClassVar[str] = "avg_pool2d: 2"

    pool_size: Annotated[Sizes2, Field(description="Height and width of the window; one number for both.")]
    strides: Annotated[Sizes2 | None, Field(description="Step of the window; null for its size.")] = None
    padding: Annotated[
        Padding, Field(description="`valid`: only whole windows; `same`: windows may reach over the edge.")
    ] = "valid"

    def plan(self, x: TensorType) -> Plan:
        need_image(x)
        size = slide(x, self.pool_size, self.strides or self.pool_size, self.padding, argument="pool_size")
        return Plan.of(x.with_shape(*size, x.shape[-1]).with_mask(False))

    def apply(self, call: Call, x: "Array") -> "Array":
        import jax.numpy as jnp

        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        cells = self.sums(jnp.ones((1, *x.shape[1:3], 1), wide.dtype))
        return (self.sums(wide) / cells).astype(x.dtype)

    def sums(self, x: "Array") -> "Array":
        """The sum of each window."""
        from jax import lax

        window, strides = (1, *self.pool_size, 1), (1, *(self.strides or self.pool_size), 1)
        y: Array = lax.reduce_window(x, 0.0, lax.add, window, strides, self.padding.upper())
        return y
