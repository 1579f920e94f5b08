"""`modelc data` where a column names files, and where rows are ids."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.commands import modelc

PHOTOS = """\
modelc: 1
model:
  inputs: {photo: {shape: [8, 8, 3]}}
  layers: [flatten, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {files: "photos/*/*.png"}
  inputs: {photo: {image: {column: file, size: [8, 8]}}}
  targets: {kind: {category: {column: folder, classes: [cat, dog]}}}
  validation: {first: 5}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
WORDS = """\
modelc: 1
model:
  inputs: {words: {shape: [6], dtype: int32}}
  layers: [embedding: {input_dim: 50, output_dim: 2, mask_zero: true}, lstm: 2, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {npz: rows.npz}
  inputs: {words: {array: words}}
  targets: {kind: {category: {column: kind, classes: 2}}}
  validation: {last: 20}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut to the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


def test_files_of_the_same_content_are_equal_rows_whatever_they_are_called(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for number in range(10):
            pixels = draw.integers(0, 255, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / kind / f"{number}.png")
    (tmp_path / "spec.yaml").write_text(PHOTOS)
    found = json.loads(modelc("data", "spec.yaml", "--format", "json", cwd=tmp_path).out)
    assert found["warnings"] == [] and found["unread_columns"] == ["name"]
    shutil.copy(tmp_path / "photos/cat/2.png", tmp_path / "photos/cat/9.png")
    (warning,) = json.loads(modelc("data", "spec.yaml", "--format", "json", cwd=tmp_path).out)["warnings"]
    assert warning["kind"] == "rows in training and validation" and warning["rows"] == [2]
    assert "as row 2 ('photos/cat/2.png') is to row 9 ('photos/cat/9.png')" in warning["text"]


def test_the_places_of_ids_are_no_variables(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    words = draw.integers(1, 50, (100, 6))
    # The end of each row is padding, and the first word says the class.
    words[:, 4:] = 0
    np.savez(tmp_path / "rows.npz", words=words, kind=(words[:, 0] > 25).astype("int32"))
    (tmp_path / "spec.yaml").write_text(WORDS)
    ended = modelc("data", "spec.yaml", "--format", "json", cwd=tmp_path)
    found = json.loads(ended.out)
    assert found["warnings"] == [] and found["columns"]["words"]["shape"] == [6]
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    kept = json.loads((tmp_path / "run" / "column_profiles.json").read_text())["columns"]
    assert kept["words"] == {"type": "integer", "shape": [6], "variables": []} and kept["kind"]["variables"]
