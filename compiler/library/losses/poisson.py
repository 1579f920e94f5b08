"""The loss of counts."""

from math import inf
from typing import ClassVar

from modelc.compiler.library.base import formulas as comparisons
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class Poisson(ElementwiseLoss):
    """`output - target * log(output + 1e-7)`, value by value; shapes must be equal.

    The output is the expected count and must be above 0: end the model in `softplus` or `exponential`. It is the
    negative log-likelihood of a Poisson distribution without what depends on the target alone. The loss is the mean
    over all values. Follows Keras 3 `Poisson`.
    """

    keras: ClassVar[str] = "losses.Poisson"
    torch: ClassVar[str] = "nn.PoissonNLLLoss"
    akin: ClassVar[tuple[str, ...]] = ("poisson_nll", "PoissonNLLLoss")
    example: ClassVar[str] = "poisson"

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, inf)

    def compare(self, values: Array, truth: Array) -> Array:
        return comparisons.poisson(values, truth)
