"""The loss of masked values: a mean over all that count, however rows with more and with less of them are cut into batches."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher

ROWS, STEPS = 1100, 4


@pytest.mark.parametrize("second", [False, True])
def test_the_loss_does_not_depend_on_batches(tmp_path: Path, second: bool) -> None:
    layers = [{"dense": {"units": 1, "kernel_initializer": "zeros"}, "name": "y"}]
    raw = spec(layers, batch_size=8, epochs=1, optimizer={"sgd": 1e-30})
    raw["model"]["inputs"]["x"]["shape"] = [STEPS, 4]
    raw["data"]["targets"] = {"y": {"array": "y"}, "counts": {"array": "counts"}}
    raw["data"]["validation"] = {"last": ROWS - 12}
    terms: dict[str, Any] = {"y": {"mean_squared_error": None, "mask": "counts", "weight": 2}}
    if second:
        terms["far"] = {"mean_absolute_error": None, "of": "y", "target": "y", "weight": 0.5}
    raw["train"] = {key: value for key, value in raw["train"].items() if key != "loss"} | {
        "losses": terms,
        "metrics": [],
    }
    chance = np.random.default_rng(0)
    y = chance.normal(size=(ROWS, STEPS, 1)).astype(np.float32)
    counts = chance.uniform(size=(ROWS, STEPS)) < np.linspace(0.05, 0.9, ROWS)[:, None]
    counts[0] = True
    columns = {"x": np.ones((ROWS, STEPS, 4), np.float32), "y": y, "counts": counts}
    task, dataset = ready(raw, write_rows(tmp_path, ROWS, **columns))
    watcher = Watcher()
    fit(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False)

    def right(rows: slice) -> float:
        squares = np.square(y[rows].astype(np.float64))[counts[rows]].mean()
        return float(2 * squares + 0.5 * np.abs(y[rows].astype(np.float64)).mean() * second)

    values, last = watcher.records[-1].values, watcher.snapshots[-1]
    assert values["train/loss"] == pytest.approx(right(slice(12)), rel=1e-6)
    assert values["validation/loss"] == pytest.approx(right(slice(12, None)), rel=1e-6)
    assert dataset.validation is not None
    said = evaluate(prepare(task), last.params, last.state, dataset.validation)
    assert said["loss"] == pytest.approx(right(slice(12, None)), rel=1e-6)
