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

from modelc import train
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


@pytest.mark.parametrize(("split", "rows"), [("validation", slice(120, None)), ("test", slice(20))])
def test_rows_of_a_file_have_those_that_were_fitted_in_training(folder: Path, split: str, rows: slice) -> None:
    with np.load(folder / "iris.npz") as every:
        np.savez(folder / "some.npz", **{name: every[name][rows] for name in every.files})
    of_file = scores_in(modelc("evaluate", "run", "some.npz", "--format", "json", cwd=folder))
    of_split = scores_in(modelc("evaluate", "run", "--split", split, "--format", "json", cwd=folder))
    assert (of_file["baselines"], of_file["values"]) == (of_split["baselines"], of_split["values"])
    assert [*of_file["baselines"]] == NAMES
    line = f"logistic regression {of_scikit_learn(rows):.6g}"
    assert line in modelc("evaluate", "run", "some.npz", cwd=folder).out
    # They need no training rows.
    (folder / "iris.npz").rename(folder / "elsewhere.npz")
    try:
        again = scores_in(modelc("evaluate", "run", "some.npz", "--format", "json", cwd=folder))
    finally:
        (folder / "elsewhere.npz").rename(folder / "iris.npz")
    assert again["baselines"] == of_file["baselines"]
    assert "majority" not in modelc("evaluate", "run", "some.npz", "--no-baseline", cwd=folder).out


def test_a_training_without_held_out_rows_keeps_them_too(tmp_path: Path) -> None:
    write(tmp_path, SPEC.replace("  validation: {last: 30}\n  test: {first: 20}\n", ""))
    x, kind = load_iris(return_X_y=True)
    np.savez(tmp_path / "iris.npz", x=x[ORDER][20:120].astype("float32"), kind=kind[ORDER][20:120])
    np.savez(tmp_path / "later.npz", x=x[ORDER][120:].astype("float32"), kind=kind[ORDER][120:])
    ended = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0 and "baseline" not in ended.out
    found = scores_in(modelc("evaluate", "run", "later.npz", "--format", "json", cwd=tmp_path))["baselines"]
    assert found["logistic regression"]["values"]["accuracy"] == pytest.approx(of_scikit_learn(slice(120, None)))
    assert "ok  baselines.json" in modelc("verify", "run", cwd=tmp_path).out


def test_a_run_that_has_kept_none_says_so(tmp_path: Path) -> None:
    write(tmp_path)
    assert modelc("train", "iris.yaml", "--run-dir", "run", "--no-baseline", cwd=tmp_path).code == 0
    ended = modelc("evaluate", "run", "iris.npz", cwd=tmp_path)
    assert ended.code == 0 and "majority" not in ended.out
    assert "note: this run has no baselines for rows of a file: " in ended.err
    assert not modelc("evaluate", "run", "iris.npz", "--no-baseline", cwd=tmp_path).err


def test_a_run_of_a_program_and_one_that_is_repeated_keep_those_of_the_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    wanted = json.loads((folder / "run" / "run.json").read_text())["baselines"]
    assert set(wanted) == {"validation", "test"}
    train("iris.yaml", run_dir="run")
    ended = modelc("reproduce", "run", "--out", "again", cwd=tmp_path)
    assert ended.code == 0, ended.err
    for name in ("run", "again"):
        assert json.loads((tmp_path / name / "run.json").read_text())["baselines"] == wanted
        assert (tmp_path / name / "baselines.json").read_bytes() == (folder / "run" / "baselines.json").read_bytes()
        assert "ok  baselines.json" in modelc("verify", name, cwd=tmp_path).out
    train("iris.yaml", run_dir="without", baseline=False)
    assert modelc("reproduce", "without", "--out", "repeated", cwd=tmp_path).code == 0
    for name in ("without", "repeated"):
        assert json.loads((tmp_path / name / "run.json").read_text())["baselines"] == {}
        assert not (tmp_path / name / "baselines.json").exists()


def test_what_was_kept_and_has_changed_since_is_no_baseline(tmp_path: Path) -> None:
    write(tmp_path)
    assert modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    kept = tmp_path / "run" / "baselines.json"
    kept.write_text(kept.read_text().replace('"training": 100', '"training": 999'))
    ended = modelc("evaluate", "run", "iris.npz", cwd=tmp_path)
    assert ended.code == 4 and "error[E602]" in ended.err and "baselines.json` has changed" in ended.err


HOUSES = """\
modelc: 1
name: houses
model:
  inputs: {size: {shape: [2]}, place: {shape: [], dtype: int32}}
  nodes:
    where: {from: place, embedding: {input_dim: 5, output_dim: 2}}
    body: {from: [size, where], layers: [concatenate, dense: 8, relu]}
    price: {from: body, dense: 1}
    tags: {from: body, dense: {units: 3, activation: sigmoid}}
  outputs: [price, tags]
data:
  source: {npz: houses.npz}
  inputs: {size: {array: size}, place: {category: {column: place, classes: 5}}}
  targets: {price: {number: {column: price, standardize: true}}, tags: {array: tags}}
  validation: {last: 40}
train:
  losses: {price: mean_squared_error, tags: binary_cross_entropy}
  metrics: {price: [mean_absolute_error, r2], tags: [accuracy]}
  optimizer: adam
  epochs: 1
"""


def test_numbers_answers_and_ids_score_as_in_training(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    size, place = draw.normal(size=(200, 2)), draw.integers(0, 5, 200)
    columns = {
        "size": size.astype("float32"),
        "place": place,
        "price": (300_000 + 9_000 * size[:, 0] - 5_000 * (place == 3)).astype("float32"),
        "tags": (draw.random((200, 3)) < 0.4).astype("float32"),
    }
    np.savez(tmp_path / "houses.npz", **columns)
    np.savez(tmp_path / "last.npz", **{name: column[-40:] for name, column in columns.items()})
    (tmp_path / "houses.yaml").write_text(HOUSES)
    ended = modelc("train", "houses.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    found = scores_in(modelc("evaluate", "run", "last.npz", "--format", "json", cwd=tmp_path))["baselines"]
    kept = scores_in(modelc("evaluate", "run", "--split", "validation", "--format", "json", cwd=tmp_path))["baselines"]
    assert found == kept
    assert {*found} == {"majority", "mean", "median", "ridge regression", "logistic regression"}
    assert found["ridge regression"]["values"]["price/r2"] > 0.99


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


PAIRS = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}, y: {shape: [4]}}
  nodes: {a: {from: x, dense: 3}, b: {from: y, dense: 3}}
  outputs: [a, b]
data:
  source: {npz: iris.npz}
  inputs: {x: {array: x}, y: {array: x}}
  validation: {last: 30}
train: {losses: {pairs: {info_nce: {temperature: 0.1}, of: [a, b]}}, optimizer: adam, epochs: 1}
"""


def test_a_training_without_baselines_says_why(tmp_path: Path) -> None:
    write(tmp_path, PAIRS)
    ended = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    said = "there are no baselines: `info_nce` has no target that a simple model could predict"
    assert said in ended.err and "baselines on" not in ended.out
    silent = modelc("train", "iris.yaml", "--no-baseline", "--run-dir", "other", cwd=tmp_path)
    assert silent.code == 0 and "baselines" not in silent.err


def test_targets_of_another_kind_are_said_to_have_no_baselines(tmp_path: Path) -> None:
    write(tmp_path, SPEC.replace("category: {column: kind, classes: 3}", "array: shares"))
    with np.load(tmp_path / "iris.npz") as rows:
        shares = np.full((150, 3), 1 / 3, "float32")
        np.savez(tmp_path / "iris.npz", x=rows["x"], shares=shares)
    ended = modelc("train", "iris.yaml", "--run-dir", "run", cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert "there are no baselines: simple models predict classes" in ended.err
