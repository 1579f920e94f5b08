"""What the record of an epoch changes: early stopping as Keras's callback counts it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.binding.task import Training
from modelc.compiler.language.settings import EarlyStopping, Settings
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.recording import recorded
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train

MONITOR = "validation/value"
NOTHING: Any = None
HELD_OUT = {"validation": 0.25}


def stopped_by_keras(values: list[float], mode: str, **arguments: Any) -> int | None:
    """The epoch, counted from 1, after which Keras's callback stops; None for none."""
    callback = keras.callbacks.EarlyStopping(monitor="value", mode=mode, **arguments)
    model: Any = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"value": value})
        if model.stop_training:
            return epoch + 1
    return None


def stopped_here(values: list[float], better: str, stopping: EarlyStopping) -> tuple[int | None, LoopState]:
    """The same of a training whose monitor has these values, and its last state."""
    training = Training(NOTHING, Settings(early_stopping=stopping), MONITOR, better)
    state = LoopState(NOTHING, 0, Tally({}, {}))
    for epoch, value in enumerate(values, 1):
        state = recorded(state._replace(epoch=epoch, step=epoch), {MONITOR: value}, 0.0, training)
        if training.settings.is_impatient(state.waited, has_best=state.best is not None):
            return epoch, state
    return None, state


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_early_stopping_stops_where_keras_does(better: str) -> None:
    generator, stops = np.random.default_rng(3), set()
    for _ in range(200):
        patience, start = (int(generator.integers(*bounds)) for bounds in ((1, 5), (0, 6)))
        delta = float(generator.choice([0.0, 1 / 16, 1 / 4]))
        # Eighths are exact in Keras's float32 too; they become better by and by, so that `min_delta` decides.
        sign = 1 if better == "higher" else -1
        values = [sign * float(value) for value in np.round(np.arange(30) / 4 + generator.normal(0, 2, 30)) / 8]
        own, _ = stopped_here(values, better, EarlyStopping(patience, delta, start))
        mode = "max" if better == "higher" else "min"
        expected = stopped_by_keras(values, mode, patience=patience, min_delta=delta, start_from_epoch=start)
        assert own == expected
        stops.add(own)
    assert len(stops) > 10


def test_the_best_epoch_is_the_best_of_all_whatever_early_stopping_counts() -> None:
    values = [0.1, 0.5, 0.9, 0.89, 0.88, 0.87]
    stopped, state = stopped_here(values, "lower", EarlyStopping(patience=2, min_delta=0.05, start=2))
    assert (stopped, state.best and state.best.epoch, state.reached) == (5, 1, 0.9)


def test_only_epochs_in_their_turn_are_evaluated_and_the_last_one(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    usual, seldom = (train(spec(epochs=5, validate_every=every, data=HELD_OUT), root) for every in (1, 2))
    assert all("validation/loss" in record.values for record in usual.records)
    for one, other in zip(usual.records, seldom.records, strict=True):
        wanted = {key: value for key, value in one.values.items() if key.startswith("train/") or one.epoch in (2, 4, 5)}
        assert other.values == wanted
    assert seldom.outcome is not None and seldom.outcome.best is not None
    assert seldom.outcome.best.epoch in (2, 4, 5)


@pytest.mark.parametrize(("monitor", "waited"), [(MONITOR, 1), ("train/value", 4)])
def test_the_last_epoch_may_be_the_best_out_of_turn_and_is_not_waited_for(monitor: str, waited: int) -> None:
    training = Training(NOTHING, Settings(validate_every=2), monitor, "lower")
    state = LoopState(NOTHING, 0, Tally({}, {}))
    for epoch, value in enumerate([0.1, 0.5, 0.6, 0.7, 0.4], 1):
        values = {"train/value": value} | ({MONITOR: value} if epoch in (2, 4, 5) else {})
        state = recorded(state._replace(epoch=epoch, step=epoch), values, 0.0, training)
    assert state.waited == waited and state.unscored == 0
    assert state.best is not None and state.best.epoch == (5 if monitor == MONITOR else 1)


def test_an_epoch_without_a_number_is_not_waited_for() -> None:
    values = [0.5, float("nan"), float("nan"), 0.6, 0.7]
    stopped, state = stopped_here(values, "lower", EarlyStopping(patience=2))
    assert (stopped, state.unscored) == (5, 2)


def test_the_epoch_that_early_stopping_ends_with_is_evaluated(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    # From the first epoch on, no loss is better by so much.
    stopping = {"patience": 3, "min_delta": 1000.0}
    raw = spec(epochs=9, validate_every=3, data=HELD_OUT, monitor="train/loss", early_stopping=stopping)
    watcher = train(raw, root)
    assert [record.epoch for record in watcher.records] == [1, 2, 3, 4]
    assert ["validation/loss" in record.values for record in watcher.records] == [False, False, True, True]
