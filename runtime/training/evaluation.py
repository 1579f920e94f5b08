"""Evaluates all rows of a part: losses and metrics as in prediction, each time with other weights."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches, in_order
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.row_state import at_zeros, planned_entries
from modelc.runtime.training.step import Data, Steps
from modelc.runtime.training.sums import batches_at_once, joined

EVALUATION_ROWS = 1024
"""The largest batch of an evaluation; it needs no gradients, so it may be larger than that of a step."""


class Evaluation:
    """Evaluates all rows of one part, each time with other weights."""

    def __init__(self, steps: Steps, task: PreparedTask, part: Part) -> None:
        self.steps = steps
        self.task = task
        self.batch = evaluation_batch(task, part.rows)
        indices, valid = batches(in_order(part.rows), self.batch)
        self.data = on_device(part)
        self.size = min(len(valid), batches_at_once(task, steps.zero(self.data, self.batch)))
        self.zero = steps.zero(self.data, self.batch, self.size)
        self.count = len(valid)
        self.indices, self.valid = jax.device_put((indices, valid))

    def run(self, params: Any, state: Any) -> Tally:
        tally = Tally({}, joined(self.task))
        handed: Any = at_zeros(self.task, self.batch)
        for begin in range(0, self.count, self.size):
            sums = jax.tree.map(jnp.copy, self.zero)
            count = min(self.size, self.count - begin)
            place = np.int32(begin), np.int32(count)
            handed, sums = self.steps.measure(params, state, handed, sums, self.data, self.indices, self.valid, *place)
            tally.add(sums)
        return tally


def evaluation_batch(task: PreparedTask, rows: int) -> int:
    """The batch size of an evaluation of `rows` rows: that of training if the model has per-row state."""
    if task.training is not None and any(planned_entries(task)):
        return task.training.settings.batch_size
    return min(rows, EVALUATION_ROWS)


def on_device(part: Part) -> Data:
    """The rows of a part on the default device."""
    data: Data = jax.device_put({"inputs": dict(part.inputs), "targets": dict(part.targets)})
    return data
