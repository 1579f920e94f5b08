"""`modelc train --resume`: a run that was stopped, killed or is to be longer goes on as if it had never stopped."""

import json
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.runtime.runs.cadence import Cadence, cadence_of
from tests.cli.commands import modelc, start
from tests.runtime.runs.sealing import change_sealed

SPEC = """\
modelc: 1
name: small
model:
  inputs: {x: {shape: [16]}}
  layers:
    - dense: 8
    - batch_norm
    - relu
    - dropout: 0.3
    - {dense: 3, name: y}
data:
  source: {npz: rows.npz}
  targets: {y: {category: y}}
  validation: 0.25
train: {loss: cross_entropy, optimizer: {adam: 0.01}, metrics: [accuracy], batch_size: 8, epochs: 4}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(61, 16)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run, without what depends on the time."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "digest")} for line in lines]


def epochs_so_far(run: Path) -> int:
    """How many lines of a run in training are whole: the last one may be seen while it is written."""
    log = run / "metrics.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def weights(run: Path) -> dict[str, bytes]:
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted((run / "weights").rglob("*.safetensors"))}


def need_same(run: Path, straight: Path) -> None:
    assert metrics(run) == metrics(straight)
    assert weights(run) == weights(straight)
    records = [json.loads((one / "run.json").read_text()) for one in (run, straight)]
    assert len({json.dumps([record[key] for key in ("epoch", "step", "best", "status")]) for record in records}) == 1


def train(folder: Path, run: str, *more: str) -> Path:
    ended = modelc("train", "small.yaml", "--run-dir", run, *more, cwd=folder)
    assert ended.code == 0, ended.err
    return folder / run


@pytest.mark.parametrize("seconds", [0.02, 0.3])
def test_a_run_that_is_killed_goes_on_to_the_same_bits(folder: Path, seconds: float) -> None:
    straight = train(folder, "straight", "--set", "train.epochs=150")
    arguments = ("small.yaml", "--run-dir", "killed", "--checkpoint-every", "7 steps", "--set", "train.epochs=150")
    process = start("train", *arguments, cwd=folder)
    killed = folder / "killed"
    while not list(killed.glob("checkpoints/step-*")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(seconds)
    process.kill()
    process.communicate()
    assert json.loads((killed / "run.json").read_text())["status"] == "running"
    ended = modelc("train", "--resume", "killed", cwd=folder)
    assert ended.code == 0, ended.err
    assert re.search(r"goes on after step [0-9,]+, (in|after) epoch", ended.out)
    need_same(killed, straight)
    assert len(json.loads((killed / "run.json").read_text())["resumed"]) == 1
    assert not list(killed.glob("checkpoints/.new-*"))


def test_a_run_that_is_interrupted_goes_on_and_can_be_longer(folder: Path) -> None:
    straight = train(folder, "straight", "--set", "train.epochs=300")
    process = start("train", "small.yaml", "--run-dir", "runs/small/a", "--set", "train.epochs=250", cwd=folder)
    run = folder / "runs" / "small" / "a"
    while not epochs_so_far(run):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    ended = modelc("train", "--resume", "runs/small", "--set", "train.epochs=300", cwd=folder)
    assert ended.code == 0, ended.err
    need_same(run, straight)
    assert json.loads((run / "resolved.json").read_text())["train"]["epochs"] == 300
    assert modelc("evaluate", "runs/small/a", cwd=folder).code == 0


def test_a_run_that_was_killed_between_its_last_step_and_its_end_is_ended(folder: Path) -> None:
    straight, run = train(folder, "straight"), train(folder, "run")
    record = json.loads((run / "run.json").read_text())
    change_sealed(run / "run.json", lambda fields: fields.update(status="running", ended=None, epoch=1))
    shutil.rmtree(run / "weights" / "last")
    checkpoint = next((run / "checkpoints").iterdir())
    before = checkpoint.stat().st_ino
    ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 0, ended.err
    need_same(run, straight)
    after = json.loads((run / "run.json").read_text())
    assert (after["status"], after["epoch"], after["best"]) == ("finished", record["epoch"], record["best"])
    # It was there already, and writing it again could lose it.
    assert checkpoint.stat().st_ino == before


def test_a_longer_run_is_the_one_that_was_long_from_the_start(folder: Path) -> None:
    straight, run = train(folder, "straight", "--set", "train.epochs=6"), train(folder, "run")
    assert modelc("train", "--resume", "run", cwd=folder).err == (
        "error[E609]: the training of `run` is done, at step 24\n"
        "  = help: to train on, give it more: `modelc train --resume run --set train.epochs=NUMBER`\n"
    )
    assert modelc("train", "--resume", "run", "--set", "train.epochs=6", cwd=folder).code == 0
    need_same(run, straight)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["train.batch_size=4"], "a run goes on with what it began with, and `train.batch_size` would be another"),
        (["model.layers.0.dense=9"], "`model.layers.0.dense` would be another"),
        (["train.epochs=2"], "the run has done 24 steps already, and would have 12"),
        (["train.epochs=x"], "`epochs` must be an integer"),
        (["train.epoch=9"], "unknown key `epoch` in `train`"),
    ],
)
def test_what_would_make_another_training_is_refused(folder: Path, settings: list[str], said: str) -> None:
    run = train(folder, "run")
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    ended = modelc("train", "--resume", "run", *(word for one in settings for word in ("--set", one)), cwd=folder)
    assert ended.code in (1, 4) and said in ended.err
    assert before == {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}


def test_a_schedule_to_the_end_of_the_run_has_one_length(folder: Path) -> None:
    given = ("--set", "train.optimizer={adam: {learning_rate: {cosine: 0.01}}}")
    train(folder, "run", *given)
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=6", cwd=folder)
    assert ended.code == 4 and "another length changes steps that are done" in ended.err


def test_other_data_is_named(folder: Path) -> None:
    train(folder, "run")
    columns = dict(np.load(folder / "rows.npz"))
    np.savez(folder / "rows.npz", x=columns["x"] + 1, y=columns["y"])
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=6", cwd=folder)
    assert ended.code == 4 and "error[E609]: the data has changed since the run began: `x`" in ended.err


def test_a_damaged_checkpoint_gives_way_to_an_older_one(folder: Path) -> None:
    straight = train(folder, "straight")
    run = train(folder, "run", "--checkpoint-every", "5 steps", "--keep", "2")
    names = sorted(entry.name for entry in (run / "checkpoints").iterdir())
    assert names == ["step-000000020", "step-000000024"]
    damaged = run / "checkpoints" / names[1] / "optimizer.safetensors"
    data = bytearray(damaged.read_bytes())
    data[-1] ^= 1
    damaged.write_bytes(data)
    ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 0 and "note: an older checkpoint is used: the checkpoint `run/checkpoints/step" in ended.err
    need_same(run, straight)


def test_figures_that_were_changed_are_refused(folder: Path) -> None:
    run = train(folder, "run")
    log = run / "metrics.jsonl"
    log.write_text(log.read_text().replace('"epoch": 2', '"epoch": 5'))
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=6", cwd=folder)
    assert ended.code == 4 and "line 2 has changed since it was written" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "nowhere"], "there is nothing to go on with: `nowhere` does not exist"),
        (["--resume", "small.yaml"], "there is nothing to go on with: `small.yaml` is a file"),
        (["--resume", "."], "there is nothing to go on with: `.` has no run"),
        (["--resume", "a" * 300], "` cannot be read: file name too long"),
        (["small.yaml", "--resume", "run"], "`--resume` takes no spec: the run has one"),
        (["--resume", "run", "--run-dir", "a"], "`--resume` takes no `--run-dir`: the run has one"),
        (["small.yaml", "--checkpoint-every", "often"], "`--checkpoint-every` is a time or a number of steps"),
        ([], "there is no spec to train"),
    ],
)
def test_what_cannot_be_gone_on_with_is_said(folder: Path, arguments: list[str], said: str) -> None:
    ended = modelc("train", *arguments, cwd=folder)
    assert ended.code in (2, 4) and said in ended.err


def test_a_run_without_checkpoints_is_said_to_have_none(folder: Path) -> None:
    run = train(folder, "run")
    for entry in (run / "checkpoints").iterdir():
        for file in entry.iterdir():
            file.unlink()
        entry.rmdir()
    ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 4 and "the run `run` has no checkpoint to go on from" in ended.err


@pytest.mark.parametrize(
    ("text", "cadence"),
    [
        ("10 min", Cadence(seconds=600.0)),
        ("30s", Cadence(seconds=30.0)),
        ("1.5 hours", Cadence(seconds=5400.0)),
        ("500 steps", Cadence(steps=500)),
        ("1 step", Cadence(steps=1)),
        ("end", Cadence()),
    ],
)
def test_a_cadence_is_a_time_or_a_number_of_steps(text: str, cadence: Cadence) -> None:
    assert cadence_of(text) == cadence


@pytest.mark.parametrize("text", ["", "10", "0 min", "1.5 steps", "0 steps", "-3 s", "nan s", "3 epochs"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        cadence_of(text)


def test_a_run_whose_rows_are_drawn_goes_on_with_the_same_draws(folder: Path) -> None:
    (folder / "small.yaml").write_text(SPEC.replace("validation: 0.25", "validation: 0.25\n  sampling: {balanced: y}"))
    whole = modelc("train", "small.yaml", "--run-dir", "whole", cwd=folder)
    assert whole.code == 0 and "rows are drawn so that each of 3 values of `y` comes equally often" in whole.out
    short = modelc("train", "small.yaml", "--run-dir", "parts", "--set", "train.epochs=2", cwd=folder)
    more = modelc("train", "--resume", "parts", "--set", "train.epochs=4", cwd=folder)
    assert short.code == more.code == 0, more.err
    assert metrics(folder / "parts") == metrics(folder / "whole")
    assert weights(folder / "parts") == weights(folder / "whole")
    (folder / "small.yaml").write_text(SPEC)
    assert modelc("train", "small.yaml", "--run-dir", "plain", cwd=folder).code == 0
    assert weights(folder / "plain") != weights(folder / "whole")


def test_a_run_that_the_clock_has_ended_goes_on_where_it_is_given_more_time(folder: Path) -> None:
    """The time is over with the first steps, which are all of an epoch; the run goes on with the next one."""
    run = train(folder, "run", "--set", "train.time=0.0005 s")
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["epoch"], len(metrics(run))) == ("finished", 1, 1)
    ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 4 and "the training of `run` is done, at step" in ended.err
    assert "to train on, give it more: `modelc train --resume run --set 'train.time=0.001 s'`" in ended.err
    ended = modelc("train", "--resume", "run", "--set", "train.time=1 h", cwd=folder)
    assert ended.code == 0, ended.err
    assert [line["epoch"] for line in metrics(run)] == [1, 2, 3, 4]
    assert modelc("verify", "run", cwd=folder).code == 0


def test_the_epochs_of_a_run_that_only_the_clock_ends_are_not_counted_down(folder: Path) -> None:
    timed = SPEC.replace("epochs: 4", "time: 0.001 s")
    (folder / "small.yaml").write_text(timed)
    ended = modelc("train", "small.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0 and "finished 1 epoch;" in ended.out, ended.err
    assert re.search(r"^epoch 1   train: ", ended.out, re.MULTILINE)
