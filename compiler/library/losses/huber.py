"""Huber's loss."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class Huber(ElementwiseLoss):
    """Squared for small errors, straight for large ones: `e ** 2 / 2` up to `delta`, then `delta * (|e| - delta / 2)`.

    `e = output - target`, value by value; shapes must be equal. The loss is the mean over all values. Follows Keras 3
    `Huber`; PyTorch's `SmoothL1Loss` with `beta` is this divided by `delta`.
    """

    keras: ClassVar[str] = "losses.Huber"
    torch: ClassVar[str] = "nn.HuberLoss"
    primary: ClassVar[str | None] = "delta"
    spellings: ClassVar[tuple[str, ...]] = ("smooth_l1", "SmoothL1Loss")
    example: ClassVar[str] = "huber: 1.0"

    delta: Annotated[Positive, Field(description="The error from which on the loss grows in a straight line.")] = 1.0

    def compare(self, values: Array, truth: Array) -> Array:
        size = jnp.abs(values - truth)
        return jnp.where(size <= self.delta, 0.5 * jnp.square(size), self.delta * (size - 0.5 * self.delta))
