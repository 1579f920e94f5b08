"""The absolute error in percent of the target."""

from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class MeanAbsolutePercentageError(ElementwiseLoss):
    """`100 * |output - target| / max(|target|, 1e-7)`, value by value; shapes must be equal.

    The loss is the mean over all values. A target of 0 makes it huge: choose another loss where there are any. Follows
    Keras 3 `MeanAbsolutePercentageError`.
    """

    keras: ClassVar[str] = "losses.MeanAbsolutePercentageError"
    spellings: ClassVar[tuple[str, ...]] = ("mape", "percentage_error")
    example: ClassVar[str] = "mean_absolute_percentage_error"

    def compare(self, values: Array, truth: Array) -> Array:
        return comparisons.percentage_errors(values, truth)
