"""The arguments of metrics in the record of a run: figures stay those of training when a default changes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.metric_arguments import arguments_of, as_trained
from tests.cli.commands import modelc
from tests.runtime.runs.sealing import without_seal

SPEC: dict[str, Any] = {
    "modelc": 1,
    "model": {"inputs": {"x": {"shape": [1]}}, "layers": [{"dense": {"units": 1, "kernel_initializer": "ones"}}]},
    "data": {"source": {"npz": "rows.npz"}, "targets": {"output": {"array": "y"}}},
    "train": {"loss": "binary_cross_entropy", "optimizer": {"sgd": 1e-30}, "epochs": 1},
}
CROWDED = -9 + np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
"""Logits in the first two of 200 buckets, in the order of the truth."""


def task(*metrics: Any) -> Task:
    return load({**SPEC, "train": {**SPEC["train"], "metrics": list(metrics)}})


def points(task: Task) -> list[Any]:
    return [getattr(measure.metric, "num_thresholds", "none") for measure in task.measures]


def test_every_argument_of_every_metric_is_recorded() -> None:
    found = arguments_of(task({"auc": {"curve": "PR"}}, "binary_cross_entropy"))
    assert json.loads(json.dumps(found)) == {
        "auc": {"curve": "PR", "num_thresholds": None, "class_id": None, "average": "macro", "per_class": False},
        "binary_cross_entropy": {},
    }


def test_a_run_without_recorded_arguments_has_the_defaults_of_before() -> None:
    before, notes = as_trained(task({"auc": "PR"}, {"recall_at_precision": 0.5}, "accuracy"), {"seed": 0})
    assert points(before) == [200, 200, "none"]
    assert notes == tuple(
        f"`{key}` is computed as in training, with `num_thresholds: 200`, the default of that time"
        for key in ("auc", "recall_at_precision")
    )


def test_what_the_spec_says_stays_and_what_was_recorded_is_taken() -> None:
    given = task({"auc": {"num_thresholds": 7}})
    assert as_trained(given, {}) == (given, ())
    assert as_trained(given, {"metrics": {"auc": {"num_thresholds": 9, "curve": "ROC"}}}) == (given, ())
    plain = task("auc")
    assert as_trained(plain, {"metrics": arguments_of(plain)}) == (plain, ())
    assert points(as_trained(plain, {"metrics": {"auc": {"num_thresholds": 9}}})[0]) == [9]


@pytest.mark.parametrize(
    "metrics", [3, {"auc": 3}, {"auc": {"num_thresholds": "many"}}, {"auc": {"num_thresholds": 1}}]
)
def test_damaged_arguments_are_refused(metrics: Any) -> None:
    with pytest.raises(RunError) as caught:
        as_trained(task("auc"), {"metrics": metrics})
    assert caught.value.code == "E602"


def test_a_run_of_before_is_evaluated_as_it_was_trained(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=CROWDED, y=(CROWDED[:, 0] > -9).astype(np.int32))
    (tmp_path / "spec.json").write_text(json.dumps({**SPEC, "train": {**SPEC["train"], "metrics": ["auc"]}}))
    assert modelc("train", "spec.json", "--run-dir", "run", cwd=tmp_path).code == 0

    def said() -> tuple[float, str]:
        ended = modelc("evaluate", "run", "--split", "train", "--format", "json", cwd=tmp_path)
        return json.loads(ended.out)["values"]["auc"], ended.err

    assert said() == (1.0, "")
    record = tmp_path / "run" / "environment.json"
    recorded = json.loads(record.read_text())
    del recorded["metrics"]
    without_seal(tmp_path / "run")
    record.write_text(json.dumps(recorded))
    area, note = said()
    assert area == 0.5
    assert note == "note: `auc` is computed as in training, with `num_thresholds: 200`, the default of that time\n"
