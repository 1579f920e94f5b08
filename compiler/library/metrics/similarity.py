"""Similarity of prediction and target vectors: cosine and correlations."""

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.metric import Link, need, need_comparable
from modelc.compiler.library.metrics.answers import need_steps_apart
from modelc.compiler.library.metrics.errors import ElementwiseMetric


class CosineSimilarity(ElementwiseMetric):
    """The mean cosine of the angle between prediction and target, vectors on the last axis: 1 is the same direction.

    Output and target `[..., size]`; the mean is over `[...]`. A vector of zeros has the cosine 0. Follows Keras 3
    `CosineSimilarity`; the loss of this name is negative.
    """

    keras = "metrics.CosineSimilarity"
    spellings = ("cosine", "cosine_proximity")
    example = "cosine_similarity"
    better = "higher"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"an angle needs vectors, the output has shape {show_shape(output.shape)}",
            help="use `mean_squared_error`",
            code="E306",
        )
        need_steps_apart(output)
        return output.shape[:-1]

    def compare(self, prediction: Array, truth: Array) -> Array:
        return formulas.cosine(prediction, truth)


class CorrelationMetric(ElementwiseMetric):
    """Abstract: output and target `[..., size]` hold vectors on the last axis; the metric is a mean over `[...]`."""

    better = "higher"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        need(
            output.rank >= 1 and output.shape[-1] > 1,
            f"a correlation is over the last axis, but the output has shape {show_shape(output.shape)}",
            help="use `r2`, which is over the rows of the epoch",
            code="E306",
        )
        need_steps_apart(output)
        return output.shape[:-1]


class PearsonCorrelation(CorrelationMetric):
    """The mean correlation of prediction and target over the last axis: `mean((y - mean(y)) * (t - mean(t))) / (std(y)
    * std(t))`.

    Output and target `[..., size]`; each vector has its own coefficient, and the metric is their mean over `[...]`. A
    vector whose values are all equal has the coefficient 0, where Keras's is NaN. Follows Keras 3 `PearsonCorrelation`;
    it is not the correlation over the rows of the epoch.
    """

    keras = "metrics.PearsonCorrelation"
    spellings = ("pearsonr", "pearson", "correlation")
    example = "pearson_correlation"

    def compare(self, prediction: Array, truth: Array) -> Array:
        first, second = (values - jnp.mean(values, axis=-1, keepdims=True) for values in (prediction, truth))
        squares = jnp.sum(jnp.square(first), axis=-1) * jnp.sum(jnp.square(second), axis=-1)
        varied = squares > 0
        return jnp.where(varied, jnp.sum(first * second, axis=-1) / jnp.sqrt(jnp.where(varied, squares, 1.0)), 0.0)


class ConcordanceCorrelation(CorrelationMetric):
    """The mean agreement of prediction and target over the last axis: `2 * cov(y, t) / (var(y) + var(t) + (mean(y) -
    mean(t))**2 + 1e-7)`.

    Output and target `[..., size]`; each vector has its own coefficient, and the metric is their mean over `[...]`.
    Source: Lin 1989 (https://doi.org/10.2307/2532051). Follows Keras 3 `ConcordanceCorrelation`.
    """

    keras = "metrics.ConcordanceCorrelation"
    spellings = ("ccc", "lins_ccc", "concordance")
    example = "concordance_correlation"

    def compare(self, prediction: Array, truth: Array) -> Array:
        means = [jnp.mean(values, axis=-1, keepdims=True) for values in (prediction, truth)]
        covariance = jnp.mean((prediction - means[0]) * (truth - means[1]), axis=-1)
        shift = jnp.square(means[0] - means[1])[..., 0]
        return 2.0 * covariance / (jnp.var(prediction, axis=-1) + jnp.var(truth, axis=-1) + shift + EPSILON)
