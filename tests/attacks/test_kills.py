"""A training that is killed at random moments, again and again, ends in the bits of one that nobody killed. `--kills` tries more."""

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.runtime.runs.checkpoints import checkpoints_of
from modelc.runtime.runs.run_lock import is_locked
from modelc.runtime.runs.verification import verify
from tests.cli.commands import modelc, start
from tests.cli.test_resume import metrics, weights

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4, 4, 1]}}
  layers:
    - random_flip: horizontal
    - conv2d: {filters: 4, kernel_size: 3}
    - batch_norm
    - relu
    - dropout: 0.2
    - flatten
    - {dense: 3, name: y}
data:
  source: {npz: rows.npz}
  targets: {y: {category: y}}
  validation: 0.25
train: {loss: cross_entropy, optimizer: adam, epochs: 60, batch_size: 8, metrics: [accuracy]}
"""
EVERY, MOST_CHECKPOINTS = 7, 25
"""The steps from checkpoint to checkpoint, and how many of these are written before a kill at most."""
EARLY = 0.1
"""The part of the kills right after the start."""
OPTIONS = ("--checkpoint-every", f"{EVERY} steps", "--keep", "2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(200, 4, 4, 1)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=np.argmax(x[:, 0, :3, 0], axis=1).astype(np.int32))
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def results(run: Path) -> tuple[list[dict[str, Any]], dict[str, bytes], Any]:
    """What does not depend on times: the figures of all epochs, all weights, and which epoch is the best."""
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished"
    return metrics(run), weights(run), record["best"]


def killed(process: "subprocess.Popen[str]", run: Path, drawn: random.Random) -> bool:
    """Whether the training was killed, at a random moment, mostly while it writes to its run; if not, it has ended.

    Moments are counted in checkpoints, so that it gets on however slow the machine is.
    """
    wanted = newest_step(run) + EVERY * drawn.randrange(MOST_CHECKPOINTS)
    if drawn.random() > EARLY:
        while process.poll() is None and not (is_locked(run) and newest_step(run) >= wanted):
            time.sleep(0.002)
    try:
        process.wait(timeout=drawn.uniform(0, 0.05))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False


def newest_step(run: Path) -> int:
    names = checkpoints_of(run) if run.exists() else []
    return max((int(name.rpartition("-")[2]) for name in names), default=0)


def need_whole(run: Path, newest: int) -> int:
    """The step of the newest checkpoint, at least `newest`, of a run that is whole."""
    if not (run / "run.json").exists():
        return 0
    found = verify(run)
    assert found.is_whole, [file for file in found.files if file.state == "wrong"]
    now = newest_step(run)
    assert now >= newest
    return now


def test_killed_again_and_again_it_ends_in_the_same_bits(folder: Path, pytestconfig: pytest.Config) -> None:
    straight = modelc("train", "small.yaml", *OPTIONS, "--run-dir", "straight", cwd=folder)
    assert straight.code == 0, straight.err
    expected, drawn, kills = results(folder / "straight"), random.Random(11), 0
    runs: list[Path] = []
    while kills < pytestconfig.getoption("--kills"):
        run, newest, goes_on = folder / f"run-{len(runs)}", 0, True
        while goes_on:
            if run.exists() and not checkpoints_of(run):
                # It was killed before its first checkpoint: there is nothing to go on from.
                run = run.with_name(f"{run.name}-again")
            command = ("--resume", run) if run.exists() else ("small.yaml", "--run-dir", run)
            process = start("train", *command, *OPTIONS, cwd=folder)
            goes_on = kills < pytestconfig.getoption("--kills") and killed(process, run, drawn)
            if not goes_on:
                said = process.communicate()
                assert process.returncode == 0, said
            kills += goes_on
            newest = need_whole(run, newest)
        assert results(run) == expected
        assert not [entry for entry in (*run.iterdir(), *(run / "checkpoints").iterdir()) if entry.name.startswith(".")]
        runs.append(run)
    evaluated = [
        modelc("evaluate", run.name, cwd=folder).out.split("\n", 1)[1] for run in (folder / "straight", runs[-1])
    ]
    assert evaluated[0] == evaluated[1]
    print(f"{kills} kills, {len(runs)} runs that ended in the same bits")
