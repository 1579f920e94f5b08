"""Links that are planted in a run directory: nothing is written or read through them."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.runs import weights as weights_module
from modelc.runtime.runs.files import replacing
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.weights import read_files, read_weights, write_weights
from modelc.runtime.training.observer import Outcome, Snapshot
from tests.compiler.syntax.test_beneath import swapping
from tests.runtime.runs.made_weights import made_snapshot, made_task, same
from tests.runtime.runs.test_run_directory import epoch, finish, recorder

TASK = made_task()
KEPT = b"kept"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with files of the names that a run writes."""
    folder = tmp_path / "outside"
    for below in ("", "best", "last", ".best.new", ".best.old"):
        (folder / below).mkdir(exist_ok=True)
        for name in ("run.json", "metrics.jsonl", "params.safetensors", "state.safetensors", "manifest.json"):
            (folder / below / name).write_bytes(KEPT)
    return folder


def untouched(outside: Path) -> bool:
    files = [path for path in outside.rglob("*") if path.is_file()]
    return len(files) == 25 and all(path.read_bytes() == KEPT for path in files)


def test_weights_are_not_written_to_a_folder_that_became_a_link(tmp_path: Path, outside: Path) -> None:
    run = tmp_path / "run"
    recording = recorder(run)
    with recording:
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
        shutil.rmtree(run / "weights")
        (run / "weights").symlink_to(outside)
        recording.epoch(epoch(2, 0.4), lambda: made_snapshot(TASK))
        with pytest.raises(RunError, match=r"cannot write `.*run/weights`: it is a symbolic link") as caught:
            finish(recording)
    assert caught.value.code == "E604" and untouched(outside)


@pytest.mark.parametrize("name", ["best", ".best.new", ".best.old"])
def test_a_link_among_the_weights_is_replaced_and_what_it_refers_to_is_not(
    tmp_path: Path, outside: Path, name: str
) -> None:
    run = tmp_path / "run"
    with recorder(run) as recording:
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
        with suppress(FileNotFoundError):
            shutil.rmtree(run / "weights" / name)
        (run / "weights" / name).symlink_to(outside / name)
        recording.next_write = 0.0
        recording.epoch(epoch(2, 0.4), lambda: made_snapshot(TASK, seed=1, epoch=2))
        finish(recording)
    assert untouched(outside)
    assert same(Run(run).weights(TASK, "best")[1], made_snapshot(TASK, seed=1, epoch=2))
    assert sorted(entry.name for entry in (run / "weights").iterdir()) == ["best", "last"]


def test_the_record_and_the_metrics_are_not_written_through_links(tmp_path: Path, outside: Path) -> None:
    run = tmp_path / "run"
    with recorder(run) as recording:
        for name in ("run.json", "metrics.jsonl"):
            (run / name).unlink()
            (run / name).symlink_to(outside / name)
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
        finish(recording)
    assert untouched(outside) and not (run / "run.json").is_symlink()
    assert Run(run).record.status == "finished"


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "lock").symlink_to(tmp_path / "made")
    with pytest.raises(RunError, match="it is a symbolic link") as caught:
        recorder(run)
    assert caught.value.code == "E604" and not (tmp_path / "made").exists()


def test_hard_links_of_a_run_are_replaced_and_not_written_through(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with recorder(run) as recording:
        os.link(run / "run.json", tmp_path / "other name")
        before = (tmp_path / "other name").read_bytes()
        finish(recording)
    assert (tmp_path / "other name").read_bytes() == before
    assert Run(run).record.status == "finished"


def test_a_run_that_is_moved_while_it_is_trained_is_written_where_it_is(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as recording:
        (tmp_path / "run").rename(tmp_path / "moved")
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
        finish(recording)
    assert [entry.name for entry in tmp_path.iterdir()] == ["moved"]
    assert same(Run(tmp_path / "moved").weights(TASK, "best")[1], made_snapshot(TASK))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    with recorder(tmp_path / "run") as recording:
        recording.interrupted(lambda: made_snapshot(TASK))
        recording.finish(Outcome("interrupted", None, None, 10))
    return tmp_path / "run"


@pytest.mark.parametrize("entry", ["run.json", "resolved.json", "environment.json"])
def test_a_file_of_a_run_that_is_a_link_is_not_read(finished: Path, entry: str) -> None:
    (finished / entry).rename(finished.parent / entry)
    (finished / entry).symlink_to(finished.parent / entry)

    def read() -> None:
        run = Run(finished)
        run.environment()
        run.task()

    with pytest.raises(RunError, match=rf"{entry}` of the run cannot be read: it is a symbolic link") as caught:
        read()
    assert caught.value.code == "E602"


@pytest.mark.parametrize("entry", ["weights", "weights/last", "weights/last/params.safetensors"])
def test_weights_behind_a_link_are_not_read(finished: Path, entry: str) -> None:
    (finished / entry).rename(finished.parent / "elsewhere")
    (finished / entry).symlink_to(finished.parent / "elsewhere")
    with pytest.raises(RunError, match="it is a symbolic link") as caught:
        Run(finished).weights(TASK, "last")
    assert caught.value.code == "E603"


def test_a_run_directory_may_itself_be_a_link(finished: Path) -> None:
    (finished.parent / "latest").symlink_to("run")
    assert same(Run(finished.parent / "latest").weights(TASK, "last")[1], made_snapshot(TASK))


def test_weights_that_training_replaces_while_they_are_read_are_read_again(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, calls = made_snapshot(TASK, seed=1, epoch=2), list[str]()

    def replace_then_read(folder: OpenFolder, run: str, task: PreparedTask) -> Snapshot:
        if not calls:
            with OpenFolder.at(finished / "weights") as weights:
                write_weights(weights, "last", run, newer)
        calls.append(run)
        return read_files(folder, run, task)

    monkeypatch.setattr(weights_module, "read_files", replace_then_read)
    assert same(read_weights(finished / "weights", "last", Run(finished).record.id, TASK), newer)
    assert len(calls) == 2


def test_no_weights_are_written_through_a_link_that_is_swapped_in_all_the_time(
    tmp_path: Path, outside: Path, request: pytest.FixtureRequest
) -> None:
    run = tmp_path / "run"
    (run / "weights").mkdir(parents=True)
    snapshot = made_snapshot(TASK)
    saves = {"written": 0, "refused": 0}
    # What is refused takes no time: as many of each kind are waited for.
    least = request.config.getoption("--swaps") // 30
    with swapping(run, {"weights": str(outside)}, pause=0.01), OpenFolder.at(run) as folder:
        while min(saves.values()) < least:
            try:
                with folder.existing("weights") as weights:
                    write_weights(weights, "best", "a", snapshot)
                saves["written"] += 1
            except (OSError, RunError):
                saves["refused"] += 1
    print(saves)
    assert untouched(outside)


def test_a_link_that_the_user_names_as_output_is_followed_to_where_the_file_becomes_whole(tmp_path: Path) -> None:
    (tmp_path / "out.csv").symlink_to("real.csv")

    def write(fails: bool) -> None:
        with replacing(tmp_path / "out.csv") as file:
            file.write(b"half")
            if fails:
                raise RunError("E501", "")

    with pytest.raises(RunError):
        write(fails=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]
    write(fails=False)
    assert (tmp_path / "real.csv").read_bytes() == b"half" and (tmp_path / "out.csv").is_symlink()
