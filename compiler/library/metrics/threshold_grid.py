"""How thresholds are chosen: a number of them evenly from 0 to 1, as Keras does, or one for every score.

A grid counts on the device in buckets of constant size; that of every score is kept as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.formulas import one_hot
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.library.metrics.answers import spread
from modelc.compiler.library.metrics.counting import scatter_parts
from modelc.compiler.library.metrics.score_table import join_scores


class OrderMetric(Metric):
    """Abstract: compares the order of probabilities with the truth, at every score or on a grid of thresholds."""

    arguments_before: ClassVar[Mapping[str, Any]] = {"num_thresholds": 200}

    num_thresholds: Annotated[
        int | None,
        Field(
            ge=2,
            le=100_000,
            description="Number of thresholds, evenly from 0 to 1; null: every score is a threshold.",
        ),
    ] = None

    @property
    def additive(self) -> bool:
        return self.num_thresholds is not None

    @property
    def by_order(self) -> bool:
        return self.num_thresholds is None

    def join(self, parts: Sequence[Mapping[str, NumpyArray]]) -> Mapping[str, NumpyArray]:
        return join_scores(parts)


def histograms(prediction: Array, target: Array, weight: Array, thresholds: int, *, least: int) -> tuple[Array, Array]:
    """How many probabilities of yes and of no lie between thresholds, `[parts, thresholds, values]` each.

    Thresholds are evenly from 0 to 1. The bucket of a probability is the number of them below it, less `least`: with 1
    it is the last one that it is strictly above, and 0 counts as above the first.
    """
    if prediction.ndim == 1:
        prediction, target = prediction[:, None], target[:, None]
    values = prediction.astype(jnp.float32)
    weights = spread(weight, values)
    below = jnp.ceil(jnp.clip(values, 0.0, 1.0) * (thresholds - 1)) - least
    buckets = jnp.where(weights > 0, jnp.maximum(below, 0), 0).astype(jnp.int32)
    width = values.shape[-1]
    places = (buckets * width + jnp.arange(width)).ravel()
    yes = one_hot(target, values) > 0.5

    def histogram(kept: Array) -> Array:
        chosen = jnp.where(kept, weights, 0.0).ravel()
        return scatter_parts(chosen, places, thresholds * width).reshape(-1, thresholds, width)

    return histogram(yes), histogram(~yes)


def above(histogram: NumpyArray) -> NumpyArray:
    """How many values are in each bucket or a later one."""
    found: NumpyArray = histogram[::-1].cumsum(axis=0)[::-1]
    return found
