"""Accuracies: the fraction of correct predictions."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, MeanMetric, PlanError, mean_sums, need
from modelc.compiler.library.metrics.answers import (
    AnswerMetric,
    ThresholdedMetric,
    labels_of,
    need_class_output,
    need_class_target,
)


class Accuracy(ThresholdedMetric, MeanMetric):
    """The share of predictions that are right.

    An output whose loss is `binary_cross_entropy` answers yes, value by value, where its probability is strictly
    greater than `threshold`. Any other output answers with the class of its greatest value on the last axis; the target
    holds labels (the output's shape without its last axis) or one-hot rows (the output's shape). Right answers are
    divided by all answers. Follows Keras 3 `BinaryAccuracy`, `SparseCategoricalAccuracy` and `CategoricalAccuracy`.
    """

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "per_class": "the accuracy of a class is its recall: write `{recall: {per_class: true}}`"
    }
    keras = "metrics.CategoricalAccuracy"
    spellings = ("acc", "binary_accuracy", "sparse_categorical_accuracy", "accuracy_score")
    example = "accuracy"
    better = "higher"

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if link == "sigmoid":
            right = (prediction > self.threshold).astype(jnp.float32) == target.astype(jnp.float32)
        else:
            right = jnp.argmax(prediction, axis=-1) == labels_of(prediction, target)
        return mean_sums(right.astype(jnp.float32), weight)


class TopKAccuracy(AnswerMetric, MeanMetric):
    """The share of predictions whose true class is among the `k` greatest values.

    Output `[..., classes]`, target labels `[...]` or one-hot rows `[..., classes]`. A class is among them if fewer than
    `k` others have a strictly greater value: where values are equal, that is in favour of the true class. Divided by all
    predictions. With as many classes as `k` it is 1, which is a warning. Follows Keras 3 `SparseTopKCategoricalAccuracy`
    and `TopKCategoricalAccuracy`; scikit-learn `top_k_accuracy_score` ranks equal values by their place.
    """

    keras = "metrics.TopKCategoricalAccuracy"
    primary = "k"
    spellings = ("sparse_top_k_categorical_accuracy", "top_5_accuracy", "top_k")
    values_of_words: ClassVar[Mapping[str, Any]] = {"top_k_accuracy_score": 2}
    example = "top_k_accuracy: 3"
    better = "higher"

    k: Annotated[Size, Field(description="Number of classes with the greatest values.")] = 5

    @property
    def by_order(self) -> bool:
        return True

    def check_output(self, output: TensorType, link: Link) -> None:
        message = "the values of this output are independent, so there is no single right class"
        need(link != "sigmoid", message, help="use `accuracy`, or train the output with `cross_entropy`", code="E306")
        need_class_output(output)
        message = f"`k` is {self.k}, but the output has {output.shape[-1]} classes"
        need(
            self.k <= output.shape[-1], message, help=f"choose `k` below {output.shape[-1]}", argument="k", code="E306"
        )

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        self.check_output(output, link)
        need_class_target(output, target)
        return output.shape[:-1]

    def caution(self, output: TensorType, link: Link) -> PlanError | None:
        if self.k < output.shape[-1]:
            return None
        message = f"the true class is always among the {self.k} greatest of {output.shape[-1]} values"
        return PlanError(message, help=f"choose `k` below {output.shape[-1]}", argument="k", code="W912")

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        chosen = jnp.arange(prediction.shape[-1]) == labels_of(prediction, target)[..., None]
        true = jnp.sum(jnp.where(chosen, prediction, 0), axis=-1, keepdims=True)
        # A NaN is not greater than anything, and must not make a prediction right.
        ahead = jnp.sum((prediction > true) | jnp.isnan(prediction) | jnp.isnan(true), axis=-1)
        return mean_sums((ahead < self.k).astype(jnp.float32), weight)
