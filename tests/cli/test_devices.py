"""`modelc train --devices`, `--mesh`, `--shard`: what is refused, what is recorded, and going on with other devices."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from modelc.cli.devices import asked_of, parallelism_of
from modelc.compiler.api import check
from modelc.compiler.binding.task import Task
from modelc.runtime.training.parallelism import Parallelism
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
name: small
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, {dense: 16}, relu, {dropout: 0.2}, {dense: 10, name: digit}]
data:
  source: digits
  inputs: {image: {array: {column: image, scale: 1/16}}}
  targets: {digit: {category: label}}
train: {loss: cross_entropy, optimizer: {adam: 0.01}, batch_size: 64, epochs: 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def on_eight(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process that has 8 devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    command = [sys.executable, "-m", "modelc", *arguments]
    environment = {**os.environ, "XLA_FLAGS": flags}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--devices", "2"], "error: the training is to run on 2 devices, and this machine has one (cpu)\n"),
        (["--mesh", "data=2,model=2"], "the training is to run on 4 devices"),
        (["--devices", "none"], "error: `--devices` is `all` or a number of devices, got `none`\n"),
        (["--devices", "0"], "got `0`"),
        (["--mesh", "rows=4"], "error: `--mesh` is wrong: there is no axis `rows`\n"),
        (["--mesh", "4"], "`--mesh` is wrong: `4` is no axis and its size"),
        (
            ["--devices", "4", "--mesh", "data=2"],
            "a mesh of data=2,model=1 has 2 devices, and `--devices 4` asks for 4",
        ),
        (["--devices", "all", "--mesh", "model=2"], "and this machine has 1\n  = help: write `--mesh data=1,model=1`"),
        (["--shard", "weights"], "'weights' is not one of 'none', 'optimizer', 'params'"),
    ],
)
def test_devices_that_are_not_there_are_refused(folder: Path, options: list[str], said: str) -> None:
    ended = modelc("train", "small.yaml", *options, cwd=folder)
    assert ended.code == 2
    assert said in ended.err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(("count", "is_advised"), [("2", True), ("64", True), ("65", False), ("999999", False)])
def test_so_many_devices_are_advised_to_be_simulated_as_can_be(folder: Path, count: str, is_advised: bool) -> None:
    ended = modelc("train", "small.yaml", "--devices", count, cwd=folder)
    assert ended.code == 2
    assert f"is to run on {int(count):,} devices, and this machine has one (cpu)\n" in ended.err
    assert "`--devices all` trains on all that there are" in ended.err
    assert (f"`XLA_FLAGS=--xla_force_host_platform_device_count={count}` simulates" in ended.err) == is_advised


def test_what_shards_nothing_is_said(folder: Path) -> None:
    ended = modelc("train", "small.yaml", "--shard", "params", "--set", "train.epochs=1", cwd=folder)
    assert ended.code == 0
    assert "note: `--shard params` shards nothing here: one device has all rows of a batch\n" in ended.err


def task_of(batch_size: int) -> Task:
    """A task with batches of this size."""
    task = check(SPEC.replace("batch_size: 64", f"batch_size: {batch_size}").encode(), "small.yaml").task
    assert task is not None
    return task


@pytest.mark.parametrize(
    ("devices", "mesh", "found"),
    [
        ("all", None, Parallelism(8)),
        ("4", None, Parallelism(4)),
        (None, "data=2,model=4", Parallelism(2, 4)),
        (None, "model=4", Parallelism(1, 4)),
        ("all", "model=4", Parallelism(2, 4)),
        (None, None, Parallelism(2, 3, "params")),
    ],
)
def test_what_is_left_out_follows(
    devices: str | None, mesh: str | None, found: Parallelism, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jax.device_count", lambda: 8)
    before = Parallelism(2, 3, "params")
    assert parallelism_of(asked_of(devices, mesh, None), task_of(48), before) == Parallelism(
        found.data, found.model, "params"
    )


def test_a_batch_that_the_devices_do_not_divide_is_refused_with_sizes_that_would_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("jax.device_count", lambda: 8)
    with pytest.raises(Exception) as ended:  # noqa: PT011 - the type is the library's own
        parallelism_of(asked_of("6", None, None), task_of(32))
    assert getattr(ended.value, "exit_code", None) == 2
    assert capsys.readouterr().err == (
        "error: a batch of 32 rows cannot be divided evenly among 6 devices\n"
        "  = help: let 1 or 2 or 4 or 8 of them share its rows: `--mesh data=8,model=1`\n"
        "  = help: or train anew with `--set train.batch_size=36`, or 30\n"
    )


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_run_goes_on_with_the_devices_that_it_had_or_with_others(folder: Path) -> None:
    begun = on_eight(folder, "train", "small.yaml", "--mesh", "data=4,model=2", "--shard", "params", "--run-dir", "run")
    assert begun.returncode == 0, begun.stderr
    assert "  devices         8 x cpu, scan" in begun.stdout
    assert "  mesh            data=4,model=2; weights and optimizer state are sharded\n" in begun.stdout
    assert "  on each device  digit/bias: no axis can be divided\n" in begun.stdout
    recorded = json.loads((folder / "run" / "environment.json").read_text())
    assert (recorded["mesh"], recorded["shard"]) == ("data=4,model=2", "params")
    refused = modelc("train", "--resume", "run", "--set", "train.epochs=4", cwd=folder)
    assert refused.code == 2
    assert "the run was trained on 8 devices, and this machine has one (cpu)" in refused.err
    ended = modelc("train", "--resume", "run", "--devices", "1", "--set", "train.epochs=3", cwd=folder)
    assert ended.code == 0, ended.err
    assert "mesh was data=4,model=2, and is data=1,model=1 now" in ended.err
    again = on_eight(folder, "train", "--resume", "run", "--devices", "all", "--set", "train.epochs=4")
    assert again.returncode == 0, again.stderr
    record = json.loads((folder / "run" / "run.json").read_text())
    assert [(one["mesh"], one["shard"]) for one in record["resumed"]] == [
        ("data=1,model=1", "params"),
        ("data=8,model=1", "params"),
    ]
    straight = modelc("train", "small.yaml", "--run-dir", "straight", "--set", "train.epochs=4", cwd=folder)
    assert straight.code == 0, straight.err
    for found, wanted in zip(lines(folder / "run"), lines(folder / "straight"), strict=True):
        assert found["train/loss"] == pytest.approx(wanted["train/loss"], rel=1e-5)
