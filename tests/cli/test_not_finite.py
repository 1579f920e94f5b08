"""`modelc predict` and `modelc evaluate` say which rows have predictions that are no numbers, and end with 4."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
name: logs
model:
  inputs: {x: {shape: [4]}, z: {shape: [4, 1]}}
  nodes:
    seen: {from: x, log: null}
    size: {from: seen, dense: 1}
    kind: {from: seen, dense: {units: 2, activation: softmax}}
    steps: {from: z, layers: [{masking: -1}, log]}
  outputs: [size, kind, steps]
data:
  source: {npz: rows.npz}
  targets: {size: {array: size}, kind: {category: {column: kind, classes: [cat, dog]}}}
  test: {npz: later.npz}
train:
  losses: {size: mean_squared_error, kind: cross_entropy, steps: none}
  metrics: {kind: [accuracy]}
  optimizer: sgd
  epochs: 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model that takes logarithms, and test rows of which 5 and 8 have a 0; masked steps give infinity."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "logs.yaml").write_text(SPEC)
    write(folder / "rows.npz", columns(20))
    later = columns(11)
    later["x"][[5, 8], [2, 3]] = 0
    write(folder / "later.npz", later)
    ended = modelc("train", "logs.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


def columns(rows: int) -> dict[str, Any]:
    random = np.random.default_rng(rows)
    x = random.uniform(0.5, 2, (rows, 4)).astype("float32")
    return {"x": x, "z": x[..., None].copy(), "size": x.sum(1, keepdims=True), "kind": np.arange(rows) % 2}


def write(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def test_predictions_that_are_not_finite_are_said_and_written(folder: Path) -> None:
    ended = modelc("predict", "run", "later.npz", "-o", "out.npz", cwd=folder)
    assert ended.code == 4 and "11 predictions" in ended.out
    assert "error[E506]: `size` is NaN or infinite in 2 rows of 11, the first is row 5" in ended.err
    assert "also `kind` in 2 rows, the first is row 5" in ended.err
    assert "`out.npz` is complete, and has these rows as they are" in ended.err
    with np.load(folder / "out.npz") as arrays:
        assert np.flatnonzero(~np.isfinite(arrays["size"][:, 0])).tolist() == [5, 8]
        assert [place for place, name in enumerate(arrays["kind"]) if name == ""] == [5, 8]
        assert set(np.delete(arrays["kind"], [5, 8])) <= {"cat", "dog"}


def test_a_table_has_no_class_where_there_is_no_prediction(folder: Path) -> None:
    text = (folder / "logs.yaml").read_text().replace("    steps: {from: z, layers: [{masking: -1}, log]}\n", "")
    text = text.replace(", steps]", "]").replace(", steps: none", "").replace(", z: {shape: [4, 1]}", "")
    (folder / "flat.yaml").write_text(text)
    assert modelc("train", "flat.yaml", "--run-dir", "flat", cwd=folder).code == 0
    for raw in ((), ("--raw",)):
        ended = modelc("predict", "flat", "later.npz", "-o", "out.csv", *raw, cwd=folder)
        assert ended.code == 4 and "error[E506]" in ended.err
    modelc("predict", "flat", "later.npz", "-o", "out.csv", cwd=folder)
    with open(folder / "out.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [place for place, line in enumerate(lines) if line["kind"] == ""] == [5, 8]


def test_finite_predictions_are_written_without_a_word(folder: Path) -> None:
    ended = modelc("predict", "run", "rows.npz", "-o", "good.npz", cwd=folder)
    assert ended.code == 0 and not ended.err


def test_an_infinite_logit_of_a_finite_probability_is_a_prediction(tmp_path: Path) -> None:
    spec = """\
modelc: 1
model:
  inputs: {x: {shape: [1]}}
  layers: [log, {activation: sigmoid, name: y}]
data: {source: {npz: rows.npz}, targets: {y: {array: y}}}
train: {loss: binary_cross_entropy, metrics: [accuracy], optimizer: sgd, epochs: 1}
"""
    (tmp_path / "spec.yaml").write_text(spec)
    x = np.ones((6, 1), np.float32)
    write(tmp_path / "rows.npz", {"x": x, "y": np.arange(6)[:, None] % 2})
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    x[1], x[4] = 0, -1
    write(tmp_path / "new.npz", {"x": x})
    ended = modelc("predict", "run", "new.npz", "-o", "out.csv", cwd=tmp_path)
    assert ended.code == 4
    assert "`y` is NaN or infinite in 1 row of 6, the first is row 4" in ended.err
    with open(tmp_path / "out.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["y"] for line in lines] == ["false", "false", "false", "false", "", "false"]
    assert [line["y/probability"] for line in lines] == ["0.5", "0.0", "0.5", "0.5", "nan", "0.5"]


def test_masked_steps_may_be_anything(folder: Path) -> None:
    masked = columns(6)
    masked["z"][2, 1] = -1
    write(folder / "masked.npz", masked)
    ended = modelc("predict", "run", "masked.npz", "-o", "masked_out.npz", cwd=folder)
    assert ended.code == 0 and not ended.err
    with np.load(folder / "masked_out.npz") as arrays:
        assert np.isinf(arrays["steps"][2, 1]).all()


def test_scores_that_are_not_finite_say_whose_values_they_come_from(folder: Path) -> None:
    ended = modelc("evaluate", "run", cwd=folder)
    assert ended.code == 4 and "kind/accuracy" in ended.out
    assert "error[E506]: `size` is NaN or infinite in 2 rows of 11, the first is row 5" in ended.err
    assert "so `loss` is " in ended.err
    ended = modelc("evaluate", "run", "--format", "json", cwd=folder)
    assert ended.code == 4
    assert json.loads(ended.out, parse_constant=pytest.fail)["values"]["loss"] is None
    assert modelc("evaluate", "run", "--split", "train", cwd=folder).code == 0
