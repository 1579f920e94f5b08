"""A signal at each phase of a training, one that begins or one that goes on: exit code, words and record say what happened."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from modelc.runtime.runs.verification import verify
from tests.attacks.signalled_at import MOMENTS, in_new_process, sending
from tests.attacks.test_every_step import folder_of
from tests.cli.commands import Ended, modelc
from tests.cli.test_resume import need_same

SAVED_AT = 4
"""The step of the only checkpoint of a run that was killed, inside of an epoch: its weights are of another step."""
NEW = ("read", "made", "compiled", "saved", "recorded")
RESUMED = ("found", "read", "reopened", "compiled", "saved", "recorded")
UNTIL_BEGUN = ("found", "read")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that nothing stopped, and one that was killed."""
    folder = folder_of("image", tmp_path_factory.mktemp("signals"))
    assert modelc("train", "small.json", "--run-dir", "straight", cwd=folder).code == 0
    train = ("train", "small.json", "--run-dir", "killed", "--checkpoint-every", f"{SAVED_AT} steps")
    ended = in_new_process(folder, *train, moment="saved", number=signal.SIGKILL)
    assert ended.code == -signal.SIGKILL and status(folder / "killed") == "running"
    return folder


def status(run: Path) -> str:
    return str(json.loads((run / "run.json").read_text())["status"])


def contents(run: Path) -> dict[str, bytes]:
    return {str(file.relative_to(run)): file.read_bytes() for file in sorted(run.rglob("*")) if file.is_file()}


def copy_of(run: Path, name: str) -> Path:
    return Path(shutil.copytree(run, run.with_name(name)))


def end(run: Path, straight: Path) -> None:
    """Go on to the end, which is that of a run that nothing stopped."""
    ended = modelc("train", "--resume", run.name, cwd=run.parent)
    assert ended.code == 0, ended
    need_same(run, straight)


def need_stopped_or_done(code: int, run: Path, moment: str, straight: Path) -> None:
    """It is interrupted, is repeated to the bit up to there, and goes on; or it was done when the signal came."""
    if moment == "recorded" or (moment == "saved" and code == 0):
        # A checkpoint is written while training goes on, to its end if that comes first.
        assert (code, status(run)) == (0, "finished")
        need_same(run, straight)
        return
    assert (code, status(run)) == (128 + signal.SIGTERM, "interrupted")
    assert verify(run).is_whole
    if json.loads((run / "run.json").read_text())["step"]:
        said = modelc("reproduce", run.name, cwd=run.parent)
        assert said.code == 0, said
    end(run, straight)


def sent(folder: Path, moment: str, *arguments: str) -> Ended:
    """The command, which gets SIGTERM at that moment; in this process where it does not end by it at once."""
    if moment in UNTIL_BEGUN:
        return in_new_process(folder, *arguments, moment=moment)
    with sending(moment):
        return modelc(*arguments, cwd=folder)


def test_every_moment_is_tried() -> None:
    assert {*NEW, *RESUMED} == MOMENTS.keys()


@pytest.mark.parametrize("moment", NEW)
def test_a_training_that_begins_ends_as_it_says(folder: Path, moment: str) -> None:
    run = folder / f"new-{moment}"
    ended = sent(folder, moment, "train", "small.json", "--run-dir", run.name, "--checkpoint-every", "2 steps")
    assert "Traceback" not in ended.err and "bug" not in ended.err
    if moment in UNTIL_BEGUN:
        assert (ended.code, ended.err) == (143, "\nerror: interrupted before training began: there is no run\n")
        assert not run.exists()
        return
    need_stopped_or_done(ended.code, run, moment, folder / "straight")


@pytest.mark.parametrize("moment", RESUMED)
def test_a_training_that_goes_on_ends_as_it_says(folder: Path, moment: str) -> None:
    run = copy_of(folder / "killed", f"resumed-{moment}")
    before = contents(run)
    ended = sent(folder, moment, "train", "--resume", run.name, "--checkpoint-every", "2 steps")
    assert "Traceback" not in ended.err and "bug" not in ended.err
    if moment in UNTIL_BEGUN:
        said = "\nerror: interrupted before training went on: the run is as it was\n"
        assert (ended.code, ended.err) == (143, said) and contents(run) == before
        return
    need_stopped_or_done(ended.code, run, moment, folder / "straight")


@pytest.mark.parametrize("moment", ["reopened", "saved", "recorded"])
def test_a_training_that_goes_on_and_is_killed_goes_on(folder: Path, moment: str) -> None:
    run = copy_of(folder / "killed", f"killed-{moment}")
    again = ("train", "--resume", run.name, "--checkpoint-every", "2 steps")
    assert in_new_process(folder, *again, moment=moment, number=signal.SIGKILL).code == -signal.SIGKILL
    found = verify(run)
    assert found.is_whole and found.was_killed == (moment != "recorded")
    if found.was_killed:
        end(run, folder / "straight")
    need_same(run, folder / "straight")
