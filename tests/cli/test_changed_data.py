"""Data that is not that of a run any more: commands that read it say so, of training rows and of test rows, and never falsely."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.cli.conftest import Project, made_columns
from tests.runtime.runs.sealing import without_seal

TEST = "warning: the test rows have changed since this run was trained: "
TRAIN = "warning: the data has changed since this run was trained: "
UNKNOWN = "note: whether the test rows have changed is not known: the run was recorded without their digests\n"


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy")


def save(folder: Path, name: str, columns: Any) -> None:
    np.savez(folder / f"{name}.npz", **columns)


def test_test_rows_that_were_replaced_are_named_by_each_command_that_reads_them(copy: Project) -> None:
    columns = made_columns(20, 1)
    save(copy.folder, "test", {**columns, "x": columns["x"] + 1, "size": columns["size"][::-1]})
    for arguments in (["evaluate"], ["evaluate", "--split", "test"], ["predict", "-o", "p.csv"]):
        ended = modelc(*arguments, "runs/tiny", cwd=copy.folder)
        assert ended.code == 0 and f"{TEST}`size` and `x`\n" in ended.err and TRAIN not in ended.err
    for split in ("train", "validation"):
        assert modelc("evaluate", "runs/tiny", "--split", split, cwd=copy.folder).err == ""
    found = json.loads(modelc("evaluate", "runs/tiny", "--format", "json", cwd=copy.folder).out)
    assert (found["changed_columns"], found["changed_test_columns"]) == ([], ["size", "x"])


def test_another_number_of_test_rows_is_said_and_not_each_column(copy: Project) -> None:
    for number, said in ((25, "there were 20 rows, and are 25 now"), (1, "there were 20 rows, and is 1 now")):
        save(copy.folder, "test", made_columns(number, 1))
        assert f"{TEST}{said}\n" in modelc("evaluate", "runs/tiny", cwd=copy.folder).err
        verified = modelc("verify", "runs/tiny", "--data", cwd=copy.folder)
        assert f"wrong  column x of the test rows: has changed since training: {said}\n" in verified.out
        ended = modelc("train", "--resume", "runs/tiny", "--set", f"train.epochs={30 - number}", cwd=copy.folder)
        assert ended.code == 0 and f"warning: the test rows have changed since the run began: {said}\n" in ended.err


@pytest.mark.parametrize("number", [50, 70])
def test_another_number_of_training_rows_is_said_and_not_each_column(copy: Project, number: int) -> None:
    save(copy.folder, "train", made_columns(number, 0))
    said = f"there were 60 rows, and are {number} now"
    assert f"{TRAIN}{said}\n" in modelc("evaluate", "runs/tiny", "--split", "validation", cwd=copy.folder).err
    ended = modelc("train", "--resume", "runs/tiny", "--set", "train.epochs=5", cwd=copy.folder)
    assert ended.code == 4 and f"error[E609]: the data has changed since the run began: {said}\n" in ended.err
    ended = modelc("verify", "runs/tiny", "--data", cwd=copy.folder)
    assert ended.code == 1 and f"wrong  column kind: has changed since training: {said}\n" in ended.out
    ended = modelc("reproduce", "runs/tiny", "--format", "json", cwd=copy.folder)
    assert ended.code == 1 and json.loads(ended.out)["differs"] == [f"the data has changed: {said}"]


@pytest.mark.parametrize("recorded", [None, 3, {"data": "60"}, {"data": True}])
def test_a_run_without_the_number_of_its_rows_is_answered_with_the_columns(copy: Project, recorded: object) -> None:
    environment = json.loads((copy.run / "environment.json").read_text())
    environment["rows"] = recorded
    (copy.run / "environment.json").write_text(json.dumps(environment))
    without_seal(copy.run)
    save(copy.folder, "test", made_columns(25, 1))
    assert f"{TEST}`big`, `kind`, `size` and `x`\n" in modelc("evaluate", "runs/tiny", cwd=copy.folder).err


def weights(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run / "weights" / "last").glob("*.safetensors")}


def test_the_same_values_in_another_dtype_are_no_change(project: Project, copy: Project, tmp_path: Path) -> None:
    longer = ["train", "--resume", "runs/tiny", "--set", "train.epochs=5"]
    straight = project.copy(tmp_path / "straight")
    assert modelc(*longer, cwd=straight.folder).code == 0
    for name, rows, seed in (("train", 60, 0), ("test", 20, 1)):
        columns = made_columns(rows, seed)
        kind = np.strings.encode(columns["kind"], "utf-8")
        big = columns["big"].astype(bool if name == "test" else "int64")
        others = {"x": columns["x"].astype("float64"), "kind": kind, "big": big, "size": columns["size"].astype(">f8")}
        save(copy.folder, name, others)
    assert modelc("evaluate", "runs/tiny", cwd=copy.folder).err == ""
    found = json.loads(modelc("evaluate", "runs/tiny", "--format", "json", cwd=copy.folder).out)
    assert (found["changed_columns"], found["changed_test_columns"]) == ([], [])
    ended = modelc(*longer, cwd=copy.folder)
    assert ended.code == 0 and "warning" not in ended.err, ended.err
    assert weights(copy.run) == weights(straight.run) != weights(project.run)


def test_training_that_goes_on_says_that_the_test_rows_are_others_and_is_the_same(copy: Project) -> None:
    save(copy.folder, "test", made_columns(20, 2))
    ended = modelc("train", "--resume", "runs/tiny", "--set", "train.epochs=4", cwd=copy.folder)
    said = "warning: the test rows have changed since the run began: `big`, `kind`, `size` and `x`\n"
    assert ended.code == 0 and said in ended.err
    assert f"{TEST}`big`, `kind`, `size` and `x`\n" in modelc("evaluate", "runs/tiny", cwd=copy.folder).err


def test_a_run_that_recorded_no_test_rows_opens_and_says_that_it_does_not_know(copy: Project) -> None:
    recorded = json.loads((copy.run / "environment.json").read_text())
    assert recorded.pop("test_data").keys() == {"x", "kind", "big", "size"} and recorded.pop("dtypes")
    (copy.run / "environment.json").write_text(json.dumps(recorded))
    without_seal(copy.run)
    ended = modelc("evaluate", "runs/tiny", cwd=copy.folder)
    assert ended.code == 0 and ended.err.count(UNKNOWN) == 1 and "warning" not in ended.err
    assert UNKNOWN not in modelc("evaluate", "runs/tiny", "--split", "validation", cwd=copy.folder).err
    found = json.loads(modelc("evaluate", "runs/tiny", "--format", "json", cwd=copy.folder).out)
    assert found["changed_test_columns"] is None
    columns = made_columns(60, 0)
    save(copy.folder, "train", {**columns, "x": columns["x"].astype("float64")})
    assert TRAIN not in modelc("evaluate", "runs/tiny", "--split", "validation", cwd=copy.folder).err
