"""Cross-entropy of independent yes-or-no values."""

from typing import ClassVar

from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.losses.yes_or_no import YesOrNoLoss


class BinaryCrossEntropy(YesOrNoLoss):
    """Cross-entropy of the sigmoid of each value: `-(t * log(p) + (1 - t) * log(1 - p))`, `p = sigmoid(output)`.

    Output and target have equal shapes, target values (float, integer or bool) lie in [0, 1]; so have the elements. The
    loss is the mean over all values. Follows Keras 3 `BinaryCrossentropy` (from logits).

    With `class_weight` the loss of each value is multiplied by `t * weight of 1 + (1 - t) * weight of 0`, and the sum
    is divided by the number of values, not of weights: `sum(weight * loss) / n`, as in Keras. Weights count in
    validation too. `balanced` is `n / (2 * count of the class)` over all values of the training rows.
    """

    keras: ClassVar[str] = "losses.BinaryCrossentropy"
    torch: ClassVar[str] = "nn.BCEWithLogitsLoss"
    spellings: ClassVar[tuple[str, ...]] = ("BCELoss", "bce", "sigmoid_cross_entropy", "log_loss")
    example: ClassVar[str] = "binary_cross_entropy: {class_weight: {1: 3.0}}"

    def score(self, values: Array, smooth: Array) -> Array:
        # Two softplus instead of softplus(x) - x * t: no difference of large numbers where the model is sure and right.
        return smooth * jax.nn.softplus(-values) + (1.0 - smooth) * jax.nn.softplus(values)
