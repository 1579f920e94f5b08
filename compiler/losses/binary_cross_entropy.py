"""Cross-entropy of independent yes-or-no values."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field

from modelc.compiler.losses.class_weight import ClassWeight, by_index, weight_vector
from modelc.compiler.losses.elementwise import ElementwiseLoss
from modelc.compiler.numbers import Fraction
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class BinaryCrossEntropy(ElementwiseLoss):
    """Cross-entropy of the sigmoid of each value: `-(t * log(p) + (1 - t) * log(1 - p))`, `p = sigmoid(output)`.

    Output and target have equal shapes, target values (float, integer or bool) lie in [0, 1]; so have the elements. The
    loss is the mean over all values. Follows Keras 3 `BinaryCrossentropy` (from logits).

    With `class_weight` the loss of each value is multiplied by `t * weight of 1 + (1 - t) * weight of 0`, and the sum
    is divided by the number of values, not of weights: `sum(weight * loss) / n`, as in Keras. Weights count in
    validation too.
    """

    spellings: ClassVar[tuple[str, ...]] = (
        "binary_crossentropy",
        "BCEWithLogitsLoss",
        "BCELoss",
        "bce",
        "sigmoid_cross_entropy",
        "log_loss",
    )
    example: ClassVar[str] = "binary_cross_entropy: {class_weight: {1: 3.0}}"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"

    label_smoothing: Annotated[Fraction, Field(description="How far each target is moved towards 0.5.")] = 0.0
    class_weight: Annotated[
        ClassWeight, Field(description="How much no (0) and yes (1) count, by index or name of class; 1 if left out.")
    ] = None

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def with_classes(self, names: tuple[str, ...], output: TensorType) -> Self:
        if not self.class_weight:
            return self
        return self.model_copy(update={"class_weight": by_index(self.class_weight, names, 2)})

    def compare(self, values: "Array", truth: "Array") -> "Array":
        import jax

        smooth = truth * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else truth
        # Two softplus instead of softplus(x) - x * t: no difference of large numbers where the model is sure and right.
        losses = smooth * jax.nn.softplus(-values) + (1.0 - smooth) * jax.nn.softplus(values)
        if not self.class_weight:
            return losses
        weights = weight_vector(self.class_weight, 2, losses)
        return losses * (truth * weights[1] + (1.0 - truth) * weights[0])
