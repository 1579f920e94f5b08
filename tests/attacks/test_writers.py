"""Several processes that write to one run: one of them does, the others say why not, and what comes out is the work of one."""

import json
from pathlib import Path

import pytest

from modelc.runtime.runs.verification import verify
from tests.attacks.signalled_at import doing, in_new_process, sending
from tests.attacks.test_every_step import folder_of
from tests.cli.commands import Ended, modelc, start
from tests.cli.test_resume import need_same

TRAIN = ("train", "small.json", "--run-dir")
AT_ONCE = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = folder_of("dense", tmp_path)
    assert modelc(*TRAIN, "straight", cwd=folder).code == 0
    return folder


def stopped(folder: Path) -> Path:
    """A run that was stopped inside of its second epoch."""
    with sending(4):
        assert modelc(*TRAIN, "run", "--checkpoint-every", "4 steps", cwd=folder).code == 143
    return folder / "run"


def at_once(folder: Path, *arguments: str) -> list[Ended]:
    processes = [start(*arguments, cwd=folder) for _ in range(AT_ONCE)]
    return [Ended(process.returncode, *said) for process in processes for said in [process.communicate()]]


def test_of_several_that_train_into_one_folder_one_does(folder: Path) -> None:
    ended = at_once(folder, *TRAIN, "run")
    assert sorted(one.code for one in ended) == [0] + [4] * (AT_ONCE - 1), ended
    assert all("error[E601]: " in one.err for one in ended if one.code), ended
    need_same(folder / "run", folder / "straight")
    assert verify(folder / "run").is_whole


def test_of_several_that_go_on_with_one_run_one_does(folder: Path) -> None:
    run = stopped(folder)
    ended = at_once(folder, "train", "--resume", "run")
    assert sorted(one.code for one in ended) == [0] + [4] * (AT_ONCE - 1), ended
    # Who comes when all is done finds nothing to do.
    assert all("error[E601]: " in one.err or "error[E609]: " in one.err for one in ended if one.code), ended
    need_same(run, folder / "straight")
    assert len(json.loads((run / "run.json").read_text())["resumed"]) == 1 and verify(run).is_whole


def test_a_run_in_training_is_left_to_who_trains_it(folder: Path) -> None:
    others: list[Ended] = []

    def intrude() -> None:
        others.append(in_new_process(folder, *TRAIN, "run"))
        others.append(in_new_process(folder, "train", "--resume", "run"))
        others.append(in_new_process(folder, "reproduce", "run"))
        assert json.loads((folder / "run" / "run.json").read_text())["status"] == "running"

    with doing(4, intrude):
        assert modelc(*TRAIN, "run", "--checkpoint-every", "4 steps", cwd=folder).code == 0
    assert [one.code for one in others] == [4, 4, 4] and all("error[E601]: " in one.err for one in others), others
    assert "choose a new folder" in others[0].err and "let it end" in others[1].err
    need_same(folder / "run", folder / "straight")
    assert verify(folder / "run").is_whole


def test_a_run_that_went_on_while_another_process_prepared_to_is_left_as_it_is(folder: Path) -> None:
    run = stopped(folder)
    longer = ("train", "--resume", "run", "--set", "train.epochs=4")
    with doing("read", lambda: in_new_process(folder, *longer)):
        ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 4 and ended.err == (
        "error[E601]: another process has gone on with the run `run` in the meantime\n"
        "  = help: give the command again, to go on from where it is now\n"
    )
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["epoch"]) == ("finished", 4) and verify(run).is_whole
    assert modelc("train", "--resume", "run", "--set", "train.epochs=5", cwd=folder).code == 0
