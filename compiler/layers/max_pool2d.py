"""The layer that keeps the largest value of each window."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from modelc.compiler.layer import Call, Layer, Plan
from modelc.compiler.layers.windows import Padding, need_image, slide
from modelc.compiler.numbers import Sizes2
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class MaxPool2D(Layer):
    """The largest value of each channel in each window that slides over the image.

    Input `[height, width, channels]`, output `[height', width', channels]`; padding never wins.
    Follows Keras 3 `layers.MaxPooling2D` (channels last).
    """

    primary: ClassVar[str | None] = "pool_size"
    spellings: ClassVar[tuple[str, ...]] = ("MaxPooling2D", "max_pooling", "max_pool")
    example: ClassVar[str] = "max_pool2d: 2"

    pool_size: Annotated[Sizes2, Field(description="Height and width of the window; one number for both.")] = (2, 2)
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
        from jax import lax

        window, strides = (1, *self.pool_size, 1), (1, *(self.strides or self.pool_size), 1)
        y: Array = lax.reduce_window(x, -jnp.inf, lax.max, window, strides, self.padding.upper())
        return y
