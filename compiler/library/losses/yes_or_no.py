"""What losses have in common that take each value for the chance of a yes."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Fraction
from modelc.compiler.library.base.lazy import Array, NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses.class_weight import WeighsClasses
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class YesOrNoLoss(WeighsClasses, ElementwiseLoss):
    """Abstract: target values lie in [0, 1], from no to yes; the two classes are no (0) and yes (1)."""

    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"

    label_smoothing: Annotated[Fraction, Field(description="How far each target is moved towards 0.5.")] = 0.0

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def width(self, output: TensorType) -> int:
        return 2

    def counts(self, target: NumpyArray, output: TensorType) -> NumpyArray:
        yes = target.sum(dtype=np.float64)
        return np.asarray([target.size - yes, yes])

    def compare(self, values: Array, truth: Array) -> Array:
        smooth = truth * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else truth
        losses = self.score(values, smooth)
        if not self.class_weight:
            return losses
        weights = self.class_weights(2, losses)
        return losses * (truth * weights[1] + (1.0 - truth) * weights[0])

    def score(self, values: Array, smooth: Array) -> Array:
        """The loss of each value, given its smoothed truth, before classes are weighed."""
        raise NotImplementedError
