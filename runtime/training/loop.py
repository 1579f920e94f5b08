"""The training loop: epochs of chunks of compiled steps, validation after each, until the end or until asked to stop.

The mathematics is in `step`, the order of rows in `order`; an `Observer` prints and writes files.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite, isnan
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.explain.training_facts import waited_for
from modelc.compiler.language.settings import ENDLESS
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.dataset import Dataset
from modelc.runtime.data.order import batches_of
from modelc.runtime.training.device import computing
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.evaluation import Evaluation
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.feeding import Feed, Span, feed_of
from modelc.runtime.training.fitting_batch import memory_left, room_for
from modelc.runtime.training.layer_fitting import learn
from modelc.runtime.training.lengths import Course, Lengths, seconds_left
from modelc.runtime.training.loop_state import LoopState, capture, restore, snapshot
from modelc.runtime.training.made_updates import made_in_epoch, rates_of
from modelc.runtime.training.observer import (
    Checkpoint,
    NoSaver,
    Observer,
    Outcome,
    Progress,
    Reason,
    Saver,
    Snapshot,
)
from modelc.runtime.training.processes import agreed, are_several, taken_by_all
from modelc.runtime.training.recording import at_rate, is_in_turn, recorded
from modelc.runtime.training.replay import At, error_of_epoch, error_of_step
from modelc.runtime.training.row_state import at_epoch
from modelc.runtime.training.step import Steps, TrainState, make
from modelc.runtime.training.sums import Sums, batches_at_once, joined

Result = TypeVar("Result")


def fit(
    task: PreparedTask,
    dataset: Dataset,
    execution: Execution,
    observer: Observer,
    stop: Callable[[], bool],
    saver: Saver | None = None,
    given: Checkpoint | None = None,
    course: Course | None = None,
) -> Outcome:
    """Train `task` on `dataset`, from the checkpoint `given` on, or on the `course` of another; `stop` is asked after every chunk.

    Raises RunError E501 if the loss is no longer finite, E502 if the device runs out of memory, E505 if it fails; what
    the observer saved until then is kept. Raises RunError E603 for a checkpoint of another training.
    """
    from modelc.runtime.training.phases import train_in_phases

    given_to_each = task, dataset, execution, observer, stop, saver or NoSaver()
    with computing(partial(room_for, task, dataset, execution, memory_left())):
        return train_in_phases(task, given, lambda number, before: Loop(*given_to_each, number, before, course))


class Loop:
    """Trains one task, or one phase of it, with so many epochs before: from a `LoopState` to the next, by chunks of steps.

    Steps are summed in spans whose ends depend on the task alone, so that neither the length of chunks nor a stop changes
    a figure.
    """

    def __init__(
        self,
        task: PreparedTask,
        dataset: Dataset,
        execution: Execution,
        observer: Observer,
        stop: Callable[[], bool],
        saver: Saver,
        phase: int = 0,
        before: int = 0,
        course: Course | None = None,
    ) -> None:
        assert task.training is not None
        self.prepared, self.whole = task, task.training.settings
        task = task.phases[phase] if task.phases else task
        assert task.training is not None
        self.task = task
        self.training = task.training
        self.settings = task.training.settings
        self.execution = execution
        self.observer = observer
        self.stop = stop
        self.saver = saver
        self.dataset = dataset
        self.part = dataset.train
        self.rows = dataset.train.rows
        self.per_epoch = self.settings.steps_per_epoch(self.rows)
        self.lengths = Lengths(self.settings, self.per_epoch, course)
        total = self.settings.total_steps(self.rows)
        self.steps: Steps = make(self.task, total, execution.parallelism)
        self.rates = rates_of(self.training, total)
        self.placement = self.steps.placement
        epochs = before + (self.settings.total_epochs(self.rows) or ENDLESS)
        batches = batches_of(self.settings, self.rows, dataset.train.classes_to_draw)
        self.feed: Feed = feed_of(dataset.train, batches, self.placement, execution.feeding.way, epochs)
        self.validation_part = dataset.validation
        self.validation = (
            None
            if dataset.validation is None
            else Evaluation(self.steps, self.task, dataset.validation, execution.feeding.way)
        )
        parts, rows = self.settings.gradient_accumulation, self.settings.rows_at_once
        one = self.steps.zero(self.feed.data, rows)
        self.span = min(max(batches_at_once(self.task, one) // parts, 1), self.per_epoch)
        self.zero = self.steps.zero(self.feed.data, rows, self.span * parts)
        self.started = time.perf_counter()
        self.compiled_at: float | None = None
        self.begun_at = 0
        self.is_last = phase + 1 >= len(self.prepared.phases)

    def first(self) -> LoopState:
        """The state before the first step, with weights from elsewhere and fitted layers."""
        initial, everywhere = self.training.initial, self.placement.everywhere
        taken = () if initial is None else (self.placement.put((initial.params, initial.state), everywhere),)
        begun = self.steps.first(*taken)
        return LoopState(learn(self.task, self.part, begun, self.placement, self.observer), 0, self.no_sums())

    def resumed(self, given: Checkpoint) -> LoopState:
        """The state that gave a checkpoint. Raises ValueError if it is not of this task."""
        state = restore(given, self.steps, self.zero, joined(self.task), self.per_epoch)
        if "reached" not in given.facts and state.best is not None:
            # A run of a version that did not record it.
            state = state._replace(reached=state.best.values[self.training.monitor])
        return state if state.is_inside else self.lengths.timed(state)

    def run(self, state: LoopState) -> Outcome:
        """Train from `state` on, until the end or until asked to stop."""
        return self.ran(state)[0]

    def ran(self, state: LoopState) -> tuple[Outcome, LoopState]:
        """The same, and the state at the end."""
        self.begun_at = state.step
        # Between two phases the weights are those of the one that has ended, which asks.
        is_stopped = not state.is_between and agreed(self.stop())
        if state.step and (is_stopped or self.is_done(state)):
            # What was killed may have left weights of another step.
            self.observer.interrupted(self.weights(state))
        if is_stopped:
            self.saver.ended(copied(state))
            return self.outcome("interrupted", state), state
        while not self.is_done(state):
            state = self.train_epoch(state)
            if state.is_inside:
                self.observer.interrupted(self.weights(state))
                self.saver.ended(copied(state))
                return self.outcome("interrupted", state), state
            if not (self.is_last and self.is_done(state)) and agreed(self.stop()):
                self.saver.ended(copied(state))
                return self.outcome("interrupted", state), state
        if self.is_last:
            self.saver.ended(copied(state))
        return self.outcome(
            "finished" if state.is_over or self.lengths.has_all(state) else "early_stopping", state
        ), state

    def outcome(self, reason: Reason, state: LoopState) -> Outcome:
        """How training ended."""
        counts = state.step, state.waited, state.unscored, self.feed.times, state.skipped
        waited = waited_for(self.settings, self.training.monitor, state.waited)
        return Outcome(reason, state.best, state.last, *counts, waited)

    def close(self) -> None:
        """Ask for no more rows."""
        self.feed.close()
        if self.validation is not None:
            self.validation.feed.close()

    def is_done(self, state: LoopState) -> bool:
        """Whether all steps are done, the time is over, or the monitor has not become better for long enough, and the epoch has
        ended.
        """
        is_impatient = self.settings.is_impatient(state.waited, has_best=state.best is not None)
        return not state.is_inside and (self.lengths.has_all(state) or state.is_over or is_impatient)

    def weights(self, state: LoopState) -> Callable[[], Snapshot]:
        """What copies the weights to the host."""
        return taken_by_all(partial(snapshot, self.task, state.train, state.epoch, state.step))

    def save_if_due(self, state: LoopState) -> None:
        """Save a checkpoint if it is time to, in all processes or in none."""
        if agreed(self.saver.is_due(state.step)):
            self.saver.save(copied(state))

    def train_epoch(self, state: LoopState) -> LoopState:
        """The state after the rest of an epoch and its record; inside of it, where training is to stop there."""
        if not state.is_inside:
            train = state.train._replace(state=at_epoch(self.task, state.train.state))
            begins: dict[str, Any] = {"epoch": state.epoch + 1, "first": state.step, "seconds": 0.0}
            state = state._replace(train=train, tally=self.no_sums(), span=None, **begins)
        begun, before = time.perf_counter(), state.seconds
        first, last = state.first, self.lengths.last_step(state)
        span: Span | None = None
        while state.step < last:
            place = (state.step - first) % self.span
            if span is None or place == 0 or place == span.until:
                at = state.epoch, state.step - first - place, self.span, place
                span = self.with_rows(state, partial(self.feed.span, *at))
            state = self.train_chunk(state, span, place, last - state.step)
            state = state._replace(seconds=before + time.perf_counter() - begun)
            self.report(state)
            state = self.lengths.timed(state)
            if state.is_over:
                break
            if state.step < last:
                if agreed(self.stop()):
                    return state
                self.save_if_due(state)
        state = self.ended(state, before + time.perf_counter() - begun)
        self.save_if_due(state)
        return state

    def with_rows(self, state: LoopState, computed: Callable[[], Result]) -> Result:
        """What is `computed` of rows that come then. Raises RunError for files that are not as they were, once the state is saved."""
        try:
            return computed()
        except RunError:
            # Where there are several, the others cannot be asked to save it too.
            if not are_several():
                self.saver.ended(copied(state))
            raise

    def no_sums(self) -> Tally:
        return Tally({}, joined(self.task))

    def train_chunk(self, state: LoopState, span: Span, place: int, left: int) -> LoopState:
        """The state after a chunk, from the `place` in its `span` on. It ends with the rows that are there, with the span, with the
        epoch, of which `left` steps are left, or where the state is to be saved. Raises RunError E501.
        """
        until = self.saver.saves_at(state.step)
        most = (
            self.execution.steps_per_chunk if until is None else min(self.execution.steps_per_chunk, until - state.step)
        )
        count = min(most, span.until - place, left)
        sums = jax.tree.map(jnp.copy, self.zero) if state.span is None else state.span
        train = state.train
        done = 0
        if self.compiled_at is None:
            # The very first step is timed separately.
            train, sums = self.call(train, sums, span, place, 1)
            train.step.block_until_ready()
            self.observer.compiled(time.perf_counter() - self.started)
            self.compiled_at = time.perf_counter()
            done = 1
        train, sums = self.call(train, sums, span, place + done, count - done)
        is_full = place + count == self.span or count == left
        if is_full:
            state.tally.add(sums)
        failed = int(train.failed)
        if failed >= 0:
            before = state._replace(train=train, step=failed, span=None)
            self.saver.failed(copied(before))
            at = At(failed, state.epoch, failed - state.first)
            raise error_of_step(self.task, self.part, *self.placement.on_one_device(train.params, train.state), at)
        return state._replace(train=train, step=state.step + count, span=None if is_full else sums)

    def call(self, train: TrainState, sums: Sums, span: Span, begin: int, count: int) -> tuple[TrainState, Sums]:
        """The state and the sums after `count` steps, one call each or in one call.

        The batches of a whole span are given each time, so that one program is compiled for all lengths of chunks: another
        one may round otherwise.
        """
        rows = span.data, span.indices, span.valid
        if self.execution.mode == "scan":
            return self.steps.chunk(train, sums, *rows, np.int32(begin), np.int32(count))
        for index in range(begin, begin + count):
            train, sums = self.steps.single(train, sums, *rows, np.int32(index))
        return train, sums

    def report(self, state: LoopState) -> None:
        """Inform the observer of the progress inside an epoch."""
        elapsed = time.perf_counter() - (self.compiled_at or self.started)
        done = state.step - self.begun_at
        speed = (done - 1) / elapsed if done > 1 and elapsed > 0 else 0.0

        def values() -> Mapping[str, float]:
            tally = state.tally if state.span is None else state.tally.with_sums(state.span)
            return tally.values(self.task, "train")

        left = seconds_left(self.whole.phases[state.phase :] or (self.whole,), self.rows, state, speed)
        place = state.epoch, self.whole.total_epochs(self.rows), state.step - state.first, self.per_epoch
        self.observer.progress(Progress(*place, values, speed, left, state.step))

    def ended(self, state: LoopState, seconds: float) -> LoopState:
        """The state after the record of an epoch whose last step is done. Raises RunError E501."""
        begun = time.perf_counter()
        if state.span is not None:
            state.tally.add(state.span)
            state = state._replace(span=None)
        trained = state.tally.values(self.task, "train")
        is_last = self.is_done(recorded(state, trained, 0.0, self.training))
        is_evaluated = self.lengths.is_evaluated(state, is_last)
        values = self.values(state, trained, is_evaluated)
        made = made_in_epoch(state, self.training, self.rates)
        state = recorded(state, values, seconds + time.perf_counter() - begun, self.training, made)
        last = state.last
        assert last is not None
        if last.best and any(one.training is not None and one.training.from_best for one in self.prepared.phases):
            state = state._replace(kept=self.weights(state)())
        self.observer.epoch(last, self.weights(state))
        if is_evaluated:
            state = self.lengths.timed(state)
        score = values.get(self.training.monitor)
        if score is None:
            return state
        if state.unscored == 1 and isnan(score):
            self.observer.unscored(last, self.training.monitor)
        if not is_in_turn(state.epoch, self.training):
            return state
        return at_rate(state, score, self.training, self.placement, self.observer)

    def values(self, state: LoopState, values: dict[str, float], is_evaluated: bool) -> dict[str, float]:
        """The `values` of an epoch by log key, with those of the validation rows where they are evaluated. Raises RunError E501."""
        uncounted = state.tally.uncounted(self.task, "train")
        if self.validation is not None and is_evaluated:
            weights = state.train.weights, state.train.state
            measured = self.with_rows(state, partial(self.validation.run, *weights))
            values = {**values, **measured.values(self.task, "validation")}
            uncounted |= measured.uncounted(self.task, "validation")
        losses = {key: value for key, value in values.items() if key.endswith("loss") and key not in uncounted}
        if bad := [key for key, value in losses.items() if not isfinite(value)]:
            self.saver.failed(copied(state))
            part = self.validation_part if bad[0].startswith("validation/") else None
            used = self.placement.on_one_device(state.train.weights, state.train.state)
            raise error_of_epoch(self.task, part, *used, state.epoch, bad[0])
        return values


def copied(state: LoopState) -> Callable[[], Checkpoint]:
    """What copies a state to the host."""
    return taken_by_all(partial(capture, state))
