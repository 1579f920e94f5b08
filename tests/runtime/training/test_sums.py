"""Sums of a chunk: figures do not depend on how many batches are evaluated at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate
from modelc.runtime.training import sums
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.watching import Watcher


def scored(raw: dict[str, Any], folder: Path) -> list[dict[str, float]]:
    """The values of the log, and of an evaluation in batches of training."""
    task, dataset = ready(raw, write_rows(folder, 45, x=np.random.default_rng(2).normal(size=(45, 3, 4)).astype("f4")))
    watcher, prepared = Watcher(), prepare(task)
    fit(prepared, dataset, Execution("scan", 256, "test"), watcher, lambda: False)
    last = watcher.snapshots[-1]
    return [dict(watcher.records[-1].values), evaluate(prepared, last.params, last.state, dataset.train)]


def test_batches_at_once_change_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [
        {"lstm": {"units": 3, "stateful": "epoch"}},
        {"dense": {"units": 3, "activation": "softmax"}, "name": "y"},
    ]
    raw = spec(layers, metrics=["auc", "accuracy"], shuffle=False, epochs=2)
    raw["model"]["inputs"]["x"]["shape"] = [3, 4]
    together = scored(raw, tmp_path)
    monkeypatch.setattr(sums, "MOST_BYTES", 700)
    for found, wanted in zip(scored(raw, tmp_path), together, strict=True):
        assert found == pytest.approx(wanted, rel=1e-6)
    assert together[1]["auc"] != pytest.approx(0.5, abs=0.01)
