"""Cross-entropy of independent yes-or-no values."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.loss import Loss, at_least_float32, need_equal, need_float
from modelc.compiler.numbers import Fraction
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class BinaryCrossEntropy(Loss):
    """Cross-entropy of the sigmoid of each value: `-(t * log(p) + (1 - t) * log(1 - p))`, `p = sigmoid(output)`.

    Output and target have equal shapes, target values (float, integer or bool) lie in [0, 1]; so have the elements.
    Follows Keras 3 `BinaryCrossentropy` (from logits), whose mean over the last axis is left to the caller.
    """

    spellings: ClassVar[tuple[str, ...]] = (
        "binary_crossentropy",
        "BCEWithLogitsLoss",
        "BCELoss",
        "bce",
        "sigmoid_cross_entropy",
        "log_loss",
    )
    example: ClassVar[str] = "binary_cross_entropy"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "sigmoid"

    label_smoothing: Annotated[Fraction, Field(description="How far each target is moved towards 0.5.")] = 0.0

    def plan(self, output: TensorType, target: TensorType | None) -> None:
        need_float(output)
        if target is not None:
            need_equal(output, target)

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: "Array", target: "Array | None") -> "Array":
        import jax

        assert target is not None, "binary_cross_entropy takes a target"
        logits = at_least_float32(output)
        truth = target.astype(logits.dtype)
        if self.label_smoothing:
            truth = truth * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        # Two softplus instead of softplus(x) - x * t: no difference of large numbers where the model is sure and right.
        return truth * jax.nn.softplus(-logits) + (1.0 - truth) * jax.nn.softplus(logits)
