"""Where a run's data is found after the project, the run or the data was moved or copied."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.runtime.runs.sealing import without_seal

SPEC = """modelc: 1
model: {inputs: {x: {shape: [4]}}, layers: [{dense: {units: 3, activation: softmax}, name: y}]}
data: {source: {npz: data/rows.npz}, targets: {y: {category: y}}, validation: 3}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
RUN = "runs/tiny/1"


def save_rows(path: Path, first: float = 0.0) -> None:
    np.savez(path, x=np.full((9, 4), first, np.float32), y=np.arange(9) % 3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("trained") / "project"
    for folder in ("specs", "data"):
        (project / folder).mkdir(parents=True)
    save_rows(project / "data/rows.npz")
    (project / "specs/tiny.yaml").write_text(SPEC)
    ended = modelc("train", "specs/tiny.yaml", "--root", ".", "--run-dir", RUN, cwd=project)
    assert ended.code == 0, ended.err
    return project


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Iterator[Path]:
    """A project that was moved as a whole: nothing is left where it was trained."""
    moved = tmp_path / "moved"
    shutil.copytree(trained, moved)
    away = trained.rename(trained.with_name("away"))
    yield moved
    away.rename(trained)


def evaluate(run: str, cwd: Path, *more: str) -> Ended:
    return modelc("evaluate", run, *more, cwd=cwd)


def test_a_project_that_was_moved_finds_its_data_by_run_and_by_spec(project: Path) -> None:
    for run, cwd in (
        (RUN, project),
        ("1", project / "runs/tiny"),
        (f"../moved/{RUN}", project),
        ("specs/tiny.yaml", project),
    ):
        ended = evaluate(run, cwd)
        assert ended.code == 0 and "changed" not in ended.err, ended.err


def test_a_copy_of_a_project_takes_its_own_data(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    save_rows(tmp_path / "copy/data/rows.npz", first=1.0)
    assert "the data has changed since this run was trained" in evaluate(RUN, tmp_path / "copy").err
    assert evaluate(RUN, trained).err == ""


def test_a_run_that_was_moved_alone_finds_the_data_where_it_was(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / RUN, tmp_path / "alone")
    ended = evaluate("alone", tmp_path)
    away = tmp_path.parents[1] / "data/rows.npz"
    assert not away.exists()
    note = f"it is read from `{trained}`, where it was when the run was trained"
    assert ended.code == 0 and ended.err == f"note: there is no 'data/rows.npz' in `{tmp_path.parents[1]}`: {note}\n"


def test_data_that_is_nowhere_is_said_with_the_folders_and_the_option_that_finds_it(
    project: Path, trained: Path
) -> None:
    (project / "elsewhere").mkdir()
    (project / "data").rename(project / "elsewhere/data")
    ended = evaluate(RUN, project)
    assert ended.code == 4 and "there is no file 'data/rows.npz'" in ended.err
    assert f"it was looked for in `{project}`: if the data has moved, name its folder with `--root DIR`" in ended.err
    before = f"; when the run was trained, it was in `{trained}`\n"
    assert ended.err.endswith(before) and "note:" not in ended.err
    assert evaluate(RUN, project, "--root", "elsewhere").code == 0
    ended = evaluate(RUN, project, "--root", "specs")
    assert ended.code == 4 and f"paths begin at the folder of `--root specs`{before}" in ended.err


def test_data_that_is_gone_where_it_was_is_said_with_that_folder_alone(trained: Path, tmp_path: Path) -> None:
    (trained / "data").rename(tmp_path / "data")
    try:
        for command in (["evaluate"], ["predict", "-o", str(tmp_path / "out.csv")], ["train", "--resume"]):
            ended = modelc(*command, RUN, cwd=trained)
            help = f"it was looked for in `{trained}`: if the data has moved, name its folder with `--root DIR`\n"
            assert ended.code == 4 and "there is no file 'data/rows.npz'" in ended.err
            assert help in ended.err and "when the run was trained" not in ended.err
    finally:
        (tmp_path / "data").rename(trained / "data")


def test_a_copy_whose_data_is_gone_in_both_places_names_both(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy/data")
    (trained / "data").rename(tmp_path / "data")
    try:
        ended = evaluate(RUN, tmp_path / "copy")
    finally:
        (tmp_path / "data").rename(trained / "data")
    assert ended.code == 4 and "note:" not in ended.err
    assert f"looked for in `{tmp_path / 'copy'}`" in ended.err and f"it was in `{trained}`" in ended.err


def test_a_record_without_the_way_from_the_run_is_read_as_before(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / RUN, tmp_path / "old")
    assert json.loads((tmp_path / "old/run.json").read_text())["root_from_run"] == "../../.."
    without_seal(tmp_path / "old", "root_from_run")
    assert evaluate("old", tmp_path).code == 0


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_damaged_data_of_a_copy_is_reported_and_not_replaced_by_that_of_the_original(
    trained: Path, tmp_path: Path, command: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    (copy / "data/rows.npz").write_bytes(b"\0garbage")
    output = ["-o", "out.csv"] if command == "predict" else []
    ended = modelc(command, RUN, *output, cwd=copy)
    assert ended.code == 4 and "error[E405]: 'data/rows.npz' is damaged or not an .npz file" in ended.err, ended
    assert "note: there is no" not in ended.err
    (copy / "data/rows.npz").unlink()
    (copy / "data/rows.npz").symlink_to("nowhere")
    ended = modelc(command, RUN, *output, cwd=copy)
    assert ended.code == 4 and "error[E405]: there is no file 'data/rows.npz'" in ended.err, ended


def test_a_copy_without_its_data_says_from_where_it_is_read(trained: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    shutil.rmtree(copy / "data")
    ended = evaluate(RUN, copy)
    assert (
        ended.code == 0 and f"note: there is no 'data/rows.npz' in `{copy}`: it is read from `{trained}`" in ended.err
    )
