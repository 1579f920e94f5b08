"""A data set that is known by its name, from the command line: validated without it, trained, and predicted by its classes."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.library.sources.cifar import CLASSES
from tests.cli.commands import modelc
from tests.compiler.library.sources.published import Server, Small, publish, serve, serving, small_cifar10

SPEC = """\
modelc: 1
model:
  inputs: {image: {shape: [32, 32, 3]}}
  layers: [rescaling: 1/255, flatten, {dense: {units: "${classes(kind)}", activation: softmax}, name: kind}]
data:
  source: cifar10
  targets: {kind: {category: label}}
  validation: 0.2
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 1}
"""


@pytest.fixture
def small() -> Small:
    return small_cifar10()


@pytest.fixture
def server(small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos.yaml").write_text(SPEC)
    with serving() as server:
        publish(monkeypatch, small, server)
        yield server


def test_validate_needs_neither_the_file_nor_a_network(server: Server, tmp_path: Path) -> None:
    assert modelc("validate", "photos.yaml", cwd=tmp_path).code == 0
    (tmp_path / "wrong.yaml").write_text(SPEC.replace("[32, 32, 3]", "[32, 32]"))
    ended = modelc("validate", "wrong.yaml", cwd=tmp_path)
    assert ended.code == 1 and "has rows of shape [32, 32, 3]" in ended.out
    (tmp_path / "wrong.yaml").write_text(SPEC.replace('"${classes(kind)}"', "12"))
    assert "the labels have 10 classes" in modelc("validate", "wrong.yaml", cwd=tmp_path).out
    assert server.asked == [] and not (tmp_path / "cache").exists()


def test_validate_of_the_rows_says_what_is_missing(server: Server, tmp_path: Path) -> None:
    ended = modelc("validate", "photos.yaml", "--data", cwd=tmp_path)
    assert ended.code == 1
    assert "E406" in ended.out + ended.err and "cifar-10-binary.tar.gz" in ended.out + ended.err


def test_predictions_have_the_names_of_the_classes(server: Server, small: Small, tmp_path: Path) -> None:
    serve(server, small, "first")
    ended = modelc("train", "photos.yaml", cwd=tmp_path)
    assert ended.code == 0, ended.err
    ended = modelc("evaluate", "photos.yaml", "--split", "test", cwd=tmp_path)
    assert ended.code == 0, ended.err
    np.savez(tmp_path / "rows.npz", image=small.test["image"])
    ended = modelc("predict", "photos.yaml", "rows.npz", "--output", "out.csv", cwd=tmp_path)
    assert ended.code == 0, ended.err
    with open(tmp_path / "out.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["kind", *(f"kind/probability/{name}" for name in CLASSES)]
    assert len(rows) == len(small.test["image"]) and {row[0] for row in rows} <= set(CLASSES)
