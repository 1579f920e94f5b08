"""`modelc reproduce`: a run trained again is the same to the bit, or it is said what differs and by how much."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from modelc.runtime.runs.metrics_log import sealed_line
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_lock import lock
from modelc.runtime.runs.run_record import digest, read_record
from tests.cli.commands import Ended, modelc, start
from tests.cli.test_debug import SPEC as LOGARITHM
from tests.cli.test_resume import SPEC, epochs_so_far, metrics, train, weights
from tests.cli.test_seals import OLD
from tests.runtime.runs.sealing import change_sealed, without_seal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(61, 16)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path


def reproduce(folder: Path, *arguments: str) -> tuple[Ended, dict[str, Any]]:
    """The command, and what it says as JSON; no folder of it is left behind, and the run is as it was."""
    run = folder / arguments[0]
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    ended = modelc("reproduce", *arguments, "--format", "json", cwd=folder)
    assert before == {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    assert not list((folder / "temporary").iterdir())
    return ended, json.loads(ended.out) if ended.out else {}


def need_identical(folder: Path, *arguments: str) -> dict[str, Any]:
    ended, said = reproduce(folder, *arguments)
    assert ended.code == 0 and said["identical"] and all(part["identical"] for part in said["parts"].values()), said
    return said


def test_a_run_is_the_same_to_the_bit(folder: Path) -> None:
    run = train(folder, "run")
    said = need_identical(folder, "run", "--out", "again")
    assert [*said["parts"]] == ["ending", "metrics", "best weights", "last weights"] and said["differs"] == []
    again = folder / "again"
    assert metrics(again) == metrics(run) and weights(again) == weights(run) and len(weights(run)) == 4
    assert modelc("verify", "again", cwd=folder).code == 0 and modelc("evaluate", "again", cwd=folder).code == 0
    assert read_record(again).id != read_record(run).id and read_record(again).content == read_record(run).content
    shown = modelc("reproduce", "run", cwd=folder)
    assert shown.code == 0 and shown.out.startswith("\nrun  identical to the bit\n  same     ending")
    assert "training run again: 46 training rows" in shown.err and "epoch 4/4" in shown.err


def change(folder: Path, name: str) -> None:
    columns = dict(np.load(folder / "rows.npz"))
    columns[name] = columns[name].copy()
    columns[name].flat[::7] += 1
    np.savez(folder / "rows.npz", **columns)


def test_a_changed_column_is_named_with_what_it_does(folder: Path) -> None:
    train(folder, "run")
    change(folder, "x")
    ended, said = reproduce(folder, "run")
    assert ended.code == 1 and said["differs"] == ["the column `x` of the data has changed"]
    assert said["parts"]["ending"]["identical"] or "best epoch" in said["parts"]["ending"]["said"]
    for part in ("metrics", "last weights"):
        assert not said["parts"][part]["identical"] and 0 < said["parts"][part]["largest_relative_difference"] < 2
    shown = modelc("reproduce", "run", cwd=folder)
    assert shown.code == 1 and "run  not identical\n" in shown.out
    assert "\nwhat differs:\n  the column `x` of the data has changed\n" in shown.out
    assert re.search(r"differs  metrics +differ from epoch 1 on; the largest relative difference is \d", shown.out)


def test_differences_are_those_between_the_files(folder: Path) -> None:
    run = train(folder, "run")
    change(folder, "x")
    _, said = reproduce(folder, "run", "--out", "again")
    pairs = [
        (abs(one[key] - other[key]) / max(abs(one[key]), abs(other[key])), key, one["epoch"])
        for one, other in zip(metrics(run), metrics(folder / "again"), strict=True)
        for key in one
        if one[key] != other[key]
    ]
    largest, key, epoch = max(pairs)
    assert said["parts"]["metrics"]["largest_relative_difference"] == largest
    assert said["parts"]["metrics"]["said"].endswith(f"of `{key}` in epoch {epoch}")
    arrays = [
        {**load_file(one / "weights/last/params.safetensors"), **load_file(one / "weights/last/state.safetensors")}
        for one in (run, folder / "again")
    ]
    apart = max(
        np.abs(arrays[0][key].astype(float) - arrays[1][key]).max() / max(np.abs(one[key]).max() for one in arrays)
        for key in arrays[0]
    )
    assert said["parts"]["last weights"]["largest_relative_difference"] == pytest.approx(apart, rel=1e-6)


def test_another_seed_is_another_training(folder: Path) -> None:
    train(folder, "run")
    ended, said = reproduce(folder, "run", "--set", "train.seed=1")
    assert ended.code == 1 and said["differs"] == ["`train.seed` was left out, and is 1 now"]
    assert not said["parts"]["last weights"]["identical"]
    ended, said = reproduce(folder, "run", "--set", "train.epochs=5")
    assert ended.code == 1 and said["differs"] == ["`train.epochs` was 4, and is 5 now"]
    assert "there were 4 epochs, and are 5 now" in said["parts"]["metrics"]["said"]
    ended, said = reproduce(folder, "run", "--set", "model.layers.0.dense=9")
    assert ended.code == 1 and said["parts"]["last weights"]["said"] == "are of another model"
    assert said["differs"] == ["`model.layers.0.dense` was 8, and is 9 now"]
    assert reproduce(folder, "run", "--set", "train.epoch=9")[0].code == 1
    need_identical(folder, "run", "--set", "train.seed=0")


def test_an_environment_that_differs_is_named_though_all_is_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(folder, "run")
    recorded = json.loads((run / "environment.json").read_text())
    recorded["versions"]["optax"] = "0.1"
    recorded["cpus"] = 999
    recorded["device"]["kind"] = "abacus"
    changed = json.dumps(recorded).encode()
    (run / "environment.json").write_bytes(changed)
    pins = re.sub(r"scipy==.*", "scipy==0.1", (run / "requirements.txt").read_text()).encode()
    (run / "requirements.txt").write_bytes(pins)
    digests = {"environment.json": digest(changed), "requirements.txt": digest(pins)}
    change_sealed(run / "run.json", lambda fields: fields["files"].update(digests))
    monkeypatch.setenv("JAX_RANDOM_SEED_OFFSET", "0")
    said = need_identical(folder, "run")
    found = " | ".join(said["differs"])
    for words in ("optax was 0.1, and is ", "cpus was 999, ", "kind was abacus, and is cpu", "scipy was 0.1, and is "):
        assert words in found
    assert "JAX_RANDOM_SEED_OFFSET was not set, and is 0 now" in found and len(said["differs"]) == 5
    assert "\nwhat differs, though all came out the same:\n" in modelc("reproduce", "run", cwd=folder).out


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_another_commit_is_named(folder: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, check=True)

    git("init")
    git("add", "small.yaml")
    git("commit", "-m", "first")
    train(folder, "run")
    (folder / "small.yaml").write_text(SPEC.replace("dense: 8", "dense: 9"))
    said = need_identical(folder, "run")
    (commit,) = said["differs"]
    assert re.fullmatch(r"the commit of the spec was ([0-9a-f]{12}), and is \1 with changes now", commit)


def altered(run: Path) -> None:
    """Change one weight, and all digests with it."""
    file = run / "weights" / "last" / "params.safetensors"
    arrays = load_file(file)
    arrays["y:kernel"] = arrays["y:kernel"].copy()
    arrays["y:kernel"][0, 0] *= np.float32(1 + 2**-20)
    save_file(arrays, file)
    change_sealed(
        file.with_name("manifest.json"),
        lambda fields: fields["files"]["params.safetensors"].update(sha256=digest(file.read_bytes())),
    )


def refigured(run: Path) -> None:
    """Change a figure of epoch 3, and all digests after it."""
    before, text = "", b""
    for line in map(json.loads, (run / "metrics.jsonl").read_text().splitlines()):
        del line["digest"]
        if line["epoch"] == 3:
            line["train/loss"] *= 1 + 1e-9
        sealed, before = sealed_line(line, before)
        text += sealed
    (run / "metrics.jsonl").write_bytes(text)


@pytest.mark.parametrize(
    ("change", "part", "said"),
    [
        (
            altered,
            "last weights",
            r"1 of 8 arrays differ; the largest relative difference is [0-9.]+e-0[67], of `y:kernel`",
        ),
        (
            refigured,
            "metrics",
            r"differ from epoch 3 on; the largest relative difference is 1\.0e-09, of `train/loss` in epoch 3",
        ),
    ],
)
def test_a_single_bit_is_found(folder: Path, change: Callable[[Path], None], part: str, said: str) -> None:
    change(train(folder, "run"))
    ended, found = reproduce(folder, "run")
    assert ended.code == 1 and [name for name, one in found["parts"].items() if not one["identical"]] == [part]
    assert re.fullmatch(said, found["parts"][part]["said"]), found
    assert "note: nothing on record differs: " in modelc("reproduce", "run", cwd=folder).out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_is_repeated_up_to_there(folder: Path, number: int) -> None:
    options = ("--set", "train.epochs=3000", "--checkpoint-every", "1000 steps")
    process = start("train", "small.yaml", "--run-dir", "run", *options, cwd=folder)
    run = folder / "run"
    while not (run / "weights" / "last" / "manifest.json").exists() or epochs_so_far(run) < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate()
    said = need_identical(folder, "run")
    assert ("ending" in said["parts"]) == (number == signal.SIGINT)


def test_a_run_that_went_on_longer_is_one_training(folder: Path) -> None:
    train(folder, "run")
    ended = modelc("train", "--resume", "run", "--set", "train.epochs=6", cwd=folder)
    assert ended.code == 0
    assert need_identical(folder, "run")["parts"]["metrics"]["said"] == "6 epochs"


def test_a_run_that_stopped_early_stops_early_again(folder: Path) -> None:
    train(folder, "run", "--set", "train.early_stopping=1", "--set", "train.epochs=300")
    said = need_identical(folder, "run")
    assert said["parts"]["ending"]["said"].startswith("early stopping after ")


def test_a_run_that_failed_fails_again(folder: Path) -> None:
    np.savez(folder / "rows.npz", x=np.zeros((20, 4), np.float32), y=np.ones((20, 1), np.float32))
    (folder / "log.yaml").write_text(LOGARITHM)
    assert modelc("train", "log.yaml", "--run-dir", "run", cwd=folder).code == 4
    said = need_identical(folder, "run")
    assert said["parts"]["ending"]["said"] == "failed after 0 epochs"


@pytest.mark.parametrize("digests", [True, False])
def test_a_run_of_before_is_reproduced(folder: Path, digests: bool) -> None:
    shutil.copytree(OLD, folder / "old")
    log = folder / "old" / "run" / "metrics.jsonl"
    if not digests:
        log.write_text(re.sub(r', "digest": "[0-9a-f]+"', "", log.read_text()))
        assert "digest" not in log.read_text()
        assert "unknown  metrics.jsonl" in modelc("verify", "run", cwd=folder / "old").out
    ended = modelc("reproduce", "run", "--format", "json", cwd=folder / "old")
    # On another machine its bits may be others: then what differs is said.
    assert ended.code == (0 if json.loads(ended.out)["identical"] else 1), ended
    assert json.loads(ended.out)["identical"] or json.loads(ended.out)["differs"]


def test_what_cannot_be_reproduced_is_said(folder: Path) -> None:
    run = train(folder, "run")
    with OpenFolder.at(run) as opened:
        held = lock(opened, "wait")
    change_sealed(run / "run.json", lambda fields: fields.update(status="running"))
    ended = modelc("reproduce", "run", cwd=folder)
    assert ended.code == 4 and "error[E601]: the run `run` is in training" in ended.err
    # Without a checkpoint too, which it has not saved yet: nothing says to train anew.
    (run / "checkpoints").rename(run / "away")
    ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 4 and ended.out == "" and "error[E601]: the run `run` is in training" in ended.err
    assert "help: let it end, or stop it" in ended.err and "--run-dir" not in ended.err
    (run / "away").rename(run / "checkpoints")
    os.close(held)
    change_sealed(run / "run.json", lambda fields: fields.update(status="finished"))
    (folder / "full").mkdir()
    (folder / "full" / "notes.txt").write_text("mine")
    for out, said in (("full", "is not empty"), ("run/again", "is inside the run"), ("small.yaml", "is a file")):
        err = modelc("reproduce", "run", "--out", out, cwd=folder).err
        assert "error[E601]" in err and said in err and "--run-dir" not in err
        assert "or omit `--out`: the new run is then removed afterwards\n" in err
    err = modelc("reproduce", "run", "--out", "small.yaml/again", cwd=folder).err
    assert "help: move or remove `small.yaml`, or choose another folder with `--out`\n" in err
    log = run / "metrics.jsonl"
    log.write_text(log.read_text().replace('"epoch": 2', '"epoch": 7'))
    ended = modelc("reproduce", "run", cwd=folder)
    assert ended.code == 4 and "metrics.jsonl` is damaged: line 2 has changed since it was written" in ended.err
    without_seal(run)
    for text in ("3\n", "{}\n", "[\n", '{"epoch": []}\n'):
        log.write_text(text)
        ended = modelc("reproduce", "run", cwd=folder)
        assert ended.code == 4 and "metrics.jsonl` is damaged" in ended.err, ended
    log.write_text("")
    (folder / "rows.npz").unlink()
    ended = modelc("reproduce", "run", cwd=folder)
    assert ended.code == 4 and "there is no file 'rows.npz'" in ended.err
    assert not list((folder / "temporary").iterdir())


def test_the_data_may_be_elsewhere(folder: Path) -> None:
    train(folder, "run")
    (folder / "elsewhere").mkdir()
    (folder / "rows.npz").rename(folder / "elsewhere" / "rows.npz")
    need_identical(folder, "run", "--root", "elsewhere")


def test_a_run_on_several_devices_is_repeated_on_as_many(folder: Path) -> None:
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "modelc", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    assert run("train", "small.yaml", "--run-dir", "run", "--devices", "2").returncode == 0
    ended = run("reproduce", "run", "--format", "json")
    assert ended.returncode == 0 and json.loads(ended.stdout)["differs"] == [], ended
    ended = run("reproduce", "run", "--devices", "1", "--format", "json")
    assert json.loads(ended.stdout)["differs"] == ["mesh was data=2,model=1, and is data=1,model=1 now"], ended


def test_a_run_that_ran_out_of_disk_is_repeated_up_to_its_last_weights(folder: Path) -> None:
    run = train(folder, "run")
    failure = {"code": "E604", "message": "cannot write `run/weights`: no space left on device"}
    change_sealed(run / "run.json", lambda fields: fields.update(status="failed", failure=failure))
    said = need_identical(folder, "run")
    assert [*said["parts"]] == ["metrics", "best weights", "last weights"]


def test_a_run_that_went_on_elsewhere_says_so(folder: Path) -> None:
    run = train(folder, "run")
    again = {"at": "2026-01-01", "step": 12, "settings": [], "differs": ["jax was 0.1, and is 0.2 now"]}
    change_sealed(run / "run.json", lambda fields: fields.update(resumed=[again]))
    said = need_identical(folder, "run")
    assert said["differs"] == ["the run went on after step 12 where jax was 0.1, and is 0.2 now"]


def test_a_difference_that_a_run_went_on_with_already_is_listed_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(folder, "run")
    monkeypatch.setenv("NPROC", "2")
    differs = ["NPROC was not set, and is 2 now"]
    again = [{"at": "2026-01-01", "step": step, "settings": [], "differs": differs} for step in (4, 12)]
    change_sealed(run / "run.json", lambda fields: fields.update(resumed=again))
    _, said = reproduce(folder, "run")
    assert said["differs"] == [f"{differs[0]}, as where the run went on after step 4 and after step 12"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_verdict_and_without_leftovers(
    folder: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(folder, "run")
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    process = start("reproduce", "run", "--set", "train.epochs=1000000", cwd=folder)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("epoch "):
        assert process.poll() is None
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (128 + number, "") and "interrupted: nothing is known of the run" in err
    assert "stopping: the run stays as it is" in err and "saved" not in err
    assert not list((folder / "temporary").iterdir())


TIMED = (
    SPEC.partition("train:")[0]
    + """\
train:
  loss: cross_entropy
  optimizer: {adam: 0.01}
  metrics: [accuracy]
  batch_size: 8
  validate_every: 3
"""
)
PHASES = """\
  phases:
    - {name: head, time: 0.001 s}
    - {name: middle, steps: 8}
    - {name: all, time: 0.001 s}
"""


def test_a_run_that_the_clock_has_ended_is_repeated_up_to_where_it_has(folder: Path) -> None:
    """Its first epoch was cut short, and it has gone on with more time."""
    (folder / "small.yaml").write_text(TIMED + "  time: 0.001 s\n")
    run = train(folder, "run")
    assert need_identical(folder, "run")["differs"] == []
    ended = modelc("train", "--resume", "run", "--set", "train.steps=20", "--set", "train.time=1 h", cwd=folder)
    assert ended.code == 0 and metrics(run)[-1]["step"] == 20, ended.err
    assert need_identical(folder, "run")["differs"] == []
    (folder / "small.yaml").write_text(TIMED + PHASES)
    run = train(folder, "phases")
    assert {line["phase"] for line in metrics(run)} == {"head", "middle", "all"}
    assert need_identical(folder, "phases")["differs"] == []


def test_where_the_clock_ends_another_training_it_is_named_among_what_differs(folder: Path) -> None:
    train(folder, "run", "--set", "train.time=1 h")
    assert need_identical(folder, "run")["differs"] == []
    ended, said = reproduce(folder, "run", "--set", "train.time=0.001 s")
    assert ended.code == 1 and not said["identical"]
    assert [one.partition(" ")[0] for one in said["differs"]] == ["`time`", "`train.time`"]
