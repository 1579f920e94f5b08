"""Binary cross-entropies."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Field, Fraction, NonNegative
from modelc.compiler.library.base.formulas import focus
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.loss import at_least_float32
from modelc.compiler.library.losses.class_weight import WeighsClasses
from modelc.compiler.library.losses.elementwise import ElementwiseLoss


class YesOrNoLoss(WeighsClasses, ElementwiseLoss):
    """Abstract: target values lie in [0, 1], from no to yes; the two classes are no (0) and yes (1)."""

    activation = "sigmoid"
    limits = (0.0, 1.0)
    beyond = (
        "the classes are no (0) and yes (1), of all labels alike; to weigh one label more, make it an output of its own, "
        "whose loss term has a `weight`"
    )
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "pos_weight": "the weight of the class yes: write `class_weight: {1: {value}}`"
    }

    label_smoothing: Annotated[Fraction, Field(description="How far each target is smoothed towards 0.5.")] = 0.0

    def width(self, output: TensorType) -> int:
        return 2

    def counts(self, target: NumpyArray, output: TensorType) -> NumpyArray:
        yes = target.sum(dtype=np.float64)
        return np.asarray([target.size - yes, yes])

    def compare(self, values: Array, truth: Array) -> Array:
        smooth = truth * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing if self.label_smoothing else truth
        losses = self.score(values, smooth)
        weights = self.element_weights(values, truth)
        return losses if weights is None else losses * weights

    def element_weights(self, output: Array, target: Array | None) -> Array | None:
        if not self.class_weight or target is None:
            return None
        weights = self.class_weights(2, at_least_float32(output))
        truth = target.astype(weights.dtype)
        return truth * weights[1] + (1.0 - truth) * weights[0]

    def score(self, values: Array, smooth: Array) -> Array:
        """The loss of each value, given its smoothed truth, before classes are weighed."""
        raise NotImplementedError


class BinaryCrossEntropy(YesOrNoLoss):
    """Cross-entropy of the sigmoid of each value: `-(t * log(p) + (1 - t) * log(1 - p))`, `p = sigmoid(output)`.

    Output and target have equal shapes; target values (float, integer or bool) lie in [0, 1]. The loss is the mean over
    all values. Follows Keras 3 `BinaryCrossentropy` (from logits), also where the model ends in a sigmoid: nothing is
    clipped. Keras clips such probabilities to 1e-7. So where the model gives the right answer a probability near 0,
    Keras's loss stays at about 16 and has no gradient; here it goes on growing with the logit.

    With `class_weight` the loss of each value is multiplied by `t * weight of 1 + (1 - t) * weight of 0`, and the sum
    is divided by the number of values, not of weights: `sum(weight * loss) / n`, as in Keras. Weights count in
    validation too. `balanced` is `n / (2 * count of the class)` over all values of the training rows.
    """

    keras = "losses.BinaryCrossentropy"
    torch = "nn.BCEWithLogitsLoss"
    spellings = ("BCELoss", "bce", "sigmoid_cross_entropy", "log_loss")
    example = "binary_cross_entropy: {class_weight: {1: 3.0}}"

    def score(self, values: Array, smooth: Array) -> Array:
        # Two softplus instead of softplus(x) - x * t: no difference of large numbers where the model is sure and right.
        return smooth * jax.nn.softplus(-values) + (1.0 - smooth) * jax.nn.softplus(values)


class BinaryFocalCrossEntropy(YesOrNoLoss):
    """Cross-entropy of yes-or-no values, less of it the surer the right answer: times `(1 - q) ** gamma`.

    `q = t * p + (1 - t) * (1 - p)`, `p = sigmoid(output)`. Output and target have equal shapes; target values lie in
    [0, 1]. With `alpha` each value counts `t * alpha + (1 - t) * (1 - alpha)`. The loss is the mean over all values;
    `class_weight` is that of `binary_cross_entropy`. Follows Keras 3 `BinaryFocalCrossentropy` (from logits), whose
    `apply_class_balancing` is to give `alpha` here.
    """

    keras = "losses.BinaryFocalCrossentropy"
    primary = "gamma"
    spellings = ("binary_focal", "sigmoid_focal_loss")
    example = "binary_focal_cross_entropy: {gamma: 2.0, alpha: 0.25}"

    gamma: Annotated[
        NonNegative, Field(description="How strongly confident predictions are down-weighted; 0: not at all.")
    ] = 2.0
    alpha: Annotated[
        Fraction | None,
        Field(
            description="Weight of the positive class; that of the negative class is 1 minus it; null: both have weight 1."
        ),
    ] = None

    def score(self, values: Array, smooth: Array) -> Array:
        cross_entropies = smooth * jax.nn.softplus(-values) + (1.0 - smooth) * jax.nn.softplus(values)
        wrong = smooth * jax.nn.sigmoid(-values) + (1.0 - smooth) * jax.nn.sigmoid(values)
        losses = focus(wrong, self.gamma) * cross_entropies
        if self.alpha is None:
            return losses
        return losses * (smooth * self.alpha + (1.0 - smooth) * (1.0 - self.alpha))
