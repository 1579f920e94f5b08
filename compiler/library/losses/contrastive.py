"""Losses of two values of the model that should be alike or differ, as a target says."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.fields import Number, Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import Loss, at_least_float32, need
from modelc.compiler.library.losses.distances import Distance, between, need_alike


class PairLoss(Loss):
    """Abstract: two values `[..., size]` and a target `[...]`, 1 for alike and 0 for different; elements `[...]`."""

    slots: ClassVar[tuple[str, ...]] = ("first", "second")

    def plan(self, first: TensorType, second: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_alike(first, second)
        need(
            target is None or target.shape == first.shape[:-1],
            f"pairs of shape {show_shape(first.shape)} need a target of shape {show_shape(first.shape[:-1])}, got "
            f"{show_shape(target.shape if target else ())}",
            help="the target says of each pair whether it is alike: 1, or different: 0",
            code="E304",
        )
        return first.shape[:-1]

    def bounds(self, first: TensorType, second: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, first: Array, second: Array, target: Array | None) -> Array:
        assert target is not None, "this loss takes a target"
        left, right = at_least_float32(first), at_least_float32(second)
        return self.compare(left, right, target.astype(left.dtype))

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        """The loss of each pair; all in at least float32."""
        raise NotImplementedError


class Contrastive(PairLoss):
    """Pulls alike pairs together, and different ones apart up to a margin: `t * d**2 / 2 + (1 - t) * max(margin - d,
    0)**2 / 2`.

    Two values `[..., size]` of the model, named by `of: [a, b]` beside the loss; `d` is their distance over the last axis. The target `[...]`
    is 1 for alike and 0 for different. The elements have shape `[...]`, and the loss is their mean. Source: Hadsell,
    Chopra and LeCun 2006 (https://doi.org/10.1109/CVPR.2006.100), whose `Y` is `1 - t`; TensorFlow Addons'
    `ContrastiveLoss` is twice this.
    """

    primary: ClassVar[str | None] = "margin"
    spellings: ClassVar[tuple[str, ...]] = ("ContrastiveLoss", "contrastive_loss", "siamese")
    example: ClassVar[str] = "contrastive: {margin: 1.0}"

    margin: Annotated[Positive, Field(description="The distance from which on different pairs are no loss.")] = 1.0
    distance: Distance = "euclidean"

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        apart = between(first, second, self.distance)
        near = between(first, second, "squared_euclidean") if self.distance == "euclidean" else apart
        # A large distance of a different pair may have an infinite square, and 0 times that is NaN.
        near = jnp.where(alike > 0, near, 0.0)
        near = near if self.distance == "euclidean" else jnp.square(near)
        return 0.5 * (alike * near + (1.0 - alike) * jnp.square(jnp.maximum(self.margin - apart, 0.0)))


class CosineEmbedding(PairLoss):
    """Turns alike pairs into one direction, and different ones apart: `t * (1 - cos) + (1 - t) * max(cos - margin, 0)`.

    Two values `[..., size]` of the model, named by `of: [a, b]` beside the loss; `cos` is the cosine of the angle between them, 0 for a vector
    of zeros. The target `[...]` is 1 for alike and 0 for different. The elements have shape `[...]`, and the loss is
    their mean. Follows PyTorch's `CosineEmbeddingLoss`, whose target for different pairs is -1.
    """

    torch: ClassVar[str] = "nn.CosineEmbeddingLoss"
    primary: ClassVar[str | None] = "margin"
    example: ClassVar[str] = "cosine_embedding: {margin: 0.2}"

    margin: Annotated[Number, Field(ge=-1, le=1, description="The cosine up to which different pairs are no loss.")] = (
        0.0
    )

    def compare(self, first: Array, second: Array, alike: Array) -> Array:
        cosine = comparisons.cosine(first, second)
        return alike * (1.0 - cosine) + (1.0 - alike) * jnp.maximum(cosine - self.margin, 0.0)
