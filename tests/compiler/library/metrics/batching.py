"""Measures over batches as training does: padded with rows that must not show, sums added up in float64 or joined."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from modelc.compiler.library.contracts.metric import Link, Metric

Numbers = np.ndarray[Any, Any]
Sums = Mapping[str, Numbers]
BATCH = 16


def measure(metric: Metric, prediction: Numbers, target: Numbers, weight: Numbers | None, link: Link) -> float:
    """The metric over batches of 16 whose last one is padded with rows of weight 0: NaN, and no class."""
    weight = np.ones(len(target), np.float32) if weight is None else weight
    batches: list[Sums] = []
    for start in range(0, len(target), BATCH):
        parts = [array[start : start + BATCH] for array in (prediction, target, weight)]
        missing = BATCH - len(parts[2])
        for place, array in enumerate(parts):
            filling = 0 if place == 2 else np.nan if array.dtype.kind == "f" else 99
            padding = np.full((missing, *array.shape[1:]), filling).astype(array.dtype)
            parts[place] = np.concatenate([array, padding])
        given, truth, counted = map(jnp.asarray, parts)
        batches.append({name: np.asarray(value) for name, value in metric.sums(given, truth, counted, link).items()})
    return metric.result(together(metric, batches))


def together(metric: Metric, batches: Sequence[Sums]) -> Mapping[str, Any]:
    """The sums of several batches as those of one."""
    if not metric.additive:
        return metric.join(batches)
    return {name: sum(np.asarray(batch[name], np.float64) for batch in batches) for name in batches[0]}
