"""The squared error of logarithms."""

from math import inf
from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class MeanSquaredLogarithmicError(ElementwiseLoss):
    """`(log(1 + output) - log(1 + target)) ** 2`, value by value; shapes must be equal.

    For targets of at least 0. Outputs and targets below 1e-7 are taken for 1e-7, so that an output below 0 has no
    gradient. The loss is the mean over all values. Follows Keras 3 `MeanSquaredLogarithmicError`.
    """

    keras: ClassVar[str] = "losses.MeanSquaredLogarithmicError"
    spellings: ClassVar[tuple[str, ...]] = ("msle", "squared_log_error", "mean_squared_log_error")
    example: ClassVar[str] = "mean_squared_logarithmic_error"

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, inf)

    def compare(self, values: Array, truth: Array) -> Array:
        return comparisons.squared_logarithmic_errors(values, truth)
