"""The hinge metrics: of yes-or-no scores, and of scores of classes."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, mean_result, mean_sums
from modelc.compiler.library.metrics.answers import AnswerMetric, need_class_target
from modelc.compiler.library.metrics.elementwise import ElementwiseMetric


class Hinge(ElementwiseMetric):
    """The mean of `max(1 - target * prediction, 0)` over all values; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. Follows Keras 3 `Hinge`.
    """

    keras: ClassVar[str] = "metrics.Hinge"
    example: ClassVar[str] = "hinge"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.hinge(prediction, truth)


class SquaredHinge(ElementwiseMetric):
    """The mean of `max(1 - target * prediction, 0) ** 2` over all values; shapes must be equal.

    Targets are -1 or 1; 0 is taken for -1. Follows Keras 3 `SquaredHinge`.
    """

    keras: ClassVar[str] = "metrics.SquaredHinge"
    example: ClassVar[str] = "squared_hinge"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return jnp.square(comparisons.hinge(prediction, truth))


class CategoricalHinge(AnswerMetric):
    """The mean of `max(wrong - right + 1, 0)`: the score of the true class, and the greatest of the others, at least 0.

    Output `[..., classes]`, target labels `[...]` or one-hot rows `[..., classes]`; the mean is over `[...]`. Follows
    Keras 3 `CategoricalHinge`.
    """

    keras: ClassVar[str] = "metrics.CategoricalHinge"
    spellings: ClassVar[tuple[str, ...]] = ("multiclass_hinge",)
    example: ClassVar[str] = "categorical_hinge"
    better: ClassVar[Literal["higher", "lower"]] = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_class_target(output, target)
        return output.shape[:-1]

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        values = prediction.astype(jnp.float32)
        return mean_sums(comparisons.categorical_hinge(values, comparisons.one_hot(target, values)), weight)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)
