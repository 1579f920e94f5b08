"""`modelc verify`: every file of a run is named, with what is wrong with it."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc, start
from tests.cli.conftest import Project
from tests.cli.test_debug import SPEC as LOGARITHM
from tests.cli.test_resume import SPEC
from tests.cli.test_seals import OLD, flip
from tests.runtime.runs.sealing import change_sealed, without_seal

ROWS = ("", " of the test rows")
"""What follows the name of a column, by the rows that it is of."""


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    return project.copy(tmp_path / "copy")


def files_of(run: Path) -> list[str]:
    return sorted(str(file.relative_to(run)) for file in run.rglob("*") if file.is_file() and file.name != "lock")


def states(ended: Ended) -> dict[str, str]:
    """The state of each entry of the only run, by path."""
    (run,) = json.loads(ended.out)["runs"]
    return {file["path"]: file["state"] for file in run["files"]}


def wrong(run: Path) -> list[str]:
    ended = modelc("verify", run, "--format", "json", cwd=run.parent)
    found = [path for path, state in states(ended).items() if state == "wrong"]
    assert ended.code == (1 if found else 0) and json.loads(ended.out)["whole"] == (not found)
    return found


def test_a_whole_run_is_whole_and_each_of_its_files_is_named(project: Project) -> None:
    ended = modelc("verify", "runs/tiny", "--data", "--format", "json", cwd=project.folder)
    assert ended.code == 0, ended
    found = states(ended)
    assert set(found.values()) == {"ok"}
    assert sorted(found) == sorted(
        [*files_of(project.run), *(f"column {name}{rows}" for name in ("big", "kind", "size", "x") for rows in ROWS)]
    )
    said = modelc("verify", project.run, cwd=project.folder)
    assert said.code == 0 and said.err == "" and "  finished, epoch 3, step 9\n" in said.out
    assert said.out.endswith(f"\n{len(files_of(project.run))} as written\n\n")


def test_each_file_that_changes_is_found_and_no_other_is_blamed(copy: Project) -> None:
    generator = np.random.default_rng(0)
    for name in files_of(copy.run):
        file = copy.run / name
        whole = file.read_bytes()
        for _ in range(3):
            flip(file, int(generator.integers(len(whole) * 8)))
            assert wrong(copy.run) == [name]
            file.write_bytes(whole)
        for broken in (b"", whole[: len(whole) // 2], whole[:-1], whole + b"\n"):
            file.write_bytes(broken)
            assert wrong(copy.run) == [name]
        file.write_bytes(whole)
    assert wrong(copy.run) == []


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def link(file: Path) -> None:
    moved = file.rename(file.parent.parent / f"{file.name}.moved")
    file.symlink_to(moved)


@pytest.mark.parametrize(
    ("change", "said"),
    [(Path.unlink, "is missing"), (pipe, "is a pipe, expected a regular file"), (link, "it is a symbolic link")],
)
@pytest.mark.parametrize(
    "name", ["resolved.json", "metrics.jsonl", "weights/best/manifest.json", "weights/last/params.safetensors"]
)
def test_what_is_no_file_is_wrong_and_not_waited_for(
    copy: Project, name: str, change: Callable[[Path], object], said: str
) -> None:
    change(copy.run / name)
    ended = modelc("verify", copy.run, cwd=copy.folder)
    assert ended.code == 1 and f"  {name}: " in ended.out and said in ended.out


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: [],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines, "{}\n"],
    ],
)
def test_lines_of_the_metrics_are_those_that_were_recorded(
    copy: Project, change: Callable[[list[str]], list[str]]
) -> None:
    log = copy.run / "metrics.jsonl"
    log.write_text("".join(change(log.read_text().splitlines(keepends=True))))
    assert wrong(copy.run) == ["metrics.jsonl"]


def test_folders_that_are_missing_or_of_another_run_are_wrong(copy: Project) -> None:
    other = copy.run.parent / "zz-other"
    assert modelc("train", "tiny.yaml", "--run-dir", other, cwd=copy.folder).code == 0
    for name in ("weights/best", "weights/last", "checkpoints/step-000000009"):
        kept = copy.run.parent.parent / "kept"
        (copy.run / name).rename(kept)
        if name.startswith("weights"):
            assert wrong(copy.run) == [name]
        shutil.copytree(other / name, copy.run / name)
        assert wrong(copy.run) == [f"{name}/manifest.json"]
        shutil.rmtree(copy.run / name)
        kept.rename(copy.run / name)
    step = copy.run / "checkpoints" / "step-000000009"
    step.rename(step.with_name("step-000000008"))
    assert wrong(copy.run) == ["checkpoints/step-000000008/manifest.json"]


def test_weights_of_another_epoch_are_not_the_best(tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=data, y=np.random.default_rng(1).integers(3, size=40))
    (tmp_path / "small.yaml").write_text(SPEC.replace("adam: 0.01", "adam: 0.3"))
    assert modelc("train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=20", cwd=tmp_path).code == 0
    weights = tmp_path / "run" / "weights"
    shutil.rmtree(weights / "best")
    shutil.copytree(weights / "last", weights / "best")
    assert wrong(tmp_path / "run") == ["weights/best/manifest.json"]


def test_columns_of_the_test_rows_are_compared_where_the_run_has_their_digests(copy: Project) -> None:
    columns = dict(np.load(copy.folder / "test.npz"))
    np.savez(copy.folder / "test.npz", **{**columns, "x": columns["x"] + 1, "big": columns["big"].astype("int8")})
    ended = modelc("verify", copy.run, "--data", cwd=copy.folder)
    assert ended.code == 1 and ended.out.count("  wrong  ") == 1
    assert "wrong  column x of the test rows: has changed since training" in ended.out
    recorded = json.loads((copy.run / "environment.json").read_text())
    del recorded["test_data"]
    (copy.run / "environment.json").write_text(json.dumps(recorded))
    without_seal(copy.run)
    ended = modelc("verify", copy.run, "--data", cwd=copy.folder)
    assert (
        ended.code == 0 and "unknown  column x of the test rows\n" in ended.out and "ok       column x\n" in ended.out
    )


def test_columns_of_the_data_are_compared(copy: Project) -> None:
    columns = dict(np.load(copy.folder / "train.npz"))
    np.savez(copy.folder / "train.npz", **{**columns, "x": columns["x"] + 1})
    ended = modelc("verify", copy.run, "--data", cwd=copy.folder)
    assert ended.code == 1 and "wrong  column x: has changed since training" in ended.out
    assert "help: give it the data" in ended.out and "copy of the run" not in ended.out
    assert "ok     column kind" in ended.out and modelc("verify", copy.run, cwd=copy.folder).code == 0
    (copy.folder / "train.npz").unlink()
    ended = modelc("verify", copy.run, "--data", "--root", ".", cwd=copy.folder)
    assert ended.code == 1 and "wrong  data: cannot be compared: there is no file 'train.npz'" in ended.out
    assert "help: give it the data that it was trained on, by `--root DIR` if that is elsewhere\n" in ended.out
    assert "copy of the run" not in ended.out


def test_a_run_of_before_has_nothing_to_compare_its_record_with(tmp_path: Path) -> None:
    shutil.copytree(OLD, tmp_path / "old")
    ended = modelc("verify", "run", "--format", "json", cwd=tmp_path / "old")
    found = states(ended)
    assert ended.code == 0 and {found[name] for name in found if "/" not in name} == {"unknown", "ok"}
    assert sorted(found) == files_of(tmp_path / "old" / "run")
    flip(tmp_path / "old" / "run" / "weights" / "best" / "params.safetensors", 3000)
    assert wrong(tmp_path / "old" / "run") == ["weights/best/params.safetensors"]


LEFT = [".run.json.0123456789ab.tmp", "weights/.best.new", "weights/.last.old", "checkpoints/.new-step-000000012"]


def test_what_a_killed_process_left_behind_is_named_and_removed_by_the_next_that_writes(copy: Project) -> None:
    (copy.run / LEFT[0]).write_bytes(b"half")
    for name in LEFT[1:]:
        (copy.run / name).mkdir()
        (copy.run / name / "params.safetensors").write_bytes(b"half")
    (copy.run / "notes.txt").write_text("mine")
    ended = modelc("verify", copy.run, "--format", "json", cwd=copy.folder)
    found = states(ended)
    assert ended.code == 0 and {name for name, state in found.items() if state == "left over"} == {*LEFT}
    assert found["notes.txt"] == "other"
    assert modelc("train", "--resume", copy.run, "--set", "train.epochs=4", cwd=copy.folder).code == 0
    assert not [name for name in LEFT if (copy.run / name).exists()] and (copy.run / "notes.txt").exists()
    assert modelc("evaluate", copy.run, cwd=copy.folder).code == 0


def test_weights_that_were_being_replaced_are_no_leftovers(copy: Project) -> None:
    (copy.run / "weights" / "last").rename(copy.run / "weights" / ".last.old")
    ended = modelc("verify", copy.run, "--format", "json", cwd=copy.folder)
    assert ended.code == 0 and states(ended)["weights/.last.old/manifest.json"] == "ok"


def test_a_run_in_training_is_whole_and_one_that_was_killed_ended_without_a_record(tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(61, 16)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (tmp_path / "small.yaml").write_text(SPEC)
    options = ("--run-dir", "run", "--set", "train.epochs=100000", "--checkpoint-every", "5 steps")
    process = start("train", "small.yaml", *options, cwd=tmp_path)
    run = tmp_path / "run"
    while not list(run.glob("checkpoints/step-*")):
        assert process.poll() is None
        time.sleep(0.01)
    for _ in range(10):
        ended = modelc("verify", "run", cwd=tmp_path)
        assert ended.code == 0 and "run  in training, " in ended.out, ended.out
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with open(run / "metrics.jsonl", "ab") as log:
        log.write(b'{"epoch": 7')
    ended = modelc("verify", "run", cwd=tmp_path)
    assert ended.code == 0 and "run  ended without a record: its process was killed" in ended.out, ended.out
    assert "metrics.jsonl: its last line is not complete" in ended.out
    assert "help: to go on with it: `modelc train --resume run`" in ended.out


def test_the_state_before_a_step_that_failed_is_verified_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((20, 4), np.float32), y=np.ones((20, 1), np.float32))
    (tmp_path / "log.yaml").write_text(LOGARITHM)
    assert modelc("train", "log.yaml", "--run-dir", "run", cwd=tmp_path).code == 4
    failed = [name for name in files_of(tmp_path / "run") if name.startswith("failed/")]
    assert failed and wrong(tmp_path / "run") == []
    assert {*failed} <= {*states(modelc("verify", "run", "--format", "json", cwd=tmp_path))}
    flip(tmp_path / "run" / failed[0], 100)
    assert wrong(tmp_path / "run") == failed[:1]


@pytest.mark.parametrize(("named", "code"), [("nowhere", 4), ("tiny.yaml", 0), ("runs", 4)])
def test_what_is_named_is_found_as_elsewhere(project: Project, named: str, code: int) -> None:
    assert modelc("verify", named, cwd=project.folder).code == code


def test_a_folder_of_runs_is_verified_run_by_run(copy: Project) -> None:
    shutil.copytree(copy.run, copy.run.parent / "zz")
    flip(copy.run.parent / "zz" / "run.json", 100)
    ended = modelc("verify", "runs/tiny", "--format", "json", cwd=copy.folder)
    assert ended.code == 1 and [run["whole"] for run in json.loads(ended.out)["runs"]] == [True, False]


def test_the_help_is_what_can_be_done(copy: Project) -> None:
    """Data is in no run, a file of somebody else is named, and only what has a checkpoint goes on."""
    (copy.run / "notes.txt").write_text("mine")
    np.savez(copy.folder / "train.npz", x=np.zeros((1, 1)))
    ended = modelc("verify", copy.run, "--data", cwd=copy.folder)
    assert ended.code == 1 and "  other  notes.txt\n" in ended.out
    assert "help: give it the data that it was trained on, by `--root DIR`" in ended.out
    assert "copy what is wrong again" not in ended.out
    change_sealed(copy.run / "run.json", lambda fields: fields.update(status="interrupted"))
    assert "help: to go on with it: `modelc train --resume " in modelc("verify", copy.run, cwd=copy.folder).out
    shutil.rmtree(copy.run / "checkpoints")
    assert "help: it has no checkpoint to go on from" in modelc("verify", copy.run, cwd=copy.folder).out


def test_a_damaged_record_makes_no_file_of_the_run_another(copy: Project) -> None:
    flip(copy.run / "run.json", 100)
    found = states(modelc("verify", copy.run, "--format", "json", cwd=copy.folder))
    assert "other" not in found.values()
