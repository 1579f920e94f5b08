"""Run directories: made once, locked while written, found by what people type, whole after whatever ends a run."""

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.document import MAX_BYTES, read
from modelc.runtime.runs.find_run import find_run
from modelc.runtime.runs.new_record import new_id
from modelc.runtime.runs.new_run import need_free
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.recorded_json import resolved_json
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_folders import run_name
from modelc.runtime.runs.run_layout import LOCK, is_run
from modelc.runtime.runs.run_lock import lock
from modelc.runtime.runs.run_record import FORMAT, RunRecord, now, record_bytes
from modelc.runtime.runs.weights import write_weights
from modelc.runtime.training.observer import EpochRecord, Outcome, Snapshot
from tests.runtime.runs.made_weights import made_snapshot, made_task, same
from tests.runtime.runs.sealing import without_seal

TASK = made_task()


def record(id: str = "a", name: str = "tiny", **fields: Any) -> RunRecord:
    fields = {"started": now(), "spec": "spec.yaml", "settings": [], "root": "/", "format": FORMAT, **fields}
    return RunRecord(id=id, name=name, monitor="train/loss", better="lower", **fields)


def recorder(folder: Path, **fields: Any) -> Recorder:
    return Recorder.new(folder, record(**fields), b"modelc: 1\n", {"modelc": 1}, {"modelc": 1}, {"seed": 0})


def epoch(number: int, loss: float, *, best: bool = True) -> EpochRecord:
    return EpochRecord(number, number * 10, {"train/loss": loss}, 0.5, best)


def finish(recording: Recorder) -> None:
    recording.finish(Outcome("finished", None, None, 0))


def code(caught: "pytest.ExceptionInfo[RunError]") -> str:
    return caught.value.code


def test_a_finished_run_has_its_record_its_metrics_and_both_weights(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first, second = made_snapshot(TASK, epoch=1), made_snapshot(TASK, seed=1, epoch=2)
    with recorder(folder) as recording:
        recording.epoch(epoch(1, 0.5), lambda: first)
        recording.epoch(epoch(2, 0.7, best=False), lambda: second)
        assert Run(folder).record.status == "running"
        finish(recording)
    run = Run(folder)
    assert (run.record.status, run.record.epoch, run.record.step) == ("finished", 2, 20)
    assert run.record.best is not None
    assert (run.record.best.epoch, run.record.best.score) == (1, 0.5)
    assert same(run.weights(TASK, "best")[1], first)
    assert same(run.weights(TASK, "last")[1], second)
    assert run.weights(TASK)[0] == "best"
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [list(line) for line in lines] == [["epoch", "step", "train/loss", "seconds", "digest"]] * 2
    assert (folder / "spec.yaml").read_bytes() == b"modelc: 1\n"


def test_metrics_can_be_read_while_training_goes_on_and_are_always_json(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as recording:
        recording.epoch(epoch(1, float("inf")), lambda: made_snapshot(TASK))
        line = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(), parse_constant=pytest.fail)
    assert line["train/loss"] is None


def test_short_epochs_do_not_each_wait_for_the_disk_and_nothing_is_lost_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def write(weights: OpenFolder, kind: str, run: str, snapshot: Snapshot) -> None:
        written.append(snapshot.epoch)
        write_weights(weights, kind, run, snapshot)

    monkeypatch.setattr("modelc.runtime.runs.recorder.write_weights", write)
    with recorder(tmp_path / "run") as recording:
        for number in range(1, 101):
            recording.epoch(epoch(number, 1 / number), partial(made_snapshot, TASK, epoch=number))
        assert len(written) < 50
        finish(recording)
    assert Run(tmp_path / "run").weights(TASK, "last")[1].epoch == 100
    assert Run(tmp_path / "run").weights(TASK, "best")[1].epoch == 100


def test_a_failed_run_keeps_what_it_had_and_says_why(tmp_path: Path) -> None:
    def fail() -> None:
        with recorder(tmp_path / "run") as recording:
            recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
            raise RunError("E501", "the loss is not finite")

    with pytest.raises(RunError, match="not finite"):
        fail()
    run = Run(tmp_path / "run")
    assert run.record.status == "failed"
    assert run.record.failure is not None
    assert (run.record.failure.code, run.record.failure.message) == ("E501", "the loss is not finite")
    assert run.weights(TASK, "best")[1].epoch == 1


def test_weights_inside_an_epoch_are_saved_when_interrupted(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as recording:
        recording.interrupted(lambda: made_snapshot(TASK, epoch=1, step=4))
        recording.finish(Outcome("interrupted", None, None, 4))
    run = Run(tmp_path / "run")
    assert (run.record.status, run.record.epoch, run.record.step) == ("interrupted", 0, 4)
    assert run.weights(TASK)[0] == "last"
    with pytest.raises(RunError, match="has no best weights") as caught:
        run.weights(TASK, "best")
    assert code(caught) == "E602"


def test_a_folder_in_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty") as caught:
        recorder(tmp_path)
    assert code(caught) == "E601"
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(RunError, match="is a file"):
        need_free(tmp_path / "notes.txt")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    with recorder(tmp_path) as recording:
        finish(recording)
    assert Run(tmp_path).record.status == "finished"
    with pytest.raises(RunError, match="already contains a run"):
        recorder(tmp_path)


def test_only_one_of_two_gets_the_folder(tmp_path: Path) -> None:
    with OpenFolder.at(tmp_path) as folder:
        held = lock(folder, "wait")
    with pytest.raises(RunError, match="another process") as caught:
        recorder(tmp_path)
    assert code(caught) == "E601"
    assert [entry.name for entry in tmp_path.iterdir()] == [LOCK]
    os.close(held)
    with recorder(tmp_path) as recording:
        finish(recording)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError) as caught:
        need_free(tmp_path / "runs" / "x")
    assert code(caught) == "E604"


def test_a_disk_that_takes_no_more_ends_the_run_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    def fill() -> None:
        with recorder(tmp_path / "run") as recording:
            recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
            monkeypatch.setattr(os, "fsync", full)
            finish(recording)

    with pytest.raises(RunError) as caught:
        fill()
    assert code(caught) == "E604"
    assert "no space left" in caught.value.message
    assert Run(tmp_path / "run").weights(TASK, "last")[1].epoch == 1


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_id() for _ in range(20)]
    assert len(set(ids)) == 20
    assert all(len(id) == len("20260101-000000-abcdef") for id in ids)
    assert sorted(id[:15] for id in ids) == [id[:15] for id in ids]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("digits", "digits"),
        ("my spec (1)", "my-spec-1"),
        ("..", "spec"),
        ("-rf", "rf"),
        ("été", "t"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_spec_without_a_name_gives_its_runs_a_harmless_one(stem: str, name: str) -> None:
    assert run_name("", Path(f"/somewhere/{stem}.yaml")) == name


def test_a_resolved_spec_says_the_same_as_the_spec() -> None:
    spec = """
modelc: 1
description: "line \\n, tab \\t, é, \\u00e9, 😀, $$x"
model:
  inputs: &inputs {x: {shape: [4]}}
  layers: [rescaling: {scale: 1/3, offset: 1e-5}, dense: 1]
"""
    document, problems = read(spec, "spec.yaml")
    again, more = read(resolved_json(document.data if document else None), "resolved.json")
    assert (problems, more) == ((), ())
    assert document is not None
    assert again is not None
    assert again.data == document.data


def test_a_long_spec_is_resolved_on_one_line_and_a_longer_one_refused(tmp_path: Path) -> None:
    data = {"modelc": 1, "description": "d" * (MAX_BYTES - 100), "list": [{"a": 1}] * 5}
    assert resolved_json(data).count(b"\n") == 0
    assert json.loads(resolved_json(data)) == data
    with pytest.raises(RunError, match="once its aliases are expanded") as caught:
        Recorder.new(tmp_path / "run", record(), b"", {}, {"list": [data] * 2}, {})
    assert code(caught) == "E005"
    assert not (tmp_path / "run").exists()


def make(folder: Path, status: str, started: str) -> None:
    folder.mkdir(parents=True)
    made = record(id=folder.name, status=status, started=started)
    (folder / "run.json").write_bytes(record_bytes(made))
    (folder / "resolved.json").write_text("{}")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four runs of `tiny`, as they are seen from the current directory."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "runs/tiny/a", "finished", "2026-01-01")
    make(tmp_path / "runs/tiny/b", "early_stopping", "2026-01-04")
    make(tmp_path / "runs/tiny/c", "interrupted", "2026-01-03")
    make(tmp_path / "runs/tiny/d", "failed", "2026-01-05")
    make(tmp_path / "runs/tiny/e", "running", "2026-01-06")
    (tmp_path / "tiny.yaml").write_text("modelc: 1\n")
    (tmp_path / "other.json").write_text('{"modelc": 1, "name": "tiny"}')
    return tmp_path


@pytest.mark.parametrize("text", ["runs/tiny", "runs/tiny/b", "tiny.yaml", "other.json", "runs/tiny/../tiny/"])
def test_a_run_is_found_by_its_folder_its_name_and_its_spec(runs: Path, text: str) -> None:
    assert find_run(text).run.record.id == "b"


def test_a_failed_run_is_used_when_it_is_named(runs: Path) -> None:
    assert find_run("runs/tiny/d").run.record.id == "d"


@pytest.mark.parametrize(
    ("text", "said", "cure"),
    [
        ("runs/tinny", "there is no run `runs/tinny`", "did you mean `runs/tiny`?"),
        ("tiny", "there is no run `tiny`", "did you mean `runs/tiny`?"),
        ("new.yaml", "`new.yaml` has not been trained here", "modelc train"),
        ("empty", "contains none", "modelc train"),
        ("runs/bad", "no run in `runs/bad` has finished: the last one failed", "runs/bad/x"),
        ("nothing-like-it", "there is no run", "name a run directory"),
    ],
)
def test_what_is_no_run_is_answered_with_what_there_is(runs: Path, text: str, said: str, cure: str) -> None:
    (runs / "new.yaml").write_text("modelc: 1\n")
    (runs / "empty").mkdir()
    make(runs / "runs/bad/x", "failed", "2026-01-01")
    (runs / "runs/bad/x/weights/last").mkdir(parents=True)
    with pytest.raises(RunError) as caught:
        find_run(text)
    assert code(caught) == "E602"
    assert said in caught.value.message
    assert cure in caught.value.helps[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "[" * 100_000])
def test_a_damaged_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "resolved.json").write_text("{}")
    with pytest.raises(RunError, match=r"run\.json") as caught:
        find_run(str(tmp_path))
    assert code(caught) == "E602"


def test_a_folder_whose_record_is_no_file_is_a_run_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    assert not is_run(tmp_path)
    (tmp_path / "resolved.json").write_text("{}")
    assert is_run(tmp_path)
    with pytest.raises(RunError, match=r"run\.json") as caught:
        find_run(str(tmp_path))
    assert code(caught) == "E602"


def test_best_weights_that_are_gone_are_not_replaced_by_the_last(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as recording:
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK, epoch=1))
        finish(recording)
    shutil.rmtree(tmp_path / "run" / "weights" / "best")
    with pytest.raises(RunError, match="are missing, although its record names them"):
        Run(tmp_path / "run").weights(TASK)


def test_a_damaged_spec_of_a_run_is_no_finding_in_the_users_spec(tmp_path: Path) -> None:
    with recorder(tmp_path / "run") as recording:
        finish(recording)
    (tmp_path / "run" / "resolved.json").write_text("{")
    for said in (r"resolved\.json` has changed since it was written", r"resolved\.json` is damaged"):
        with pytest.raises(RunError, match=said) as caught:
            Run(tmp_path / "run").task()
        assert code(caught) == "E602"
        without_seal(tmp_path / "run")
