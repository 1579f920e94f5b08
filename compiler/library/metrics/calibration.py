"""Calibration: how far probabilities are from the share that comes true."""

from collections.abc import Mapping
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.metric import Link
from modelc.compiler.library.metrics.answers import AnswerMetric, labels_of, need_answers, need_probabilities, spread
from modelc.compiler.library.metrics.counting import exact_total, pieces, scatter_parts

NAMES = ("count", "confidence", "right")


class ExpectedCalibrationError(AnswerMetric):
    """How far probabilities are, on average, from the share that comes true: 0 where 70 of 100 answers of probability 0.7 are right.

    Probabilities are sorted into `bins` of equal width, each with its upper bound. The metric is the mean, over all that count, of `|mean
    probability - share of right ones|` of their bin. Of class probabilities `[..., classes]` it is of the greatest one, which is right where
    its class is the true one; the target holds labels `[...]` or one-hot rows. Of an output whose loss is `binary_cross_entropy` it is
    of the probability of yes, value by value. Bins are those of the whole epoch. Source: Guo, Pleiss, Sun and Weinberger 2017
    (https://arxiv.org/abs/1706.04599); the bins are those of scikit-learn `calibration_curve`, and of torchmetrics `CalibrationError`
    but for probabilities on a bound.
    """

    primary = "bins"
    spellings = ("ece", "calibration_error")
    example = "expected_calibration_error: 10"
    better = "lower"

    bins: Annotated[int, Field(ge=2, le=10_000, description="Number of bins, evenly from 0 to 1.")] = 15

    def plan(self, output: TensorType, target: TensorType, link: Link) -> tuple[int, ...]:
        need_probabilities(link, "sigmoid", "softmax")
        return need_answers(output, target, link)

    def sums(self, prediction: Array, target: Array, weight: Array, link: Link) -> Mapping[str, Array]:
        values = prediction.astype(jnp.float32)
        if link == "sigmoid":
            chances, right = values, target > 0.5
        else:
            chances, right = jnp.max(values, axis=-1), jnp.argmax(values, axis=-1) == labels_of(values, target)
        weights = spread(weight, chances).ravel()
        chances = jnp.where(weights > 0, chances.ravel(), 0.0)
        places = jnp.searchsorted(bounds_between(self.bins), chances)
        each = (weights, weights * chances, jnp.where(right.ravel(), weights, 0.0))
        return pieces({name: scatter_parts(part, places, self.bins) for name, part in zip(NAMES, each, strict=True)})

    def result(self, sums: Mapping[str, Any]) -> float:
        count, confidence, right = (exact_total(sums, name) for name in NAMES)
        return float(np.abs(confidence - right).sum() / count.sum()) if count.any() else float("nan")


def bounds_between(bins: int) -> NumpyArray:
    """The bounds between so many equal bins from 0 to 1, as the float32 that no float32 lies between and the exact ones below it."""
    exact = np.linspace(0.0, 1.0, bins + 1)[1:-1]
    near = exact.astype(np.float32)
    return np.where(near > exact, np.nextafter(near, np.float32(0)), near)
