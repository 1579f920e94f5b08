"""A target whose names are learnt: trained by their frequency, predicted by their names."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [3]}}
  layers: [dense: 16, relu, {dense: {units: "${classes(kind)}", activation: softmax}, name: kind}]
data:
  source: {npz: houses.npz}
  targets: {kind: {category: {column: kind, vocabulary: 5, unknown: other}}}
  validation: 0.2
train:
  loss: {cross_entropy: {class_weight: balanced}}
  metrics: [accuracy]
  optimizer: {adam: 0.02}
  epochs: 30
"""
KINDS = np.array(["flat", "house", "farm"])


def houses(rows: int, seed: int) -> dict[str, Any]:
    """Kinds of houses that three numbers tell, of which the first is the most frequent."""
    draw = np.random.default_rng(seed)
    kinds = draw.choice(3, rows, p=[0.2, 0.7, 0.1])
    return {"x": np.eye(3)[kinds] + draw.normal(size=(rows, 3)) * 0.1, "kind": KINDS[kinds]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("houses")
    (folder / "houses.yaml").write_text(SPEC)
    np.savez(folder / "houses.npz", **houses(400, 0))
    np.savez(folder / "later.npz", **houses(100, 1))
    valid = modelc("validate", "houses.yaml", cwd=folder)
    assert valid.code == 0, valid.err
    trained = modelc("train", "houses.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    assert "note: `kind`: the training rows have 3 names, and there is room for 4" in trained.out
    return folder


def test_predictions_are_the_names_that_were_learnt(folder: Path) -> None:
    predicted = modelc("predict", "run", "later.npz", "--output", "out.csv", cwd=folder)
    assert predicted.code == 0, predicted.err
    with (folder / "out.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == ["kind", *(f"kind/probability/{name}" for name in ("house", "flat", "farm", "unused 3", "other"))]
    assert np.mean([row[0] for row in rows] == houses(100, 1)["kind"]) > 0.95


def test_the_run_says_what_it_has_learnt_of_the_training_rows_alone(folder: Path) -> None:
    scores = json.loads(modelc("evaluate", "run", "--format", "json", cwd=folder).out)["values"]
    assert scores["accuracy"] > 0.95
    learnt = json.loads((folder / "run" / "readers.json").read_text())["readers"]["targets/kind"]["learnt"]
    assert learnt == {"names": ["house", "flat", "farm"], "unknown": 0, "values": 320}


def test_predictions_of_several_labels_have_their_names(tmp_path: Path) -> None:
    (tmp_path / "tags.yaml").write_text(
        SPEC.replace("softmax}, name: kind", "sigmoid}, name: kind")
        .replace(
            "{category: {column: kind, vocabulary: 5, unknown: other}}",
            "{multi_label: {column: kind, classes: [a, b, c]}}",
        )
        .replace("loss: {cross_entropy: {class_weight: balanced}}", "loss: binary_cross_entropy")
    )
    x = np.random.default_rng(0).normal(size=(400, 3))
    tags = np.array([";".join(name for name, value in zip("abc", row, strict=True) if value > 0) for row in x])
    np.savez(tmp_path / "houses.npz", x=x, kind=tags)
    assert modelc("train", "tags.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    assert modelc("predict", "run", "houses.npz", "--output", "out.csv", cwd=tmp_path).code == 0
    with (tmp_path / "out.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == [*(f"kind/{name}" for name in "abc"), *(f"kind/probability/{name}" for name in "abc")]
    assert np.mean([[cell == "true" for cell in row[:3]] for row in rows] == (x > 0)) > 0.95
