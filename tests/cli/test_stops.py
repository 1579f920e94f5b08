"""Whatever ends a training, its run tells the truth: signals at every phase, full disks, folders that go away, kills."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.runtime.runs import checkpoint_saver, checkpoints, recorder, weights
from tests.cli.commands import modelc, start
from tests.cli.test_resume import SPEC, epochs_so_far, metrics, need_same, train


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(61, 16)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def status(run: Path) -> str:
    return str(json.loads((run / "run.json").read_text())["status"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("seconds", [0.3, 0.9, 1.6])
def test_a_signal_at_any_phase_ends_with_its_code_and_a_true_record(folder: Path, number: int, seconds: float) -> None:
    process = start("train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=100000", cwd=folder)
    time.sleep(seconds)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (128 + number, -number)
    assert "Traceback" not in said and "bug" not in said
    run = folder / "run"
    if not run.exists():
        return
    assert process.returncode == 128 + number and status(run) == "interrupted"


def test_a_signal_right_after_the_run_was_made_is_recorded(folder: Path) -> None:
    process = start("train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=100000", cwd=folder)
    while not (folder / "run" / "run.json").exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert (process.returncode, status(folder / "run")) == (130, "interrupted")
    ended = modelc("evaluate", "run", cwd=folder)
    assert ended.code in (0, 4) and "running" not in ended.err


def test_two_signals_at_once_are_one_request(folder: Path) -> None:
    process = start("train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=100000", cwd=folder)
    while not epochs_so_far(folder / "run"):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (130, 143)
    record = json.loads((folder / "run" / "run.json").read_text())
    assert record["status"] == "interrupted" and record["step"] >= metrics(folder / "run")[-1]["step"]


def test_a_run_that_was_killed_is_called_so(folder: Path) -> None:
    options = ("--set", "train.epochs=100000", "--checkpoint-every", "5 steps")
    process = start("train", "small.yaml", "--run-dir", "runs/small/a", *options, cwd=folder)
    while not list(folder.glob("runs/small/a/checkpoints/step-*")):
        time.sleep(0.01)
    running = modelc("evaluate", "runs/small", cwd=folder)
    process.kill()
    process.communicate()
    killed = modelc("evaluate", "runs/small", cwd=folder)
    assert "the last one is still running" in running.err and "the last one was killed" in killed.err
    assert "to go on with it: `modelc train --resume runs/small/a`" in killed.err


def limited(folder: Path, size: int, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command where no file may have more than `size` bytes, as on a disk that is nearly full."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [sys.executable, "-m", "modelc", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=limit, check=False)


def test_weights_that_could_not_be_written_are_not_said_to_be_kept(folder: Path) -> None:
    wide = ("--set", "model.layers.0.dense=4000")
    ended = limited(folder, 60_000, "train", "small.yaml", "--run-dir", "run", *wide)
    assert ended.returncode == 4 and "error[E604]" in ended.stderr, ended.stderr
    assert "keeps the weights" not in ended.stderr and "bug" not in ended.stderr
    assert status(folder / "run") == "failed"
    assert json.loads((folder / "run" / "run.json").read_text())["failure"]["code"] == "E604"
    assert not list((folder / "run").rglob("*new*")) and not list((folder / "run").rglob("*.tmp"))
    after = modelc("evaluate", "run", cwd=folder)
    assert after.code == 4 and "has no saved weights" in after.err and "it failed at epoch 1" in after.err


def test_a_log_that_cannot_grow_keeps_whole_lines(folder: Path) -> None:
    ended = limited(folder, 20_000, "train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=500")
    assert ended.returncode == 4 and "error[E604]" in ended.stderr and "metrics.jsonl" in ended.stderr, ended.stderr
    assert metrics(folder / "run")[-1]["epoch"] == len(metrics(folder / "run"))
    assert status(folder / "run") == "failed"


def test_a_run_that_failed_on_a_full_disk_goes_on_where_there_is_room(folder: Path) -> None:
    straight = train(folder, "straight", "--set", "train.epochs=200")
    arguments = ("small.yaml", "--run-dir", "run", "--set", "train.epochs=200", "--checkpoint-every", "20 steps")
    assert limited(folder, 20_000, "train", *arguments).returncode == 4
    assert modelc("train", "--resume", "run", cwd=folder).code == 0
    need_same(folder / "run", straight)


@pytest.mark.parametrize("part", ["weights", "checkpoints"])
def test_a_part_of_a_folder_that_goes_away_is_said(folder: Path, part: str) -> None:
    """What is written to it at that moment has nowhere to go; what else is there says so."""

    def remove() -> None:
        shutil.rmtree(folder / "run" / part)

    module = {"weights": weights, "checkpoints": checkpoints}[part]
    name = {"weights": "write_weights", "checkpoints": "write_checkpoint"}[part]
    with pytest.MonkeyPatch.context() as patched:
        for user in (recorder, checkpoint_saver):
            if hasattr(user, name):
                patched.setattr(user, name, preceded(remove, getattr(module, name)))
        ended = modelc("train", "small.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 4 and ended.err.startswith(
        "error[E604]: files of the run directory `run` were removed during training\n"
        f"  = note: cannot write `run/{part}/"
    )
    assert "leave the folder of a run where it is" in ended.err and "create the folder" not in ended.err
    assert status(folder / "run") == "failed"


def preceded(first: Callable[[], None], then: Callable[..., None]) -> Callable[..., None]:
    """A function that does `first` once before `then`."""
    waiting = [first]

    def both(*arguments: Any, **named: Any) -> None:
        while waiting:
            waiting.pop()()
        then(*arguments, **named)

    return both


@pytest.mark.parametrize("how", ["removed", "moved"])
def test_a_folder_that_goes_away_is_said(folder: Path, how: str) -> None:
    process = start("train", "small.yaml", "--run-dir", "run", "--set", "train.epochs=100000", cwd=folder)
    run = folder / "run"
    while not (run / "weights" / "last").exists():
        time.sleep(0.01)
    if how == "removed":
        shutil.rmtree(run, ignore_errors=True)
        shutil.rmtree(run, ignore_errors=True)
    else:
        os.rename(run, folder / "elsewhere")
        run.mkdir()
        (run / "mine").write_text("")
    if how == "moved":
        process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    if how == "removed":
        # It may write while only a part of it is gone.
        assert process.returncode == 4 and "the run directory `run` w" in said, said
        assert "removed during training" in said and "leave the folder of a run" in said
        return
    assert process.returncode == 130 and f"run: {folder / 'elsewhere'}" in out
    assert [entry.name for entry in run.iterdir()] == ["mine"]
    assert status(folder / "elsewhere") == "interrupted"
