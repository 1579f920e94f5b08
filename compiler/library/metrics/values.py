"""Mean and sum of an output, without a target."""

from collections.abc import Mapping

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, MeanMetric, Metric, mean_sums, need
from modelc.compiler.library.metrics.answers import spread


class ValueMetric(Metric):
    """Abstract: a metric of the values of an output alone."""

    better = "lower"
    takes_target = False

    def plan(self, output: TensorType, target: TensorType | None, link: Link) -> tuple[int, ...]:
        help = "use the metric for an output with float values"
        need(output.is_float, f"the metric needs a float output, got {output.dtype}", help=help, code="E306")
        return output.shape


class Mean(ValueMetric, MeanMetric):
    """The mean of all values of an output; there is no target.

    The sum of the values that count, divided by their number. Values are probabilities where the loss of the output
    takes them for such. To watch a node, make it an output with the loss `none`. As a monitor, lower is better. Follows
    Keras 3 `Mean`.
    """

    keras = "metrics.Mean"
    spellings = ("average", "mean_value")
    example = "mean"

    def sums(self, prediction: Array, target: Array | None, weight: Array, link: Link) -> Mapping[str, Array]:
        return mean_sums(prediction.astype(jnp.float32), weight)


class Sum(ValueMetric):
    """The sum of all values of an output, divided by nothing; there is no target.

    Values are probabilities where the loss of the output takes them for such. To watch a node, make it an output with
    the loss `none`. As a monitor, lower is better. Follows Keras 3 `Sum`.
    """

    keras = "metrics.Sum"
    spellings = ("total", "sum_of_values")
    example = "sum"

    def sums(self, prediction: Array, target: Array | None, weight: Array, link: Link) -> Mapping[str, Array]:
        weights = spread(weight, prediction)
        values = jnp.where(weights > 0, prediction.astype(jnp.float32) * weights, 0.0)
        return {"total": jnp.sum(values)}

    def result(self, sums: Mapping[str, float]) -> float:
        return float(sums["total"])
