"""A file that has several names is read, with a warning at the place that names it, which a comment suppresses."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: y}]}
data:
  source: {npz: rows.npz}
  targets: {y: {category: y}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
SAID = "warning[W913]: `rows.npz` is one of 2 hard links to a file, and the others may be outside the root\n --> spec.yaml:4:"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec beside data of one name, which also has one elsewhere."""
    here = tmp_path / "project"
    here.mkdir()
    np.savez(tmp_path / "rows.npz", x=np.zeros((9, 4), np.float32), y=np.arange(9) % 3)
    os.link(tmp_path / "rows.npz", here / "rows.npz")
    (here / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return here


def test_data_with_another_name_is_said_before_training(folder: Path) -> None:
    checked = modelc("validate", "--data", "spec.yaml", cwd=folder)
    assert checked.code == 0
    assert SAID in checked.out
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0
    assert SAID in trained.err


def test_a_copy_is_not(folder: Path) -> None:
    content = (folder / "rows.npz").read_bytes()
    (folder / "rows.npz").unlink()
    (folder / "rows.npz").write_bytes(content)
    assert "W913" not in modelc("validate", "--data", "spec.yaml", cwd=folder).out


def test_a_comment_suppresses_it_and_is_no_mistake_without_the_data(folder: Path) -> None:
    commented = SPEC.replace("rows.npz}", "rows.npz}  # modelc: ignore W913")
    (folder / "spec.yaml").write_text(commented, encoding="utf-8")
    for options in ([], ["--data"]):
        checked = modelc("validate", "--strict", *options, "spec.yaml", cwd=folder)
        assert (checked.code, checked.out) == (0, "1 file is valid\n")
    assert "W913" not in modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder).err


def test_a_base_with_another_name_is_said(folder: Path) -> None:
    os.link(folder / "spec.yaml", folder / "base.yaml")
    (folder / "own.yaml").write_text("modelc: 1\nextends: base.yaml\n", encoding="utf-8")
    checked = modelc("validate", "own.yaml", cwd=folder)
    assert checked.code == 0
    assert "warning[W913]: `base.yaml` is one of 2 hard links to a file" in checked.out
    assert "own.yaml:2:10" in checked.out
