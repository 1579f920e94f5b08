"""Baselines beside the scores of `modelc train` and `modelc evaluate`: kept in the run, of the same rows, and said to be so."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.cli.commands import Ended, modelc

SPEC = """\
modelc: 1
name: iris
model:
  inputs: {x: {shape: [4]}}
  layers: [{dense: {units: 3, activation: softmax}, name: kind}]
data:
  source: {npz: iris.npz}
  targets: {kind: {category: {column: kind, classes: 3}}}
  validation: {last: 30}
  test: {first: 20}
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 2}
"""
ORDER = np.random.default_rng(0).permutation(150)
NAMES = ["majority", "logistic regression"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("iris")
    write(folder)
    assert modelc("train", "iris.yaml", "--run-dir", "run", cwd=folder).code == 0
    return folder


def write(folder: Path, spec: str = SPEC) -> None:
    x, kind = load_iris(return_X_y=True)
    (folder / "iris.yaml").write_text(spec)
    np.savez(folder / "iris.npz", x=x[ORDER].astype("float32"), kind=kind[ORDER])


def of_scikit_learn(rows: slice) -> float:
    """The accuracy of logistic regression of the training rows on others."""
    x, kind = load_iris(return_X_y=True)
    x, kind = x[ORDER].astype("float32"), kind[ORDER]
    model = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-10, max_iter=10_000)).fit(x[20:120], kind[20:120])
    return float(model.score(x[rows], kind[rows]))


def scores_in(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_training_prints_them_below_its_own_values(tmp_path: Path) -> None:
    write(tmp_path)
    out = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path).out
    begin = out.index("baselines on the same 30 validation rows:")
    assert out.index("best epoch") < begin < out.index("run: run")
    found = re.findall(r"^  (\w[\w ]+?)  +loss ([\d.]+), accuracy ([\d.]+)$", out[begin:], re.MULTILINE)
    assert [name for name, _, _ in found] == NAMES
    assert float(found[1][2]) == pytest.approx(of_scikit_learn(slice(120, None)), abs=1e-4)


@pytest.mark.parametrize(("split", "rows"), [("validation", slice(120, None)), ("test", slice(20))])
def test_evaluate_repeats_those_of_the_run_for_the_same_rows(folder: Path, split: str, rows: slice) -> None:
    record = json.loads((folder / "run/run.json").read_text())
    found = scores_in(modelc("evaluate", "run", "--split", split, "--format", "json", cwd=folder))
    assert [*found["baselines"]] == NAMES
    kept = {one["name"]: {"rows": one["rows"], "values": one["values"]} for one in record["baselines"][split]}
    assert found["baselines"] == kept
    assert {one["rows"] for one in kept.values()} == {100}
    assert found["baselines"]["logistic regression"]["values"]["accuracy"] == pytest.approx(of_scikit_learn(rows))


def test_each_score_has_its_own_beside_it(folder: Path) -> None:
    lines = modelc("evaluate", "run", cwd=folder).out.splitlines()
    (accuracy,) = (line for line in lines if line.startswith("  accuracy "))
    assert re.fullmatch(r"  accuracy  [\d.]+ +majority [\d.]+, logistic regression [\d.]+", accuracy)


def test_rows_that_training_saw_are_called_so(folder: Path) -> None:
    ended = modelc("evaluate", "run", "--split", "train", cwd=folder)
    assert "100 train rows, which training saw, best weights" in ended.out
    assert f"logistic regression {of_scikit_learn(slice(20, 120)):.6g}" in ended.out


def test_other_data_has_other_ones(folder: Path, tmp_path: Path) -> None:
    x, kind = load_iris(return_X_y=True)
    np.savez(tmp_path / "iris.npz", x=x[ORDER].astype("float32")[:, ::-1] * 0, kind=kind[ORDER])
    ended = modelc("evaluate", "run", "--split", "validation", "--root", tmp_path, "--format", "json", cwd=folder)
    found, before = scores_in(ended), json.loads((folder / "run/run.json").read_text())["baselines"]["validation"]
    values = found["baselines"]["logistic regression"]["values"]
    # Of features that are all the same, it knows no more than the majority.
    assert values["accuracy"] == pytest.approx(found["baselines"]["majority"]["values"]["accuracy"])
    assert values["accuracy"] < before[1]["values"]["accuracy"]


def test_no_baseline_does_without(tmp_path: Path) -> None:
    write(tmp_path)
    ended = modelc("train", "iris.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path)
    assert ended.code == 0 and "baseline" not in ended.out
    assert json.loads((tmp_path / "run/run.json").read_text())["baselines"] == {}
    assert "majority" not in modelc("evaluate", "run", "--no-baseline", cwd=tmp_path).out
    assert "majority" in modelc("evaluate", "run", cwd=tmp_path).out


def test_rows_of_a_file_have_none(folder: Path) -> None:
    found = scores_in(modelc("evaluate", "run", "iris.npz", "--format", "json", cwd=folder))
    assert found["baselines"] == {}


def test_a_resumed_run_has_those_of_its_rows(tmp_path: Path) -> None:
    write(tmp_path)
    assert modelc("train", "iris.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=3", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "baselines on the same 30 validation rows:" in ended.out
    assert set(json.loads((tmp_path / "run/run.json").read_text())["baselines"]) == {"validation", "test"}
    assert modelc("verify", "run", cwd=tmp_path).code == 0


def test_a_sample_of_many_rows_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr("modelc.runtime.baselines.baseline.MOST_PRODUCTS", 4 * 3 * 60)
    monkeypatch.setattr("modelc.runtime.baselines.baseline.LEAST_ROWS", 50)
    out = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path).out
    assert re.search(r"logistic regression .*   \(fitted to 60 of 100 training rows\)", out)
    assert re.search(r"majority  +loss [\d.]+, accuracy [\d.]+$", out, re.MULTILINE)


def test_beyond_the_bound_there_is_the_majority_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr("modelc.runtime.baselines.baseline.MOST_FEATURES", 3)
    out = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path).out
    assert "majority" in out and "regression" not in out
