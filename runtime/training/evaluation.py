"""Evaluates all rows of a part: losses and metrics as in prediction, each time with other weights."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches_in_order
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.feeding import feed_of, way_of
from modelc.runtime.training.row_state import at_zeros, planned_entries
from modelc.runtime.training.step import Steps
from modelc.runtime.training.sums import batches_at_once, joined
from modelc.runtime.training.ways_of_feeding import Way

EVALUATION_ROWS = 1024
"""The largest batch of an evaluation; it needs no gradients, so it may be larger than that of a step."""


class Evaluation:
    """Evaluates all rows of one part, each time with other weights."""

    def __init__(self, steps: Steps, task: PreparedTask, part: Part, way: Way | None = None) -> None:
        self.steps = steps
        self.task = task
        self.batch = evaluation_batch(task, part.rows, steps.placement.parallelism.data)
        batches = batches_in_order(part.rows, self.batch)
        self.feed = feed_of(part, lambda epoch: batches, steps.placement, way or way_of(part))
        self.count = len(batches)
        self.size = min(self.count, batches_at_once(task, steps.zero(self.feed.data, self.batch)))
        self.zero = steps.zero(self.feed.data, self.batch, self.size)

    def run(self, params: Any, state: Any) -> Tally:
        tally = Tally({}, joined(self.task))
        handed: Any = self.steps.placement.put(at_zeros(self.task, self.batch), self.steps.placement.rows)
        for begin in range(0, self.count, self.size):
            sums = jax.tree.map(jnp.copy, self.zero)
            place, count = 0, min(self.size, self.count - begin)
            while place < count:
                span = self.feed.span(1, begin, self.size, place)
                until = min(span.until, count)
                rows = span.data, span.indices, span.valid, np.int32(place), np.int32(until - place)
                handed, sums = self.steps.measure(params, state, handed, sums, *rows)
                place = until
            tally.add(sums)
        return tally


def evaluation_batch(task: PreparedTask, rows: int, among: int = 1) -> int:
    """The batch size of an evaluation of `rows` rows: that of training if the model has per-row state, or a loss that compares the
    rows of a batch, else a multiple of `among`, the devices that share a batch.
    """
    as_in_training = any(planned_entries(task)) or any(term.loss.mixes_rows for term in task.terms)
    if task.training is not None and as_in_training:
        return task.training.settings.batch_size
    return -(-min(rows, EVALUATION_ROWS) // among) * among
