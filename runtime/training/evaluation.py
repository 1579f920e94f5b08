"""Evaluates all rows of a part: losses and metrics as in prediction, each time with other weights."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches, in_order
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.placement import Placement
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
        self.batch = evaluation_batch(task, part.rows, steps.placement.parallelism.data)
        indices, valid = batches(in_order(part.rows), self.batch)
        self.data = on_device(part, steps.placement)
        self.size = min(len(valid), batches_at_once(task, steps.zero(self.data, self.batch)))
        self.zero = steps.zero(self.data, self.batch, self.size)
        self.count = len(valid)
        self.indices = steps.placement.put(indices, steps.placement.batches)
        self.valid = steps.placement.put(valid, steps.placement.everywhere)

    def run(self, params: Any, state: Any) -> Tally:
        tally = Tally({}, joined(self.task))
        handed: Any = self.steps.placement.put(at_zeros(self.task, self.batch), self.steps.placement.rows)
        for begin in range(0, self.count, self.size):
            sums = jax.tree.map(jnp.copy, self.zero)
            count = min(self.size, self.count - begin)
            place = np.int32(begin), np.int32(count)
            handed, sums = self.steps.measure(params, state, handed, sums, self.data, self.indices, self.valid, *place)
            tally.add(sums)
        return tally


def evaluation_batch(task: PreparedTask, rows: int, among: int = 1) -> int:
    """The batch size of an evaluation of `rows` rows: that of training if the model has per-row state, else a multiple of
    `among`, the devices that share a batch.
    """
    if task.training is not None and any(planned_entries(task)):
        return task.training.settings.batch_size
    return -(-min(rows, EVALUATION_ROWS) // among) * among


def on_device(part: Part, placement: Placement) -> Data:
    """The rows of a part on each device."""
    rows = {"inputs": dict(part.inputs), "targets": dict(part.targets)}
    data: Data = placement.put(rows, placement.everywhere)
    return data
