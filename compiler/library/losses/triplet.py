"""The loss of an anchor that should be nearer to one value than to another."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import Loss, at_least_float32
from modelc.compiler.library.losses.distances import Distance, between, need_alike


class Triplet(Loss):
    """Wants an anchor nearer to a positive than to a negative, by a margin: `max(d(a, p) - d(a, n) + margin, 0)`.

    Three values `[..., size]` of the model, named by `of: [a, p, n]` beside the loss, or `of: {anchor: a, positive: p, negative: n}`; `d` is their distance over the
    last axis. There is no target. The elements have shape `[...]`, and the loss is their mean. Source: Schroff,
    Kalenichenko and Philbin 2015 (https://arxiv.org/abs/1503.03832), for vectors of length 1 (`unit_norm`); PyTorch's
    `TripletMarginLoss` is `distance: euclidean` with a margin of 1.
    """

    torch: ClassVar[str] = "nn.TripletMarginLoss"
    primary: ClassVar[str | None] = "margin"
    spellings: ClassVar[tuple[str, ...]] = ("triplet_loss",)
    akin: ClassVar[tuple[str, ...]] = ("TripletMarginLoss",)
    example: ClassVar[str] = "triplet: {margin: 0.2}"
    slots: ClassVar[tuple[str, ...]] = ("anchor", "positive", "negative")
    takes_target: ClassVar[bool] = False

    margin: Annotated[Positive, Field(description="How much nearer the positive has to be.")] = 0.2
    distance: Distance = "squared_euclidean"

    def plan(
        self, anchor: TensorType, positive: TensorType, negative: TensorType, target: TensorType | None
    ) -> tuple[int, ...]:
        need_alike(anchor, positive, negative)
        return anchor.shape[:-1]

    def elements(self, anchor: Array, positive: Array, negative: Array, target: Array | None) -> Array:
        middle, near, far = (at_least_float32(values) for values in (anchor, positive, negative))
        gap = between(middle, near, self.distance) - between(middle, far, self.distance)
        return jnp.maximum(gap + self.margin, 0.0)
