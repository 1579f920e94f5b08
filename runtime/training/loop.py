"""The training loop: epochs of chunks of compiled steps, validation after each, until the end or until asked to stop.

The mathematics is in `step`, the order of rows in `order`; an `Observer` prints and writes files.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import isfinite, isnan, nan
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import to_named
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.order import batches, in_order, shuffled
from modelc.runtime.training.device import computing
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.layer_fitting import learn
from modelc.runtime.training.observer import EpochRecord, Observer, Outcome, Progress, Reason, Snapshot
from modelc.runtime.training.row_state import at_epoch, at_zeros, planned_entries, without_per_row_entries
from modelc.runtime.training.step import Data, Steps, TrainState, make
from modelc.runtime.training.sums import JoinedSums, Sums, batches_at_once, joined

EVALUATION_ROWS = 1024
"""The largest batch of an evaluation; it needs no gradients, so it may be larger than that of a step."""


@computing()
def fit(
    task: PreparedTask, dataset: Dataset, execution: Execution, observer: Observer, stop: Callable[[], bool]
) -> Outcome:
    """Train `task` on `dataset`; `stop` is asked after every chunk.

    Raises RunError E501 if the loss is no longer finite, E502 if the device runs out of memory, E505 if it fails; what
    the observer saved until then is kept.
    """
    return Loop(task, dataset, execution, observer, stop).run()


@dataclass
class Tally:
    """Sums of an epoch on the host, in float64, to which each chunk is added.

    `metrics` are those that join their sums instead, by log key.
    """

    sums: dict[str, Mapping[str, Any]]
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    joined: dict[str, JoinedSums] = field(default_factory=dict)

    def add(self, sums: Sums) -> None:
        for key, parts in jax.device_get(sums).items():
            if key in self.metrics:
                self.joined.setdefault(key, JoinedSums(self.metrics[key])).add(parts)
                continue
            before = self.sums.get(key)
            self.sums[key] = {
                name: (0.0 if before is None else before[name]) + np.asarray(value, dtype=np.float64)
                for name, value in parts.items()
            }

    def values(self, task: PreparedTask, prefix: str) -> dict[str, float]:
        """The values of all log keys, from the sums.

        The loss is the weighted sum of its terms, each a mean over all of its elements: it does not depend on how rows
        are cut into batches, even if masks leave different numbers of elements in them. That of a term of which nothing
        counted is NaN, and so is the sum, unless the weight of the term is 0.
        """
        results = {measure.key: measure.metric.result for measure in task.measures}
        sums = self.sums | {key: joined.total() for key, joined in self.joined.items()}
        found = {key: float(results.get(key, mean)(parts)) for key, parts in sums.items()}
        weights = {f"{term.name}/loss": term.weight for term in task.terms} | {"penalty": 1.0}
        found["loss"] = sum(weight * found[key] for key, weight in weights.items() if key in found and weight)
        return {f"{prefix}/{key}": found[key] for key in task.log_keys}

    def uncounted(self, task: PreparedTask, prefix: str) -> frozenset[str]:
        """The log keys of losses that are NaN because nothing counted, in a term or in one that they are the sum of."""
        empty = [term for term in task.terms if not counted(self.sums.get(f"{term.name}/loss", {"count": 1}))]
        sums = ["loss"] if any(term.weight for term in empty) else []
        return frozenset(f"{prefix}/{key}" for key in (*(f"{term.name}/loss" for term in empty), *sums))


def mean(parts: Mapping[str, Any]) -> float:
    """The mean of a loss from its sums; NaN if no element was counted, or none with a weight above 0."""
    return float(parts["total"] / parts["count"]) if counted(parts) else nan


def counted(parts: Mapping[str, Any]) -> bool:
    """Whether the sums of a loss are of anything that counts."""
    return bool(parts.get("weighed", parts["count"]))


class Loop:
    """One training run; its attributes are the state of the loop between chunks."""

    def __init__(
        self, task: PreparedTask, dataset: Dataset, execution: Execution, observer: Observer, stop: Callable[[], bool]
    ) -> None:
        assert task.training is not None
        self.task = task
        self.training = task.training
        self.settings = task.training.settings
        self.execution = execution
        self.observer = observer
        self.stop = stop
        self.part = dataset.train
        self.rows = dataset.train.rows
        self.per_epoch = -(-self.rows // self.settings.batch_size)
        self.total = self.settings.steps or self.per_epoch * (self.settings.epochs or 1)
        self.steps: Steps = make(self.task, self.total)
        self.data = on_device(dataset.train)
        self.validation = None if dataset.validation is None else Evaluation(self.steps, self.task, dataset.validation)
        most = min(self.execution.steps_per_chunk, self.per_epoch)
        one = self.steps.zero(self.data, self.settings.batch_size)
        self.size = min(most, batches_at_once(self.task, one))
        self.zero = self.steps.zero(self.data, self.settings.batch_size, self.size)
        self.started = time.perf_counter()
        self.compiled_at = 0.0
        self.steps_done = 0
        self.best: EpochRecord | None = None
        self.last: EpochRecord | None = None
        self.waited = 0
        self.unscored = 0

    def run(self) -> Outcome:
        state = learn(self.task, self.part, self.steps.first(), self.observer)
        epoch = 0
        while self.steps_done < self.total:
            epoch += 1
            begun = time.perf_counter()
            state, tally, interrupted = self.train_epoch(state, epoch)
            if interrupted:
                self.observer.interrupted(partial(snapshot, self.task, state, epoch, self.steps_done))
                return self.outcome("interrupted")
            record = self.record(epoch, self.values(state, tally, epoch), time.perf_counter() - begun)
            self.observer.epoch(record, partial(snapshot, self.task, state, epoch, self.steps_done))
            if self.unscored == 1 and isnan(record.values[self.training.monitor]):
                self.observer.unscored(record, self.training.monitor)
            patience = self.settings.early_stopping
            if patience and self.best is not None and self.waited >= patience:
                return self.outcome("early_stopping")
            if self.steps_done < self.total and self.stop():
                return self.outcome("interrupted")
        return self.outcome("finished")

    def outcome(self, reason: Reason) -> Outcome:
        return Outcome(reason, self.best, self.last, self.steps_done, self.waited, self.unscored)

    def values(self, state: TrainState, tally: Tally, epoch: int) -> dict[str, float]:
        """The values of an epoch by log key, those of the validation rows too. Raises RunError E501."""
        values, uncounted = tally.values(self.task, "train"), tally.uncounted(self.task, "train")
        if self.validation is not None:
            measured = self.validation.run(state.params, state.state)
            values |= measured.values(self.task, "validation")
            uncounted |= measured.uncounted(self.task, "validation")
        losses = {key: value for key, value in values.items() if key.endswith("loss") and key not in uncounted}
        if bad := [key for key, value in losses.items() if not isfinite(value)]:
            raise RunError(
                "E501",
                f"`{bad[0]}` is not finite after epoch {epoch}",
                notes=("the weights of the previous epochs are kept",),
                helps=("lower the learning rate, or scale the inputs",),
            )
        return values

    def train_epoch(self, state: TrainState, epoch: int) -> tuple[TrainState, Tally, bool]:
        """The state after the steps of `epoch`, their sums, and whether the epoch was interrupted."""
        order = shuffled(self.settings.seed, epoch, self.rows) if self.settings.shuffle else in_order(self.rows)
        indices, valid = batches(order, self.settings.batch_size)
        state = state._replace(state=at_epoch(self.task, state.state))
        steps = min(self.per_epoch, self.total - self.steps_done)
        size = self.size
        tally = Tally({}, joined(self.task))
        for start in range(0, steps, size):
            count = min(size, steps - start)
            chunk = pad_chunk(indices[start : start + count], size), pad_chunk(valid[start : start + count], size)
            state, sums = self.train_chunk(state, jax.device_put(chunk), count)
            self.steps_done += count
            tally.add(sums)
            failed = int(state.failed)
            if failed >= 0:
                raise not_finite(failed, epoch, failed - (epoch - 1) * self.per_epoch)
            self.report(epoch, tally, start + count)
            if start + count < steps and self.stop():
                return state, tally, True
        return state, tally, False

    def train_chunk(self, state: TrainState, chunk: Any, count: int) -> tuple[TrainState, Sums]:
        """Run `count` steps, one call each or in one call; the very first step is timed separately."""
        sums = jax.tree.map(jnp.copy, self.zero)
        begin = 0
        if self.steps_done == 0:
            state, sums = self.call(state, sums, chunk, 0, 1)
            state.step.block_until_ready()
            self.observer.compiled(time.perf_counter() - self.started)
            self.compiled_at = time.perf_counter()
            begin = 1
        return self.call(state, sums, chunk, begin, count - begin)

    def call(self, state: TrainState, sums: Sums, chunk: Any, begin: int, count: int) -> tuple[TrainState, Sums]:
        if self.execution.mode == "scan":
            return self.steps.chunk(state, sums, self.data, *chunk, np.int32(begin), np.int32(count))
        for index in range(begin, begin + count):
            state, sums = self.steps.single(state, sums, self.data, *chunk, np.int32(index))
        return state, sums

    def report(self, epoch: int, tally: Tally, in_epoch: int) -> None:
        elapsed = time.perf_counter() - self.compiled_at
        speed = (self.steps_done - 1) / elapsed if self.steps_done > 1 and elapsed > 0 else 0.0
        values = partial(tally.values, self.task, "train")
        left = (self.total - self.steps_done) / speed if speed else 0.0
        epochs = -(-self.total // self.per_epoch)
        self.observer.progress(Progress(epoch, epochs, in_epoch, self.per_epoch, values, speed, left))

    def record(self, epoch: int, values: Mapping[str, float], seconds: float) -> EpochRecord:
        """The record of an epoch, stored as the last one, and as the best if it is.

        One whose monitor is NaN says nothing: it is neither the best nor one of those that early stopping waits for.
        """
        score = values[self.training.monitor]
        best = self.best
        sign = 1 if self.training.better == "higher" else -1
        improved = isfinite(score) and (best is None or sign * score > sign * best.values[self.training.monitor])
        record = EpochRecord(epoch, self.steps_done, values, seconds, improved)
        self.last = record
        if improved:
            self.best, self.waited = record, 0
        elif isnan(score):
            self.unscored += 1
        else:
            self.waited += 1
        return record


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


def pad_chunk(array: Array, size: int) -> Array:
    """`array` padded to `size` entries by repeating the last, so that all chunks have the shape that is compiled once."""
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def snapshot(task: PreparedTask, state: TrainState, epoch: int, step: int) -> Snapshot:
    """The current weights and state without per-row state, copied to the host."""
    params, model_state = jax.device_get((state.params, without_per_row_entries(task, state.state)))
    rolls = task.rolls
    return Snapshot(epoch, step, to_named(rolls, params), to_named(rolls, model_state))


def not_finite(step: int, epoch: int, batch: int) -> RunError:
    """The error for a loss or gradient that is NaN or infinite."""
    return RunError(
        "E501",
        f"the loss or its gradient is not finite at step {step + 1} (epoch {epoch}, batch {batch + 1})",
        notes=("the step was not applied: the weights are those of the previous step",),
        helps=("lower the learning rate, or scale the inputs to about -1 to 1",),
    )
