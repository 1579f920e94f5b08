"""The contract of a metric: sums over the rows of a batch on the device, one number from the sums of an epoch.

Sums are additive, so that batches, chunks and processes can be joined in any order.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.errors import PlanError, need
from modelc.compiler.named import Named
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array

__all__ = ["Link", "Metric", "PlanError", "need"]

Link = Literal["softmax", "sigmoid"] | None
"""What the output's loss takes its values for: class probabilities, independent probabilities, or plain numbers."""


class Metric(Named):
    """Abstract: each subclass is one metric. Predictions are probabilities where `link` says so, never logits."""

    better: ClassVar[Literal["higher", "lower"]]

    def plan(self, output: TensorType, target: TensorType, link: Link) -> None:
        """Check the types against each other. Raises `PlanError`."""
        raise NotImplementedError

    def sums(self, prediction: "Array", target: "Array", weight: "Array", link: Link) -> Mapping[str, "Array"]:
        """Additive sums over a batch; `weight` is float32 `[batch]` or `[batch, time]`, zero where nothing counts.

        Values at weight zero may be anything, NaN too, and must not show: use `where`, not products.
        """
        raise NotImplementedError

    def result(self, sums: Mapping[str, float]) -> float:
        """The metric of an epoch from its sums, as Python floats or numpy arrays; NaN where nothing was counted."""
        raise NotImplementedError


def mean_sums(values: "Array", weight: "Array") -> Mapping[str, "Array"]:
    """The sums of a mean of `values` (`[batch, ...]`, float32): `weight` is spread over the axes it lacks."""
    import jax.numpy as jnp

    spread = jnp.broadcast_to(weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim)), values.shape)
    return {"total": jnp.sum(jnp.where(spread > 0, values * spread, 0.0)), "count": jnp.sum(spread)}


def mean_result(sums: Mapping[str, float]) -> float:
    """The mean that `mean_sums` prepared."""
    return float(sums["total"] / sums["count"]) if sums["count"] else float("nan")
