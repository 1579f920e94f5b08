"""The logarithm of the hyperbolic cosine of the error."""

from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class LogCosh(ElementwiseLoss):
    """`log(cosh(output - target))`, value by value; shapes must be equal.

    Half the squared error where that is small, the absolute error less log 2 where it is large. The loss is the mean
    over all values. Follows Keras 3 `LogCosh`.
    """

    keras: ClassVar[str] = "losses.LogCosh"
    spellings: ClassVar[tuple[str, ...]] = ("log_cosh_error",)
    example: ClassVar[str] = "log_cosh"

    def compare(self, values: Array, truth: Array) -> Array:
        return comparisons.log_cosh(values, truth)
