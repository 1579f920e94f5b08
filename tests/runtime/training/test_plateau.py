"""A learning rate that goes by the monitor: lowered as by Keras's callback, and by as much as the weights then change."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.library.schedules import SCHEDULES
from modelc.runtime.training.plateau import after_epoch, first_plateau
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train


def rates_of_keras(values: list[float], mode: str, rate: float, **arguments: Any) -> list[float]:
    """The rate after each epoch that Keras's callback sets."""
    callback = keras.callbacks.ReduceLROnPlateau(monitor="value", mode=mode, **arguments)
    model: Any = SimpleNamespace(optimizer=keras.optimizers.SGD(rate))
    callback.set_model(model)
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"value": value})
        found.append(float(model.optimizer.learning_rate))
    return found


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_the_rate_is_lowered_where_keras_lowers_it(better: str) -> None:
    generator, reductions = np.random.default_rng(5), set()
    sign = 1 if better == "higher" else -1
    for _ in range(20):
        arguments: dict[str, Any] = {
            "factor": float(generator.choice([0.1, 0.5, 0.9])),
            "patience": int(generator.integers(1, 4)),
            "cooldown": int(generator.integers(0, 4)),
            "min_delta": float(generator.choice([0.0, 1 / 16, 1 / 4])),
            "min_lr": float(generator.choice([0.0, 0.02, 0.05])),
        }
        # Eighths are exact in Keras's float32 too.
        values = [sign * float(value) for value in np.round(np.arange(25) / 4 + generator.normal(0, 3, 25)) / 8]
        schedule: Any = SCHEDULES.build({"reduce_on_plateau": {"learning_rate": 0.1, **arguments}})
        plateau, own = first_plateau(schedule), list[float]()
        for epoch, value in enumerate(values, 1):
            plateau = after_epoch(plateau, schedule, value, epoch, better)
            own.append(plateau.rate)
        assert own == rates_of_keras(values, "max" if better == "higher" else "min", 0.1, **arguments)
        reductions.add(len(set(own)))
    assert len(reductions) > 3


def test_neither_epochs_within_the_warmup_nor_those_without_a_number_are_waited_for() -> None:
    schedule: Any = SCHEDULES.build({"reduce_on_plateau": {"learning_rate": 0.1, "patience": 1, "warmup_steps": 20}})
    plateau = first_plateau(schedule)
    for step, value in ((10, 1.0), (19, 2.0), (30, float("nan")), (40, 3.0), (50, float("nan"))):
        plateau = after_epoch(plateau, schedule, value, step, "lower")
    assert plateau.rate == pytest.approx(0.1) and plateau.reached == 3.0
    assert after_epoch(plateau, schedule, 3.0, 60, "lower").rate == pytest.approx(0.01)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_steps_as_far_as_its_rate_says(optimizer: str, tmp_path: Path) -> None:
    """The monitor is not better in any epoch, so that the rate is halved after each but the first; the rates are as those of
    a schedule by the step."""
    root, rate = write_rows(tmp_path), 0.1
    plateau = {"reduce_on_plateau": {"learning_rate": rate, "factor": 0.5, "patience": 1, "min_delta": 100}}
    usual: dict[str, Any] = {"epochs": 4, "metrics": ["accuracy"]}
    if optimizer == "sgd":
        usual |= {
            "param_groups": [{"paths": ["**/bias"], "learning_rate_factor": 0.5}],
            "clip_gradients": {"norm": 0.5},
        }
    own = train(spec(optimizer={optimizer: {"learning_rate": plateau}}, **usual), root)
    assert [(epoch, round(found, 6)) for epoch, found in own.rates] == [(2, 0.05), (3, 0.025), (4, 0.0125)]
    assert [record.learning_rate for record in own.records] == [0.1, 0.1, 0.05, 0.025]
    per_epoch = own.records[0].step
    piecewise = {"boundaries": [2 * per_epoch - 1, 3 * per_epoch - 1], "values": [rate, rate / 2, rate / 4]}
    by_step = train(spec(optimizer={optimizer: {"learning_rate": {"piecewise": piecewise}}}, **usual), root)
    for one, other in zip(own.records, by_step.records, strict=True):
        assert one.values == pytest.approx(other.values, rel=1e-5)
    assert own.records[-1].values["train/loss"] != pytest.approx(own.records[0].values["train/loss"], rel=1e-3)
