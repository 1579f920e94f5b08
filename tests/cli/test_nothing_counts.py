"""Rows of which nothing counts, and values that do not exist, as a user sees them: before training, in its log, at its end."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [2]}}
  layers: [{dense: 2, name: kind}]
data:
  source: {npz: {train: rows.npz, test: later.npz}}
  targets: {kind: {category: {column: kind, classes: [a, b]}}, sure: {array: sure}}
  validation: {last: 4}
train:
  losses: {kind: {cross_entropy: , mask: sure}}
  metrics: [accuracy]
  optimizer: adam
  epochs: 3
  early_stopping: 1
"""
X = np.arange(24, dtype=np.float32).reshape(12, 2) / 24
SURE = np.arange(12) % 3 > 0
KIND = np.where(SURE, np.where(np.arange(12) % 2, "a", "b"), "unknown")


def write_rows(folder: Path, sure: np.ndarray) -> None:
    (folder / "spec.yaml").write_text(SPEC)
    np.savez(folder / "rows.npz", x=X, kind=np.where(sure, KIND, "unknown"), sure=sure)
    np.savez(folder / "later.npz", x=X, kind=np.full(12, "not known yet"), sure=np.zeros(12, bool))


@pytest.mark.parametrize(
    ("sure", "word"), [(SURE & (np.arange(12) < 8), "validation"), (SURE & (np.arange(12) >= 8), "training")]
)
def test_rows_of_which_nothing_counts_are_an_error_before_training(tmp_path: Path, sure: np.ndarray, word: str) -> None:
    write_rows(tmp_path, sure)
    checked = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    message = f"error[E403]: no {word} row counts in the loss of `kind`: the mask `sure` leaves all of them out"
    assert (checked.code, trained.code) == (1, 4)
    assert message in checked.out and message in trained.err
    assert f"spec.yaml:10:{SPEC.splitlines()[9].index('sure') + 1}" in checked.out
    assert not (tmp_path / "run").exists()


def test_test_rows_without_answers_have_scores_that_are_nan(tmp_path: Path) -> None:
    write_rows(tmp_path, SURE)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0 and "nan" not in trained.out and "warning" not in trained.out
    shown = modelc("evaluate", "run", cwd=tmp_path)
    assert "12 test rows" in shown.out and "  loss      nan\n  accuracy  nan\n" in shown.out
    assert "= note: a value is NaN where no row counts" in shown.out
    values = json.loads(modelc("evaluate", "run", "--format", "json", cwd=tmp_path).out)["values"]
    assert values == {"loss": None, "accuracy": None}
    known = modelc("evaluate", "run", "--split", "validation", cwd=tmp_path)
    assert "nan" not in known.out and "note" not in known.out


def test_a_monitor_that_never_has_a_value_is_said_after_the_first_epoch_and_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text(
        "modelc: 1\nmodel:\n  inputs: {x: {shape: [2]}}\n  layers: [{dense: 1, name: y}]\n"
        "data: {source: {npz: line.npz}, targets: {y: {array: y}}, validation: {last: 1}}\n"
        "train: {loss: mean_squared_error, metrics: [r2], optimizer: adam, epochs: 3, monitor: validation/r2, "
        "early_stopping: 1}\n"
    )
    np.savez(tmp_path / "line.npz", x=X, y=X.sum(axis=1))
    known = "warning[W911]: `validation/r2` will always be NaN: in 1 validation row, all targets are equal"
    checked = modelc("validate", "--data", "line.yaml", cwd=tmp_path)
    assert checked.code == 0 and known in checked.out and "line.yaml:6:87" in checked.out
    ended = modelc("train", "line.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0 and known in ended.err
    lines = ended.out.splitlines()
    (first,) = (place for place, line in enumerate(lines) if line.startswith("epoch 1/3"))
    assert lines[first + 1] == (
        "warning: `validation/r2` is NaN in epoch 1: such an epoch is never the best, and `early_stopping` does not "
        "count it"
    )
    assert lines[first + 3] == "  = help: monitor a value that exists, such as `monitor: validation/loss`"
    assert ended.out.count("warning") == 1 and "best" not in lines[first]
    assert (
        "no best weights: `validation/r2` had no finite value in any of the 3 epochs; `evaluate` and `predict` use the "
        "last ones, of epoch 3"
    ) in lines
    assert sorted(entry.name for entry in (tmp_path / "run" / "weights").iterdir()) == ["last"]
    assert "1 validation row, last weights (epoch 3" in modelc("evaluate", "run", cwd=tmp_path).out
