"""The angle between vectors as a loss."""

from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import (
    Loss,
    at_least_float32,
    need,
    need_equal_shapes,
    need_float_output,
    need_steps_apart,
)


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between output and target: from -1, the same direction, to 1, opposite ones.

    Output and target `[..., size]` hold vectors on the last axis; the elements have shape `[...]`, and the loss is
    their mean. A vector of zeros has the cosine 0. Follows Keras 3 `CosineSimilarity`; the metric of this name is not
    negative.
    """

    keras: ClassVar[str] = "losses.CosineSimilarity"
    spellings: ClassVar[tuple[str, ...]] = ("cosine", "cosine_proximity", "cosine_distance")
    example: ClassVar[str] = "cosine_similarity"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        need_float_output(output)
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"an angle needs vectors, the output has shape {show_shape(output.shape)}",
            help="use `mean_squared_error`, or give the last axis of the output more than one value",
            code="E304",
        )
        need_steps_apart(output)
        if target is not None:
            need_equal_shapes(output, target)
        return output.shape[:-1]

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "cosine_similarity takes a target"
        values = at_least_float32(output)
        return -comparisons.cosine(values, target.astype(values.dtype))
