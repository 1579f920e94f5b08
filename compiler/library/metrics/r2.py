"""The coefficient of determination, R²."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from modelc.compiler.library.base.lazy import Array, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric, need_comparable
from modelc.compiler.library.metrics.answers import spread

ROUNDING = 1e-6
"""What float32 sums leave of a variance that is 0, relative to the sum of squares, and a margin."""


class R2(Metric):
    """The coefficient of determination: `1 - sum((target - prediction) ** 2) / sum((target - mean of targets) ** 2)`.

    Output and target have equal shapes; there is one score for each value on the last axis, whose sums run over all
    rows (and steps) of the epoch. The metric is their mean, or their mean weighted by the variances. Follows Keras 3
    `R2Score` and scikit-learn `r2_score`, except that a value whose targets are all equal has no score and is left out;
    the metric is NaN where no value has one.

    Sums are float32, and the variance is a difference of two: of its digits, targets far from 0 keep about 7 less twice
    those of their mean over their spread. From a thousandfold on they count as equal; scale such targets.
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

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        if target.ndim == 1:
            prediction, target = prediction[:, None], target[:, None]
        truth = target.astype(jnp.float32)
        weights = spread(weight, truth)
        places = tuple(range(truth.ndim - 1))

        def total(values: Array) -> Array:
            return jnp.sum(jnp.where(weights > 0, values * weights, 0.0), axis=places)

        return {
            "count": total(jnp.ones_like(truth)),
            "total": total(truth),
            "squares": total(jnp.square(truth)),
            "errors": total(jnp.square(truth - prediction.astype(jnp.float32))),
        }

    def result(self, sums: Mapping[str, Any]) -> float:
        count, total, squares, errors = (
            np.asarray(sums[name], np.float64) for name in ("count", "total", "squares", "errors")
        )
        if not count.all():
            return float("nan")
        variance = squares - total * total / count
        varied = variance > ROUNDING * squares
        if not varied.any():
            return float("nan")
        scores = 1.0 - errors[varied] / variance[varied]
        if self.class_aggregation == "variance_weighted_average":
            return float(np.average(scores, weights=variance[varied]))
        return float(scores.mean())
