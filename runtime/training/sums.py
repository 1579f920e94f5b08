"""The sums of losses and metrics over a span of batches on the device, and over an epoch on the host.

Most add up. Those of a metric that joins them are kept apart by batch, `[batches, ...]`, until the host has them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.lowering.prepared_task import PreparedTask

Sums = Mapping[str, Mapping[str, Array]]
"""Sums of a span by log key (without `train/`), of losses by term; for those of a loss see `losses` in `step`."""
MOST_BATCHES = 256
"""How many float32 sums are added up before float64 takes them: few enough to lose no more than a millionth or two."""
MOST_BYTES = 2**26
"""How much the sums that are kept apart by batch may take on the device."""


def joined(task: PreparedTask) -> dict[str, Metric]:
    """The metrics whose sums do not add up, by log key."""
    return {measure.key: measure.metric for measure in task.measures if not measure.metric.additive}


def zeros(task: PreparedTask, batch: Mapping[str, Mapping[str, jax.ShapeDtypeStruct]], batches: int) -> Sums:
    """Zero sums of a span of `batches` batches, from the shapes of those of a batch."""
    apart = joined(task)
    return {
        key: {
            name: jnp.zeros((batches, *part.shape) if key in apart else part.shape, part.dtype)
            for name, part in parts.items()
        }
        for key, parts in batch.items()
    }


def accumulate(task: PreparedTask, sums: Sums, batch: Sums, place: Array) -> Sums:
    """`sums` with those of a batch: added, or kept apart at `place`, where those of its parts, if it has several, have as many."""
    apart = joined(task)

    def kept(all_of: Array, value: Array) -> Array:
        parts = value if value.ndim == all_of.ndim else value[None]
        return jax.lax.dynamic_update_slice_in_dim(all_of, parts, place * len(parts), 0)

    return {
        key: {
            name: kept(parts[name], value) if key in apart else parts[name] + value
            for name, value in batch[key].items()
        }
        for key, parts in sums.items()
    }


def added(task: PreparedTask, sums: Sums) -> Sums:
    """The sums of a batch from those of its parts, `[parts, ...]`: added, or kept apart."""
    apart = joined(task)
    return {
        key: parts if key in apart else jax.tree.map(lambda part: jnp.sum(part, axis=0), parts)
        for key, parts in sums.items()
    }


def batches_at_once(task: PreparedTask, one: Sums) -> int:
    """How many batches are summed on the device before the host takes the sums, so that what is kept apart by batch fits;
    `one` are sums of one batch. Depends on neither how steps are cut into chunks nor on the stops of training.
    """
    size = sum(value.nbytes for key in joined(task) for value in one[key].values())
    return min(max(MOST_BYTES // max(size, 1), 1), MOST_BATCHES)


class JoinedSums:
    """The sums of an epoch of a metric that joins them, on the host.

    Those of spans wait until they are as large as what is joined: to join each at once would copy all of it each time.
    """

    def __init__(self, metric: Metric, parts: Sequence[Mapping[str, Any]] = ()) -> None:
        self.metric = metric
        self.parts: list[Mapping[str, Any]] = [*parts]

    def add(self, sums: Mapping[str, Any]) -> None:
        """Add those of a span, `[batches, ...]`."""
        batches = [dict(zip(sums, batch, strict=True)) for batch in zip(*sums.values(), strict=True)]
        self.parts.append(self.metric.join(batches))
        first, *others = map(size_of, self.parts)
        if sum(others) > first:
            self.total()

    def total(self) -> Mapping[str, Any]:
        """All as the sums of one batch."""
        if len(self.parts) > 1:
            self.parts = [self.metric.join(self.parts)]
        return self.parts[0]


def size_of(sums: Mapping[str, Any]) -> int:
    return sum(value.nbytes for value in sums.values())
