"""Cross-entropies that count less where the model is right already (Lin et al. 2017,
https://arxiv.org/abs/1708.02002)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.library.base.fields import Fraction, NonNegative, Positive
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.losses.class_loss import ClassLoss, expected
from modelc.compiler.library.losses.yes_or_no import YesOrNoLoss


class FocalCrossEntropy(ClassLoss):
    """Cross-entropy of classes, less of it the surer the right answer: `-sum(t * alpha * (1 - p) ** gamma * log(p))`.

    `p = softmax(output)` over the last axis, output `[..., classes]`. A target of shape `[...]` holds integer labels,
    one of shape `[..., classes]` distributions. The elements have shape `[...]`, and the loss is their mean;
    `class_weight` is that of `cross_entropy`. Follows Keras 3 `CategoricalFocalCrossentropy` (from logits).
    """

    keras: ClassVar[str] = "losses.CategoricalFocalCrossentropy"
    primary: ClassVar[str | None] = "gamma"
    spellings: ClassVar[tuple[str, ...]] = ("focal", "focal_loss")
    example: ClassVar[str] = "focal_cross_entropy: 2.0"
    activation: ClassVar[Literal["softmax", "sigmoid"] | None] = "softmax"

    gamma: Annotated[NonNegative, Field(description="How much less sure answers count; 0 counts all alike.")] = 2.0
    alpha: Annotated[Positive, Field(description="Factor of the whole loss.")] = 0.25
    label_smoothing: Annotated[
        Fraction, Field(description="The share of each target that is spread evenly over all classes.")
    ] = 0.0

    def compare(self, values: Array, target: Array) -> Array:
        log_probabilities = jax.nn.log_softmax(values)
        return -expected(
            self.alpha * focus(-jnp.expm1(log_probabilities), self.gamma) * log_probabilities,
            target,
            self.label_smoothing,
        )


class BinaryFocalCrossEntropy(YesOrNoLoss):
    """Cross-entropy of yes-or-no values, less of it the surer the right answer: times `(1 - q) ** gamma`.

    `q = t * p + (1 - t) * (1 - p)`, `p = sigmoid(output)`. Output and target have equal shapes, target values lie in
    [0, 1]; so have the elements. With `alpha` each value counts `t * alpha + (1 - t) * (1 - alpha)`. The loss is the
    mean over all values; `class_weight` is that of `binary_cross_entropy`. Follows Keras 3 `BinaryFocalCrossentropy` (from logits), whose `apply_class_balancing` is to
    give `alpha` here.
    """

    keras: ClassVar[str] = "losses.BinaryFocalCrossentropy"
    primary: ClassVar[str | None] = "gamma"
    spellings: ClassVar[tuple[str, ...]] = ("binary_focal", "sigmoid_focal_loss")
    example: ClassVar[str] = "binary_focal_cross_entropy: {gamma: 2.0, alpha: 0.25}"

    gamma: Annotated[NonNegative, Field(description="How much less sure answers count; 0 counts all alike.")] = 2.0
    alpha: Annotated[
        Fraction | None, Field(description="How much yes counts, no counting the rest to 1; null counts both 1.")
    ] = None

    def score(self, values: Array, smooth: Array) -> Array:
        cross_entropies = smooth * jax.nn.softplus(-values) + (1.0 - smooth) * jax.nn.softplus(values)
        wrong = smooth * jax.nn.sigmoid(-values) + (1.0 - smooth) * jax.nn.sigmoid(values)
        losses = focus(wrong, self.gamma) * cross_entropies
        if self.alpha is None:
            return losses
        return losses * (smooth * self.alpha + (1.0 - smooth) * (1.0 - self.alpha))


def focus(wrong: Array, gamma: float) -> Array:
    """`wrong ** gamma`, from 1e-7 on: below, the derivative may be infinite, and an answer is as right as it can be."""
    return jnp.power(jnp.maximum(wrong, EPSILON), gamma)
