"""What metrics have in common that are the mean of a comparison, value by value."""

from collections.abc import Mapping

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link, Metric, mean_result, mean_sums, need_comparable


class ElementwiseMetric(Metric):
    """Abstract: prediction and target have equal shapes; the metric is the mean over all values that count."""

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_comparable(output, target)
        return output.shape

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        return mean_sums(self.compare(prediction.astype(jnp.float32), target.astype(jnp.float32)), weight)

    def result(self, sums: Mapping[str, float]) -> float:
        return mean_result(sums)

    def compare(self, prediction: Array, truth: Array) -> Array:
        """What the mean is taken of, for each value or each row of values; both in float32."""
        raise NotImplementedError
