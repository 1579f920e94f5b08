"""Ctrl-C and SIGTERM in a program that trains: the run is saved, and the program ends as it would without modelc."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelc.runtime.interruption import USUAL, Interruption
from modelc.runtime.runs.checkpoints import newest_checkpoint
from modelc.runtime.runs.run_directory import Run
from tests.cli.commands import modelc as command
from tests.cli.commands import no_signal_ignored

PROGRAM = """
import os, signal, sys
import numpy as np
import modelc
from modelc.runtime.runs.recorder import Recorder

draw = np.random.default_rng(0)
np.savez("rows.npz", x=draw.normal(size=(64, 4)), y=draw.normal(size=64))
spec = {
    "modelc": 1,
    "model": {"inputs": {"x": {"shape": [4]}}, "layers": [{"dense": 1, "name": "y"}]},
    "data": {"source": {"npz": "rows.npz"}, "targets": {"y": {"number": "y"}}},
    "train": {"loss": "mean_squared_error", "optimizer": "sgd", "epochs": 100000, "batch_size": 8},
}
told = Recorder.epoch

def epoch(self, record, snapshot):
    told(self, record, snapshot)
    if record.epoch == 3:
        os.kill(os.getpid(), int(sys.argv[1]))

Recorder.epoch = epoch
try:
    modelc.train(spec, run_dir="run", progress=False)
except KeyboardInterrupt as error:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    print("KeyboardInterrupt", error)
    raise
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_program_that_is_interrupted_has_saved_its_training(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    with no_signal_ignored():
        ended = subprocess.run(
            [sys.executable, "program.py", str(int(number))],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
    assert ended.returncode == -number, ended.stderr
    assert "stopping: the weights of this moment are saved first" in ended.stderr
    run = Run(tmp_path / "run")
    assert run.state == "interrupted"
    stored, _ = newest_checkpoint(run.folder, run.record.id)
    step = stored.checkpoint.step
    assert step >= 24 and ended.stdout == (
        f"KeyboardInterrupt training was interrupted after step {step:,}, and saved in `run`\n"
        if number == signal.SIGINT
        else ""
    )
    longer = command("train", "--resume", "run", "--set", f"train.epochs={step // 8 + 2}", cwd=tmp_path)
    assert longer.code == 0 and f"goes on after step {step:,}" in longer.out, longer.err


@pytest.fixture
def usual() -> Iterator[None]:
    """Ctrl-C does what it does in a program by itself: it is ignored in the background of a shell."""
    before = signal.signal(signal.SIGINT, USUAL[signal.SIGINT])
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual")
def test_a_second_one_ends_at_once_unless_it_is_the_same_request() -> None:
    with Interruption() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop()
        stop.asked_at -= 2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is USUAL[signal.SIGINT]


def test_handlers_of_the_program_stay() -> None:
    taken: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: taken.append(number))
    try:
        with Interruption() as stop:
            signal.raise_signal(signal.SIGTERM)
            assert not stop() and taken == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_nothing_happens_where_nothing_was_asked() -> None:
    with Interruption() as stop:
        assert not stop()
    stop.pass_on("")
