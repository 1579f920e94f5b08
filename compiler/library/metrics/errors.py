"""Metrics of numbers that are the mean of an error, value by value."""

from collections.abc import Mapping
from math import sqrt
from typing import ClassVar, Literal

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.metric import mean_result
from modelc.compiler.library.metrics.elementwise import ElementwiseMetric

Better = Literal["higher", "lower"]


class MeanAbsoluteError(ElementwiseMetric):
    """The mean of `|prediction - target|` over all values; shapes must be equal.

    Follows Keras 3 `MeanAbsoluteError`.
    """

    keras: ClassVar[str] = "metrics.MeanAbsoluteError"
    spellings: ClassVar[tuple[str, ...]] = ("mae", "mean_absolute", "absolute_error")
    example: ClassVar[str] = "mean_absolute_error"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return jnp.abs(prediction - truth)


class MeanSquaredError(ElementwiseMetric):
    """The mean of `(prediction - target) ** 2` over all values; shapes must be equal.

    Follows Keras 3 `MeanSquaredError`.
    """

    keras: ClassVar[str] = "metrics.MeanSquaredError"
    spellings: ClassVar[tuple[str, ...]] = ("mse", "mean_squared", "squared_error")
    example: ClassVar[str] = "mean_squared_error"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return jnp.square(prediction - truth)


class RootMeanSquaredError(ElementwiseMetric):
    """The square root of the mean of `(prediction - target) ** 2` over all values of the epoch; shapes must be equal.

    Follows Keras 3 `RootMeanSquaredError`.
    """

    keras: ClassVar[str] = "metrics.RootMeanSquaredError"
    spellings: ClassVar[tuple[str, ...]] = ("rmse", "root_mean_squared")
    example: ClassVar[str] = "root_mean_squared_error"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return jnp.square(prediction - truth)

    def result(self, sums: Mapping[str, float]) -> float:
        return sqrt(mean_result(sums))


class MeanAbsolutePercentageError(ElementwiseMetric):
    """The mean of `100 * |prediction - target| / max(|target|, 1e-7)` over all values; shapes must be equal.

    Follows Keras 3 `MeanAbsolutePercentageError`.
    """

    keras: ClassVar[str] = "metrics.MeanAbsolutePercentageError"
    spellings: ClassVar[tuple[str, ...]] = ("mape", "percentage_error")
    example: ClassVar[str] = "mean_absolute_percentage_error"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.percentage_errors(prediction, truth)


class MeanSquaredLogarithmicError(ElementwiseMetric):
    """The mean of `(log(1 + prediction) - log(1 + target)) ** 2` over all values; shapes must be equal.

    What is below 1e-7 is taken for 1e-7. Follows Keras 3 `MeanSquaredLogarithmicError`.
    """

    keras: ClassVar[str] = "metrics.MeanSquaredLogarithmicError"
    spellings: ClassVar[tuple[str, ...]] = ("msle", "squared_log_error", "mean_squared_log_error")
    example: ClassVar[str] = "mean_squared_logarithmic_error"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.squared_logarithmic_errors(prediction, truth)


class LogCosh(ElementwiseMetric):
    """The mean of `log(cosh(prediction - target))` over all values; shapes must be equal.

    Follows Keras 3 `LogCoshError`.
    """

    keras: ClassVar[str] = "metrics.LogCoshError"
    spellings: ClassVar[tuple[str, ...]] = ("logcosh",)
    example: ClassVar[str] = "log_cosh"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.log_cosh(prediction, truth)


class Poisson(ElementwiseMetric):
    """The mean of `prediction - target * log(prediction + 1e-7)` over all values; shapes must be equal.

    Follows Keras 3 `Poisson`.
    """

    keras: ClassVar[str] = "metrics.Poisson"
    spellings: ClassVar[tuple[str, ...]] = ("poisson_nll",)
    example: ClassVar[str] = "poisson"
    better: ClassVar[Better] = "lower"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return comparisons.poisson(prediction, truth)
