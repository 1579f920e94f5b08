"""The angle between predictions and targets."""

from typing import ClassVar, Literal

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.metric import Link, need, need_comparable
from modelc.compiler.library.metrics.answers import need_steps_apart
from modelc.compiler.library.metrics.elementwise import ElementwiseMetric


class CosineSimilarity(ElementwiseMetric):
    """The mean cosine of the angle between prediction and target, vectors on the last axis: 1 is the same direction.

    Output and target `[..., size]`; the mean is over `[...]`. A vector of zeros has the cosine 0. Follows Keras 3
    `CosineSimilarity`; the loss of this name is negative.
    """

    keras: ClassVar[str] = "metrics.CosineSimilarity"
    spellings: ClassVar[tuple[str, ...]] = ("cosine", "cosine_proximity")
    example: ClassVar[str] = "cosine_similarity"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"an angle needs vectors, the output has shape {show_shape(output.shape)}",
            help="use `mean_squared_error`",
            code="E306",
        )
        need_steps_apart(output)
        return output.shape[:-1]

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.cosine(prediction, truth)
