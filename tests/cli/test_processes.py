"""`modelc train` in several processes on one machine: the figures of one process, one end for all, and no writer but the first."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.training import processes
from tests.cli.commands import Ended, modelc
from tests.cli.commands import start as begin
from tests.cli.test_devices import SPEC, lines, on_eight
from tests.runtime.data.test_prepared_files import SPECS, write_images

Process = subprocess.Popen[str]
ENDLESS = ("--set", "train.epochs=100000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """The processes that a test has started, which end with it."""
    begun: list[Process] = []
    yield begun
    for process in begun:
        process.kill()
        process.communicate()


def start(started: list[Process], folder: Path, count: int, *arguments: str, own: Any = None) -> list[Process]:
    """`count` processes of one training; `own` are arguments of single ones, by index."""
    with socket.socket() as one:
        one.bind(("localhost", 0))
        port = one.getsockname()[1]
    for index in range(count):
        at = ["--coordinator", f"localhost:{port}", "--processes", str(count), "--process", str(index)]
        command = [sys.executable, "-m", "modelc", "train", *arguments, *at, *(own or {}).get(index, ())]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        started.append(
            subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    return started[-count:]


def ended(process: Process, seconds: float = 120) -> tuple[int, str, str]:
    """The exit code and the output of a process."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def newest(folder: Path) -> int:
    """The step of the newest checkpoint; 0 if there is none."""
    found = [int(one.name.removeprefix("step-")) for one in (folder / "run" / "checkpoints").glob("step-*")]
    return max(found, default=0)


def wait_for_checkpoint(folder: Path, process: Process, after: int = 0) -> None:
    until = time.monotonic() + 120
    while newest(folder) <= after:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run" / "run.json").read_text())
    return found


@pytest.mark.parametrize("count", [2, 4])
def test_processes_give_the_figures_of_one_with_as_many_devices(
    folder: Path, started: list[Process], count: int, pytestconfig: pytest.Config
) -> None:
    if count > 2 and not pytestconfig.getoption("--mesh-steps"):
        pytest.skip("only with --mesh-steps")
    first, *others = map(ended, start(started, folder, count, "small.yaml", "--run-dir", "run", "--shard", "params"))
    assert {one[0] for one in (first, *others)} == {0}, (first, others)
    assert re.search(rf"\n  devices +{count} x cpu, scan", first[1]) and "finished 2 epochs" in first[1]
    assert {one[1] for one in others} == {""}
    assert json.loads((folder / "run" / "environment.json").read_text())["processes"] == count
    one = on_eight(folder, "train", "small.yaml", "--devices", str(count), "--shard", "params", "--run-dir", "one")
    assert one.returncode == 0, one.stderr
    for found, wanted in zip(lines(folder / "run"), lines(folder / "one"), strict=True):
        print(count, "processes", abs(found["train/loss"] / wanted["train/loss"] - 1))
        assert found["train/loss"] == pytest.approx(wanted["train/loss"], rel=1e-6)
    assert modelc("evaluate", "run", "--split", "train", cwd=folder).code == 0
    assert modelc("verify", "run", cwd=folder).code == 0


def test_each_process_decodes_images_of_its_own(folder: Path, started: list[Process]) -> None:
    write_images(folder, 26)
    raw = SPECS["table"]
    (folder / "photos.json").write_text(
        json.dumps({**raw, "data": {key: raw["data"][key] for key in raw["data"] if key != "test"}})
    )
    options = ("photos.json", "--run-dir", "run", "--feed", "decoded", "--no-baseline")
    first, second = map(ended, start(started, folder, 2, *options))
    assert (first[0], second[0]) == (0, 0), (first, second)
    assert re.search(r"\n  feed +decoded: asked for", first[1])
    one = on_eight(folder, "train", "photos.json", "--devices", "2", "--run-dir", "one", "--no-baseline")
    assert one.returncode == 0, one.stderr
    found, wanted = (
        [[line["train/loss"], line["validation/loss"]] for line in lines(folder / run)] for run in ("run", "one")
    )
    assert found == wanted


EVERY = ("--checkpoint-every", "20 steps")


def test_processes_end_with_one_that_is_killed_and_go_on_until_a_signal_to_any_stops_all_at_one_step(
    folder: Path, started: list[Process]
) -> None:
    both = start(started, folder, 2, "small.yaml", "--run-dir", "run", *EVERY, *ENDLESS)
    wait_for_checkpoint(folder, both[0])
    both[1].kill()
    code, _, err = ended(both[0], 30)
    assert (code, record(folder)["status"]) == (4, "failed")
    assert "error[E507]: another process of this training has ended, or cannot be reached" in err
    first, second = start(started, folder, 2, "--resume", "run", *EVERY)
    wait_for_checkpoint(folder, first, after=newest(folder))
    second.send_signal(signal.SIGTERM)
    codes = ended(first)[0], ended(second)[0]
    assert codes == (130, 143)
    stopped = record(folder)
    assert stopped["status"] == "interrupted"
    assert newest(folder) == stopped["step"]
    ended_in_one = goes_on(folder, stopped["epoch"] + 2)
    assert "processes was 2, and is 1 now" in ended_in_one.err


def test_processes_end_with_the_first_one_and_the_run_goes_on(folder: Path, started: list[Process]) -> None:
    both = start(started, folder, 2, "small.yaml", "--run-dir", "run", *EVERY, *ENDLESS)
    wait_for_checkpoint(folder, both[0])
    both[0].kill()
    assert ended(both[1], 30)[0] != 0
    both[0].wait()
    goes_on(folder, newest(folder) // 29 + 2)


def goes_on(folder: Path, epochs: int) -> Ended:
    """What one process says that goes on with the run up to so many epochs."""
    found = modelc("train", "--resume", "run", "--devices", "1", "--set", f"train.epochs={epochs}", cwd=folder)
    assert found.code == 0, found.err
    return found


def test_a_first_process_that_is_not_there_or_cannot_listen_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START", 0.5)
    with socket.socket() as taken:
        taken.bind(("", 0))
        address = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(RunError, match=f"process 0 is not reached at `{address}` within 0.5 s: connection refused"):
            processes.join(processes.Processes(address, 2, 1))
        taken.listen()
        with pytest.raises(RunError, match=f"process 0 cannot listen at `{address}`: address already in use"):
            processes.join(processes.Processes(address, 2, 0))
    port = address.rpartition(":")[2]
    with pytest.raises(RunError, match=rf"process 0 does not reach itself at `nowhere\.invalid:{port}`: ") as caught:
        processes.join(processes.Processes(f"nowhere.invalid:{port}", 1, 0))
    assert caught.value.helps == ("write the address of this machine, as the others reach it",)


SOON = "from modelc.runtime.training import processes; processes.START = 2; from modelc.cli.main import main; main()"


def test_a_process_whose_others_are_missing_says_so_and_ends(folder: Path) -> None:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        address = f"localhost:{one.getsockname()[1]}"
    options = ("--coordinator", address, "--processes", "4", "--process", "0", "--run-dir", "run")
    code, out, err = ended(begin("train", "small.yaml", *options, cwd=folder, program=("-c", SOON)))
    assert (code, out) == (4, "")
    assert err == (
        f"note: waiting for 3 more processes at `{address}`\n"
        f"error[E507]: processes 1, 2, 3 of 4 did not come to `{address}` within 2 s\n"
        "  = help: start all 4 processes within 2 s, each with its own `--process`, and let them reach it\n"
    )
    assert not (folder / "run").exists()


def test_processes_that_train_something_else_are_refused(folder: Path, started: list[Process]) -> None:
    own = {1: ("--set", "train.batch_size=32")}
    for code, _, err in map(ended, start(started, folder, 2, "small.yaml", "--run-dir", "run", own=own)):
        assert code == 4
        assert "error[E507]: the processes do not train the same: spec differs between them" in err
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--processes", "2"], "error: `--coordinator`, `--processes` and `--process` belong together\n"),
        (["--coordinator", "here", "--processes", "2", "--process", "0"], "is a host and a port, got `here`"),
        (["--coordinator", "a:1", "--processes", "2", "--process", "2"], "error: there is no process 2 of 2\n"),
        (
            ["--coordinator", "a:1", "--processes", "99999999999", "--process", "0"],
            "error: invalid value for '--processes': ",
        ),
        (["--distributed", "--process", "1"], "error: `--distributed` finds the processes itself\n"),
    ],
)
def test_options_that_do_not_fit_are_refused(folder: Path, options: list[str], said: str) -> None:
    found = modelc("train", "small.yaml", *options, cwd=folder)
    assert (found.code, said in found.err) == (2, True), found.err
