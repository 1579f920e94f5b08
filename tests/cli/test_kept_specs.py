"""What is wrong with rows for a run, or in its files, never asks for an edit of these: it names the spec to edit."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.runtime.runs.sealing import change_sealed

SPEC = """\
modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: kind}]}
data:
  source: {npz: rows.npz}
  targets: {kind: {category: {column: kind, classes: [cat, dog, owl]}}}
  validation: 6
train: {loss: cross_entropy, metrics: [accuracy], optimizer: adam, epochs: 1}
"""
STAYS = "help: the run stays as it was trained: give it rows like those of its training\n"
EDIT = "help: or, for these rows, edit `spec.yaml` and train it again: "
X = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
KIND = np.array(["cat", "dog", "owl"])[np.arange(30) % 3]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    np.savez(folder / "rows.npz", x=X, kind=KIND)
    ended = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("columns", "code", "help"),
    [
        ({"x": X[:, :3], "kind": KIND}, "E402", "change the input to `shape: [3]`"),
        ({"y": X, "kind": KIND}, "E401", "bind it: `inputs: {x: {array: "),
        ({"x": X, "kind": np.where(KIND == "cat", "cow", KIND)}, "E403", "add them to `classes`"),
        ({"x": np.where(X < 0, np.nan, X), "kind": KIND}, "E403", "fill or remove these rows"),
    ],
)
def test_rows_that_do_not_fit_a_run_ask_for_no_edit_of_its_files(
    folder: Path, columns: dict[str, Any], code: str, help: str
) -> None:
    np.savez(folder / "rows.npz", **columns)
    for command in (("evaluate", "run"), ("predict", "run", "--output", "p.csv")):
        ended = modelc(*command, cwd=folder)
        assert ended.code in (1, 4) and f"error[{code}]" in ended.err
        assert STAYS in ended.err and f"{EDIT}{help}" in ended.err


@pytest.mark.parametrize(
    ("columns", "code"), [({"x": X[:, :3]}, "E402"), ({"y": X}, "E401"), ({"x": np.where(X < 0, np.nan, X)}, "E403")]
)
def test_new_rows_that_do_not_fit_neither(folder: Path, columns: dict[str, Any], code: str) -> None:
    np.savez(folder / "new.npz", **columns)
    ended = modelc("predict", "run", "new.npz", "--output", "p.csv", cwd=folder)
    assert ended.code == 4 and f"error[{code}]" in ended.err
    assert STAYS in ended.err and "edit `spec.yaml`" in ended.err


def test_without_its_spec_a_run_is_to_be_trained_anew(folder: Path) -> None:
    (folder / "spec.yaml").unlink()
    np.savez(folder / "rows.npz", x=X[:, :3], kind=KIND)
    shown = modelc("evaluate", "run", cwd=folder).err
    # The copy has lost it, the project that it was copied from has not.
    assert STAYS in shown and "spec.yaml` and train it again" in shown
    change_sealed(folder / "run" / "run.json", lambda record: record.update(source="gone.yaml"))
    assert "for these rows, train anew: change the input" in modelc("evaluate", "run", cwd=folder).err


def test_data_that_has_moved_is_still_to_be_named(folder: Path) -> None:
    (folder / "rows.npz").unlink()
    shutil.rmtree(folder.parent / "trained", ignore_errors=True)
    ended = modelc("evaluate", "run", "--root", "run", cwd=folder)
    assert ended.code == 4 and STAYS not in ended.err


@pytest.mark.parametrize("name", ["spec.yaml", "merged.json", "resolved.json"])
@pytest.mark.parametrize("command", ["validate", "summary", "train"])
def test_a_mistake_in_a_file_of_a_run_names_the_spec_to_edit(folder: Path, command: str, name: str) -> None:
    file = folder / "run" / name
    file.write_text(file.read_text("utf-8").replace("adam", "adm"), encoding="utf-8")
    ended = modelc(command, f"run/{name}", cwd=folder)
    assert ended.code == 1
    note = "it is a file of the run `run`, which stays as it was trained: edit `spec.yaml`\n"
    assert note in ended.out + ended.err
    (folder / "run" / "run.json").write_text("{", encoding="utf-8")
    ended = modelc(command, f"run/{name}", cwd=folder)
    assert "edit the spec that was trained" in ended.out + ended.err


def test_a_file_outside_of_runs_has_no_such_note(folder: Path) -> None:
    (folder / "other.yaml").write_text(SPEC.replace("adam", "adm"), encoding="utf-8")
    assert "file of the run" not in modelc("validate", "other.yaml", cwd=folder).out
