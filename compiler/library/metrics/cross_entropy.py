"""Cross-entropies and KL divergence as metrics."""

from collections.abc import Mapping

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, MeanMetric, mean_sums, need_comparable
from modelc.compiler.library.metrics.answers import need_class_target, need_probabilities, need_steps_apart
from modelc.compiler.library.metrics.errors import ElementwiseMetric


class CrossEntropy(MeanMetric):
    """The mean of `-sum(target * log(p))` over the predictions, `p` the class probabilities within 1e-7 of 0 and 1.

    Output `[..., classes]` whose loss takes it for class probabilities, target labels `[...]` or distributions `[...,
    classes]`; the mean is over `[...]`. Has no label smoothing and no class weights, whatever the loss has, and is at
    most 16.1 for each prediction, where the loss of this name clips nothing. Follows Keras 3
    `SparseCategoricalCrossentropy` and `CategoricalCrossentropy`.
    """

    keras = "metrics.CategoricalCrossentropy"
    spellings = ("sparse_categorical_crossentropy", "crossentropy", "nll", "cce", "scce", "ce")
    example = "cross_entropy"
    better = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "softmax")
        need_class_target(output, target)
        return output.shape[:-1]

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        logarithms = jnp.log(jnp.clip(prediction.astype(jnp.float32), EPSILON, 1.0 - EPSILON))
        return mean_sums(-jnp.sum(formulas.one_hot(target, logarithms) * logarithms, axis=-1), weight)


class BinaryCrossEntropy(ElementwiseMetric):
    """The mean of `-(t * log(p) + (1 - t) * log(1 - p))` over all values, `p` the probability within 1e-7 of 0 and 1.

    For outputs whose loss takes each value for the probability of a yes; shapes must be equal. Has no label smoothing
    and no class weights, whatever the loss has, and is at most 16.1 for each value, where the loss of this name clips
    nothing. Follows Keras 3 `BinaryCrossentropy`.
    """

    keras = "metrics.BinaryCrossentropy"
    spellings = ("bce", "log_loss")
    example = "binary_cross_entropy"
    better = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid")
        need_comparable(output, target)
        return output.shape

    def compare(self, prediction: Array, truth: Array) -> Array:
        yes, no = (jnp.clip(chance, EPSILON, 1.0 - EPSILON) for chance in (prediction, 1.0 - prediction))
        return -(truth * jnp.log(yes) + (1.0 - truth) * jnp.log(no))


class KLDivergence(ElementwiseMetric):
    """The mean of `sum(target * log(target / p))` over the predictions, `p` the class probabilities, at least 1e-7.

    Output `[..., classes]` whose loss takes it for class probabilities, target distributions of the same shape; a
    target of 0 adds nothing; the mean is over `[...]`. Follows Keras 3 `KLDivergence`.
    """

    keras = "metrics.KLDivergence"
    spellings = ("kld", "kullback_leibler_divergence", "kl_div")
    example = "kl_divergence"
    better = "lower"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "softmax")
        need_steps_apart(output)
        need_comparable(output, target)
        return output.shape[:-1]

    def compare(self, prediction: Array, truth: Array) -> Array:
        return formulas.divergence(jnp.log(jnp.clip(prediction, EPSILON, 1.0)), truth)
