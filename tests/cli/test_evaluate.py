"""`modelc evaluate`: the scores that training saw, for weights that are what they were, and for none other."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.cli.conftest import SPEC, Project, made_columns
from tests.runtime.runs.sealing import change_sealed, without_seal


def test_last_weights_score_on_validation_rows_as_training_said(project: Project) -> None:
    ended = modelc(
        "evaluate", "runs/tiny", "--split", "validation", "--weights", "last", "--format", "json", cwd=project.folder
    )
    found = json.loads(ended.out)
    last = json.loads((project.run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["values"] == {
        key.removeprefix("validation/"): value for key, value in last.items() if key.startswith("validation/")
    }
    assert (found["rows"], found["split"], found["weights"], found["epoch"]) == (12, "validation", "last", 3)
    assert found["changed_columns"] == []


def test_test_rows_and_best_weights_are_taken_unless_told_otherwise(project: Project) -> None:
    ended = modelc("evaluate", project.run, cwd=project.folder)
    assert ended.code == 0
    assert "20 test rows, best weights (epoch " in ended.out
    assert ended.out.splitlines()[3].split()[0] == "loss"
    assert ended.err == ""
    by_spec = modelc("evaluate", "tiny.yaml", cwd=project.folder)
    assert by_spec.out.splitlines()[1:] == ended.out.splitlines()[1:]


def test_rows_that_are_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bare.yaml").write_text(
        SPEC.replace(", test: test.npz", "").replace("  validation: 12\n", "").replace("epochs: 3", "epochs: 1")
    )
    np.savez(tmp_path / "train.npz", **made_columns(16, 0))  # type: ignore[arg-type]  # savez types its flag as a keyword
    assert modelc("train", "bare.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    for arguments in ((), ("--split", "validation")):
        ended = modelc("evaluate", "run", *arguments, cwd=tmp_path)
        assert ended.code == 4
        assert "`--split train` uses the rows that there are" in ended.err
    assert "16 train rows" in modelc("evaluate", "run", "--split", "train", cwd=tmp_path).out


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ended = modelc("evaluate", "runs/nothing", cwd=tmp_path)
    assert ended.code == 4
    assert "error[E602]: there is no run `runs/nothing`" in ended.err


@pytest.mark.parametrize(
    "arguments", [["--split", "all"], ["--weights", "first"], ["--format", "xml"], ["--root", "no"]]
)
def test_a_wrong_command_line_ends_with_2(project: Project, arguments: list[str]) -> None:
    assert modelc("evaluate", project.run, *arguments, cwd=project.folder).code == 2


def test_changed_data_is_said(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", **made_columns(60, 5))  # type: ignore[arg-type]  # savez types its flag as a keyword
    np.savez(tmp_path / "test.npz", **made_columns(20, 1))  # type: ignore[arg-type]  # savez types its flag as a keyword
    ended = modelc("evaluate", project.run, "--root", tmp_path, cwd=project.folder)
    assert ended.code == 0
    assert "warning: the data has changed since this run was trained: `big`, `kind`, `size` and `x`" in ended.err


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_damaged_weights_are_refused_and_the_others_still_work(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    flip(copy.run / "weights/best/params.safetensors")
    for command, *options in (["evaluate"], ["predict", "--output", "out.csv"]):
        ended = modelc(command, copy.run, *options, cwd=copy.folder)
        assert (ended.code, ended.out) == (4, "")
        assert "error[E603]" in ended.err
    assert not (copy.folder / "out.csv").exists()
    assert modelc("evaluate", copy.run, "--weights", "last", cwd=copy.folder).code == 0


def test_weights_of_another_run_are_refused(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    other = copy.folder / "other"
    assert modelc("train", "tiny.yaml", "--run-dir", other, cwd=copy.folder).code == 0
    for name in ("params.safetensors", "state.safetensors", "manifest.json"):
        (copy.run / "weights/best" / name).write_bytes((other / "weights/best" / name).read_bytes())
    ended = modelc("evaluate", copy.run, cwd=copy.folder)
    assert ended.code == 4
    assert "they belong to the run" in ended.err


def test_a_changed_spec_no_longer_takes_the_weights(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    resolved = copy.run / "resolved.json"
    resolved.write_text(resolved.read_text().replace('"units": 8', '"units": 9'))
    without_seal(copy.run)
    ended = modelc("evaluate", copy.run, cwd=copy.folder)
    assert ended.code == 4
    assert "[4, 8] float32, the spec needs [4, 9] float32" in ended.err


@pytest.mark.parametrize(
    ("variables", "loss"),
    [
        ("", "{cross_entropy: {class_weight: balanced}}"),
        ("vars: {kind: {cross_entropy: {class_weight: balanced}}}\n", "$kind"),
        ("vars: {how: balanced}\n", "{cross_entropy: {class_weight: $how}}"),
    ],
)
def test_balanced_weights_of_classes_are_those_of_training(tmp_path: Path, variables: str, loss: str) -> None:
    text = SPEC.replace(", test: test.npz", "").replace("kind: cross_entropy", f"kind: {loss}")
    (tmp_path / "tiny.yaml").write_text(text.replace("model:\n", f"{variables}model:\n", 1), encoding="utf-8")
    np.savez(tmp_path / "train.npz", **made_columns(40, 0))  # type: ignore[arg-type]  # savez types its flag as a keyword
    trained = modelc("train", "tiny.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    ended = modelc("evaluate", "run", "--weights", "last", "--split", "validation", "--format", "json", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert json.loads(ended.out)["values"]["loss"] == last["validation/loss"]


def as_its_own(project: Project, to: Path) -> Project:
    """A copy whose run was trained where the copy is."""
    copy = project.copy(to)
    change_sealed(copy.run / "run.json", lambda record: record.update(root=str(to)))
    return copy


def test_a_spec_that_was_changed_is_not_answered_with_the_run_of_before(project: Project, tmp_path: Path) -> None:
    copy = as_its_own(project, tmp_path / "copy")
    spec = copy.folder / "tiny.yaml"
    spec.write_text(SPEC.replace("name: tiny", "name: tiny  # a remark"), encoding="utf-8")
    by_spec, by_run = (modelc("evaluate", name, cwd=copy.folder) for name in ("tiny.yaml", copy.run))
    assert (by_spec.code, by_spec.err) == (0, "")
    assert by_spec.out.splitlines()[1:] == by_run.out.splitlines()[1:]
    spec.write_text(SPEC.replace("units: 8", "units: 9"), encoding="utf-8")
    for command, *options in (["evaluate"], ["predict", "--output", "out.csv"]):
        ended = modelc(command, "tiny.yaml", *options, cwd=copy.folder)
        assert (ended.code, ended.out) == (4, "")
        assert "error[E607]" in ended.err and "`model.nodes.body.layers.0.dense.units` was 8, and is 9 now" in ended.err
        assert f"`modelc {' '.join([command, f'runs/tiny/{copy.run.name}', *options])}`" in ended.err
    assert not (copy.folder / "out.csv").exists()


def test_settings_of_the_run_are_named(project: Project, tmp_path: Path) -> None:
    copy = project.copy(tmp_path / "copy")
    assert modelc("train", "tiny.yaml", "--set", "train.epochs=1", cwd=copy.folder).code == 0
    ended = modelc("evaluate", "tiny.yaml", "--format", "json", cwd=copy.folder)
    assert json.loads(ended.out)["settings"] == ["train.epochs=1"]
    assert ended.err.endswith("was trained with `--set train.epochs=1`\n") and ended.err.count("\n") == 1


def test_a_project_that_was_moved_finds_its_data_or_says_where_it_looked(project: Project, tmp_path: Path) -> None:
    copy = as_its_own(project, tmp_path / "before")
    copy.folder.rename(tmp_path / "after")
    moved = tmp_path / "after"
    run = f"runs/tiny/{copy.run.name}"
    right = modelc("evaluate", project.run, cwd=project.folder).out.splitlines()[1:]
    for named in (run, "tiny.yaml"):
        ended = modelc("evaluate", named, cwd=moved)
        assert (ended.err, ended.out.splitlines()[1:]) == ("", right)
    (moved / "data").mkdir()
    for name in ("train.npz", "test.npz"):
        (moved / name).rename(moved / "data" / name)
    ended = modelc("evaluate", run, cwd=moved)
    assert (ended.code, ended.out) == (4, "")
    assert f"it was looked for in `{moved}`: if the data has moved, name its folder with `--root DIR`" in ended.err
    assert modelc("evaluate", run, "--root", "data", cwd=moved).out.splitlines()[1:] == right
