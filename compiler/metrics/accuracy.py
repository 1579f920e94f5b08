"""The share of right answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.metric import Link, Metric, mean_result, mean_sums, need, need_equal
from modelc.compiler.numbers import Number
from modelc.compiler.tensor import TensorType, show_shape

if TYPE_CHECKING:
    from jax import Array


class Accuracy(Metric):
    """The share of predictions that are right.

    An output whose loss is `binary_cross_entropy` answers yes, value by value, where its probability is strictly
    greater than `threshold`. Any other output answers with the class of its greatest value on the last axis; the target
    holds labels (the output's shape without its last axis) or one-hot rows (the output's shape). Follows Keras 3
    `BinaryAccuracy`, `SparseCategoricalAccuracy` and `CategoricalAccuracy`.
    """

    spellings: ClassVar[tuple[str, ...]] = (
        "acc",
        "binary_accuracy",
        "categorical_accuracy",
        "sparse_categorical_accuracy",
        "accuracy_score",
    )
    example: ClassVar[str] = "accuracy"
    better: ClassVar[Literal["higher", "lower"]] = "higher"

    threshold: Annotated[
        Number, Field(gt=0, lt=1, description="Probability above which a yes-or-no output answers yes.")
    ] = 0.5

    def plan(self, output: TensorType, target: TensorType, link: Link) -> None:
        if link == "sigmoid":
            need_equal(output, target)
            return
        need(
            "threshold" not in self.model_fields_set,
            "`threshold` is for yes-or-no outputs, this one answers with the class of its greatest value",
            help="leave `threshold` out, or train the output with `binary_cross_entropy`",
            argument="threshold",
            code="E306",
        )
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"an output of shape {show_shape(output.shape)} has no classes to choose from",
            help="use `mean_absolute_error`, or train a yes-or-no output with `binary_cross_entropy`",
            code="E306",
        )
        if target.shape == output.shape:
            return
        need(
            target.shape == output.shape[:-1],
            f"output has shape {show_shape(output.shape)}, target has shape {show_shape(target.shape)}: expected labels "
            f"of shape {show_shape(output.shape[:-1])} or one-hot rows of shape {show_shape(output.shape)}",
            help="give the output one value per class on its last axis, or name the right target",
            code="E306",
        )
        need(
            target.is_integer,
            f"labels must be integers, the target is {target}",
            help="read the target with `category`",
            code="E306",
        )

    def sums(self, prediction: "Array", target: "Array", weight: "Array", link: Link) -> Mapping[str, "Array"]:
        import jax.numpy as jnp

        if link == "sigmoid":
            right = (prediction > self.threshold).astype(jnp.float32) == target.astype(jnp.float32)
        else:
            labels = jnp.argmax(target, axis=-1) if target.shape == prediction.shape else target
            right = jnp.argmax(prediction, axis=-1) == labels
        return mean_sums(right.astype(jnp.float32), weight)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)
