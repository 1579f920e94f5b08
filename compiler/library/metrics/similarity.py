"""Similarity of predictions and targets: cosine and correlations of vectors, and the explained variance."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from modelc.compiler.library.base import formulas
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.formulas import EPSILON
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.metric import Link, Metric, need, need_comparable
from modelc.compiler.library.metrics.answers import need_steps_apart, spread
from modelc.compiler.library.metrics.errors import ElementwiseMetric
from modelc.compiler.library.metrics.squares import exact_sum, squares


class CosineSimilarity(ElementwiseMetric):
    """The mean cosine of the angle between prediction and target, vectors on the last axis: 1 is the same direction.

    Output and target `[..., size]`; the mean is over `[...]`. A vector shorter than 1e-7 counts as that long, one of zeros
    has the cosine 0. Follows Keras 3 `CosineSimilarity`; the loss of this name is negative.
    """

    keras = "metrics.CosineSimilarity"
    spellings = ("cosine", "cosine_proximity")
    example = "cosine_similarity"
    better = "higher"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        message = f"an angle needs vectors, the output has shape {show_shape(output.shape)}"
        need(output.rank >= 1 and output.shape[-1] > 1, message, help="use `mean_squared_error`", code="E306")
        need_steps_apart(output)
        return output.shape[:-1]

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        return "" if target[counts].any() else f"all targets are 0, which `{self.example}` says 0 of"

    def compare(self, prediction: Array, truth: Array) -> Array:
        return formulas.cosine(prediction, truth)


class CorrelationMetric(ElementwiseMetric):
    """Abstract: output and target `[..., size]` hold vectors on the last axis; the metric is a mean over `[...]`."""

    better = "higher"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        message = f"a correlation is over the last axis, but the output has shape {show_shape(output.shape)}"
        help = "use `r2`, which is over the rows of the epoch"
        need(output.rank >= 1 and output.shape[-1] > 1, message, help=help, code="E306")
        need_steps_apart(output)
        return output.shape[:-1]

    def constant(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        # A mask is of whole vectors.
        varied = (target.max(axis=-1) > target.min(axis=-1))[counts[..., 0]].any()
        return "" if varied else f"all values of each target are equal, which `{self.example}` says 0 of"


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
        first, second = map(unit_vectors, (prediction, truth))
        return jnp.sum(first * second, axis=-1)


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
        sizes = jnp.maximum(jnp.abs(prediction), jnp.abs(truth))
        # Small ones need no scaling, since 1e-7 is added to their squares.
        scale = jnp.minimum(formulas.fitting(jnp.max(sizes, axis=-1, keepdims=True)), 1.0)
        prediction, truth = prediction * scale, truth * scale
        first, second = formulas.centered(prediction), formulas.centered(truth)
        spreads = jnp.mean(jnp.square(first) + jnp.square(second), axis=-1)
        shift = jnp.square(jnp.mean(prediction - truth, axis=-1))
        below = spreads + shift + EPSILON * jnp.square(scale[..., 0])
        # Of large values that are all equal nothing is left, as 1e-7 is too small to be added to their squares.
        return 2.0 * jnp.mean(first * second, axis=-1) / jnp.where(below == 0, 1.0, below)


def unit_vectors(values: Array) -> Array:
    """The distances of `values` from their mean, as vectors of length 1 on the last axis; 0 where all are equal."""
    values = values * formulas.fitting(jnp.max(jnp.abs(values), axis=-1, keepdims=True))
    distances = formulas.centered(values)
    # NaN differs from itself, and must show.
    varied = jnp.max(values, axis=-1, keepdims=True) != jnp.min(values, axis=-1, keepdims=True)
    greatest = jnp.max(jnp.abs(distances), axis=-1, keepdims=True)
    # First by the greatest, so that squares of tiny distances are not 0.
    scaled = distances / jnp.where(varied, greatest, 1.0)
    squares = jnp.sum(jnp.square(scaled), axis=-1, keepdims=True)
    return jnp.where(varied, scaled * jax.lax.rsqrt(jnp.where(varied, squares, 1.0)), 0.0)


class R2(Metric):
    """The coefficient of determination: `1 - sum((target - prediction) ** 2) / sum((target - mean of targets) ** 2)`.

    Output and target have equal shapes; there is one score for each value on the last axis, whose sums run over all
    rows (and steps) of the epoch. The metric is their mean, or their mean weighted by the variances. Follows Keras 3
    `R2Score` and scikit-learn `r2_score`, except that a value whose targets are all equal, or of which none counts, has no
    score and is left out; the metric is NaN where no value has one. Targets may lie far from 0: each batch is summed
    around its own mean, and the means and variances of batches are joined in float64. They may be as small or large as
    float32 can be.
    """

    keras = "metrics.R2Score"
    spellings = ("r_squared", "rsquared", "coefficient_of_determination")
    example = "r2"
    better = "higher"

    class_aggregation: Annotated[
        Literal["uniform_average", "variance_weighted_average"],
        Field(description="How the scores of several values are combined."),
    ] = "uniform_average"

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def undetermined(self, target: NumpyArray, counts: NumpyArray, output: TensorType, link: Link) -> str:
        values, kept = (array.reshape(-1, target.shape[-1] if target.ndim > 1 else 1) for array in (target, counts))
        greatest, least = (np.where(kept, values, bound) for bound in (-np.inf, np.inf))
        return "" if (greatest.max(axis=0) > least.min(axis=0)).any() else "all targets are equal"

    @property
    def additive(self) -> bool:
        return False

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if target.ndim == 1:
            prediction, target = prediction[:, None], target[:, None]
        truth, guess = target.astype(jnp.float32), prediction.astype(jnp.float32)
        weights = spread(weight, truth)
        places = tuple(range(truth.ndim - 1))
        counts = weights > 0
        sizes = jnp.where(counts, jnp.maximum(jnp.abs(truth), jnp.abs(guess)), 0.0)
        scale = formulas.fitting(jnp.max(sizes, axis=places))
        truth, guess = truth * scale, guess * scale

        def total(values: Array) -> Array:
            return jnp.sum(jnp.where(counts, values * weights, 0.0), axis=places)

        count = total(jnp.ones_like(truth))
        least = jnp.min(jnp.where(counts, truth, jnp.inf), axis=places)
        greatest = jnp.max(jnp.where(counts, truth, -jnp.inf), axis=places)
        # Within the targets, so that targets that are all equal have a variance of exactly 0, whatever a mean rounds to.
        pivot = jnp.where(count > 0, jnp.clip(total(truth) / jnp.where(count > 0, count, 1.0), least, greatest), 0.0)
        squared = {**squares("squares", truth, pivot), **squares("errors", truth, guess)}
        return {
            "count": count,
            "scale": scale,
            "pivot": pivot,
            "total": total(truth - pivot),
            **{name: total(part) for name, part in squared.items()},
        }

    def join(self, parts: Sequence[Mapping[str, NumpyArray]]) -> Mapping[str, NumpyArray]:
        """Chan, Golub and LeVeque 1983 (https://doi.org/10.1080/00031305.1983.10483115), around the pivot of the first
        batch that counts.
        """
        count, pivot, total, around_pivot, errors = map(np.stack, zip(*map(unscaled, parts), strict=True))
        first = np.take_along_axis(pivot, (count > 0).argmax(axis=0)[None], axis=0)[0]
        size = np.where(count > 0, count, 1.0)
        # In each batch: the mean, as its distance from the first pivot, and the squares around it.
        means = np.where(count > 0, pivot - first + total / size, 0.0)
        around = np.maximum(around_pivot - total * total / size, 0.0)
        whole = count.sum(axis=0)
        mean = (count * means).sum(axis=0) / np.where(whole > 0, whole, 1.0)
        between = (count * np.square(means - mean)).sum(axis=0)
        return {
            "count": whole,
            "scale": np.ones_like(whole),
            "pivot": first + mean,
            "total": np.zeros_like(whole),
            "squares": around.sum(axis=0) + between,
            "errors": errors.sum(axis=0),
        }

    def result(self, sums: Mapping[str, Any]) -> float:
        count, _, total, around_pivot, errors = unscaled(sums)
        variance = around_pivot - total * total / np.where(count > 0, count, 1.0)
        varied = variance > 0
        if not varied.any():
            return float("nan")
        scores = 1.0 - errors[varied] / variance[varied]
        if self.class_aggregation == "variance_weighted_average":
            return float(np.average(scores, weights=variance[varied]))
        return float(scores.mean())


def unscaled(sums: Mapping[str, Any]) -> tuple[NumpyArray, ...]:
    """Count, pivot, total, squares and errors of the `sums` of `R2`, of the targets as they are, as float64."""
    count, scale, pivot, total = (np.asarray(sums[name], np.float64) for name in ("count", "scale", "pivot", "total"))
    # All sums of a batch after a failed step are 0.
    scale = np.where(scale > 0, scale, 1.0)
    around_pivot, errors = (exact_sum(sums, name) / np.square(scale) for name in ("squares", "errors"))
    return count, pivot / scale, total / scale, around_pivot, errors
