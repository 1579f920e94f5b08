"""Cross-entropies of classes, and what generalizes them."""

from typing import Annotated

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.fields import Field, Fraction, NonNegative, Positive
from modelc.compiler.library.base.formulas import focus
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.loss import Loss, at_least_float32, need_vectors, of_the_shape
from modelc.compiler.library.losses.class_loss import ClassLoss, expected


class CrossEntropy(ClassLoss):
    """Cross-entropy of the softmax over the last axis: `-sum(target * log(softmax(output)))`.

    Output `[..., classes]`: any axes, such as none or `time`, and one value for each class on the last. A target of
    shape `[...]`, without the last axis, holds integer labels, one of shape `[..., classes]` distributions or one-hot
    rows. There is one loss for each label or distribution, and the loss is the mean of them. Follows Keras 3
    `SparseCategoricalCrossentropy` and `CategoricalCrossentropy` (from logits), also where the model ends in a softmax:
    nothing is clipped. Keras clips such probabilities to 1e-7. So where the model gives the true class a probability
    near 0, Keras's loss stays at 16.1 and has no gradient; here it goes on growing with the difference of the logits.

    With `class_weight` each of these losses is multiplied by the weight of its class. For a distribution that weight is
    `sum(probability * weight)` over the classes. The sum is divided by the number `n` of losses, and not by the sum of
    the weights: `sum(weight * loss) / n`, as in Keras. Weights count in validation too. `balanced` gives each class the
    weight `n / (classes * count of the class)`, with `n` and counts of the training rows, as in scikit-learn's
    `compute_class_weight`; a class without rows is an error.
    """

    keras = "losses.CategoricalCrossentropy"
    torch = "nn.CrossEntropyLoss"
    primary = None
    spellings = (
        "sparse_categorical_crossentropy",
        "crossentropy",
        "softmax_cross_entropy",
        "NLLLoss",
        "nll",
        "cce",
        "scce",
        "ce",
    )
    example = "cross_entropy: {label_smoothing: 0.1}"
    activation = "softmax"

    label_smoothing: Annotated[
        Fraction, Field(description="The fraction of each target that is spread evenly over all classes.")
    ] = 0.0

    def compare(self, values: Array, target: Array) -> Array:
        return -expected(jax.nn.log_softmax(values), target, self.label_smoothing)


class FocalCrossEntropy(ClassLoss):
    """Cross-entropy of classes, less of it the surer the right answer: `-sum(t * alpha * (1 - p) ** gamma * log(p))`.

    `p = softmax(output)` over the last axis, output `[..., classes]`. A target of shape `[...]` holds integer labels,
    one of shape `[..., classes]` distributions. The elements have shape `[...]`, and the loss is their mean;
    `class_weight` is that of `cross_entropy`. Follows Keras 3 `CategoricalFocalCrossentropy` (from logits).
    """

    keras = "losses.CategoricalFocalCrossentropy"
    primary = "gamma"
    spellings = ("focal", "focal_loss")
    example = "focal_cross_entropy: 2.0"
    activation = "softmax"

    gamma: Annotated[
        NonNegative, Field(description="How strongly confident predictions are down-weighted; 0: not at all.")
    ] = 2.0
    alpha: Annotated[Positive, Field(description="Factor of the whole loss.")] = 0.25
    label_smoothing: Annotated[
        Fraction, Field(description="The fraction of each target that is spread evenly over all classes.")
    ] = 0.0

    def compare(self, values: Array, target: Array) -> Array:
        log_probabilities = jax.nn.log_softmax(values)
        return -expected(
            self.alpha * focus(-jnp.expm1(log_probabilities), self.gamma) * log_probabilities,
            target,
            self.label_smoothing,
        )


class GeneralizedCrossEntropy(ClassLoss):
    """Cross-entropy that gives little to labels the model is sure are wrong: `sum(t * (1 - p ** q) / q)`.

    `p = softmax(output)` over the last axis, output `[..., classes]`. A target of shape `[...]` holds integer labels,
    one of shape `[..., classes]` distributions. The elements have shape `[...]`, and the loss is their mean. Near `q = 0`
    it is `cross_entropy`, at 1 half the absolute error. `class_weight` is that of `cross_entropy`. Follows Keras 3
    `CategoricalGeneralizedCrossEntropy`, which takes labels and probabilities only.
    """

    keras = "losses.CategoricalGeneralizedCrossEntropy"
    primary = "q"
    spellings = ("gce", "categorical_generalized_cross_entropy")
    example = "generalized_cross_entropy: 0.7"
    activation = "softmax"

    q: Annotated[Positive, Field(le=1, description="Above 0 and up to 1; larger forgives more wrong labels.")] = 0.5

    def compare(self, values: Array, target: Array) -> Array:
        return -expected(jnp.expm1(self.q * jax.nn.log_softmax(values)) / self.q, target)


class KLDivergence(Loss):
    """Kullback-Leibler divergence of the target from the softmax of the output: `sum(t * log(t / softmax(output)))`.

    Output and target `[..., classes]`; target values lie in [0, 1], and 0 adds nothing. The elements have shape
    `[...]`, and the loss is their mean. Its gradient is that of `cross_entropy`. Follows Keras 3 `KLDivergence`, which
    takes probabilities and clips both at 1e-7.
    """

    keras = "losses.KLDivergence"
    torch = "nn.KLDivLoss"
    spellings = ("kld", "kullback_leibler_divergence", "kl_div")
    example = "kl_divergence"
    activation = "softmax"

    def plan(self, output: TensorType, target: TensorType | None) -> tuple[int, ...]:
        message = f"a distribution needs classes, the output has shape {show_shape(output.shape)}"
        help = "give the last axis of the output one value per class"
        return need_vectors(output, target, message, help)

    def targets(self, output: TensorType) -> tuple[TensorType, ...]:
        return of_the_shape(output)

    def bounds(self, output: TensorType, target: TensorType | None) -> tuple[float, float] | None:
        return (0.0, 1.0)

    def elements(self, output: Array, target: Array | None) -> Array:
        assert target is not None, "kl_divergence takes a target"
        log_probabilities = jax.nn.log_softmax(at_least_float32(output))
        return formulas.divergence(log_probabilities, target.astype(log_probabilities.dtype))
