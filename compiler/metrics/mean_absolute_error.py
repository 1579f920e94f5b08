"""The mean absolute error of predictions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.metric import Link, Metric, mean_result, mean_sums, need_equal
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class MeanAbsoluteError(Metric):
    """The mean of `|prediction - target|`; shapes must be equal. Follows Keras 3 `MeanAbsoluteError`."""

    spellings: ClassVar[tuple[str, ...]] = ("mae", "mean_absolute", "absolute_error")
    example: ClassVar[str] = "mean_absolute_error"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> None:
        need_equal(output, target)

    def sums(self, prediction: "Array", target: "Array", weight: "Array", link: Link) -> Mapping[str, "Array"]:
        import jax.numpy as jnp

        difference = prediction.astype(jnp.float32) - target.astype(jnp.float32)
        return mean_sums(jnp.abs(difference), weight)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)
