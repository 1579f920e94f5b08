"""A clock that is set back or far ahead, in training and between two: no figure, no choice of a checkpoint follows it."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modelc.runtime.runs import new_record, run_record
from modelc.runtime.runs.verification import verify
from tests.attacks.signalled_at import sending
from tests.attacks.test_every_step import folder_of
from tests.cli.commands import modelc
from tests.cli.test_resume import need_same

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@contextmanager
def clock(begins: datetime, each: timedelta) -> Iterator[None]:
    """Let the clock say `begins`, and at each further look `each` more, or less."""
    now = begins - each

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # a datetime, not a clock
            nonlocal now
            now += each
            return now.astimezone(tz)

    with pytest.MonkeyPatch.context() as patched:
        for module in (run_record, new_record):
            patched.setattr(module, "datetime", Clock)
        patched.setattr(time, "time", lambda: Clock.now().timestamp())
        patched.setattr(time, "time_ns", lambda: int(Clock.now().timestamp() * 1e9))
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = folder_of("image", tmp_path)
    assert modelc("train", "small.json", "--run-dir", "straight", cwd=folder).code == 0
    return folder


def date(folder: Path, at: datetime) -> None:
    """Let all files below a folder be from that time."""
    for file in [folder, *folder.rglob("*")]:
        os.utime(file, (at.timestamp(), at.timestamp()))


@pytest.mark.parametrize("each", [-DAY, 400 * DAY])
def test_a_clock_that_jumps_changes_nothing_but_times(folder: Path, each: timedelta) -> None:
    run = folder / "run"
    train = ("train", "small.json", "--run-dir", "run", "--checkpoint-every", "2 steps", "--keep", "2")
    with clock(START, each), sending(4):
        assert modelc(*train, cwd=folder).code == 143
    # The older of two checkpoints looks newer, and all files are from a time that has not come yet.
    date(run, START + 4000 * DAY)
    _, newer = sorted((run / "checkpoints").iterdir())
    date(newer, START - 4000 * DAY)
    with clock(START - 30 * DAY, each):
        ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 0 and "goes on after step 4, in epoch 2" in ended.out, ended
    need_same(run, folder / "straight")
    record = json.loads((run / "run.json").read_text())
    assert record["resumed"][0]["at"] < record["started"] and record["resumed"][0]["step"] == 4
    assert verify(run).is_whole and modelc("verify", "run", cwd=folder).code == 0
    with clock(START - 60 * DAY, each):
        assert modelc("reproduce", "run", cwd=folder).code == 0
        assert modelc("evaluate", "run", cwd=folder).code == 0


@pytest.mark.parametrize("seconds", [30, 3600])
def test_time_between_checkpoints_is_none_of_the_clock(folder: Path, seconds: int) -> None:
    """Neither one that runs backwards nor one that races makes a training save more, or less."""
    options = ("--checkpoint-every", f"{seconds} s", "--keep", "100")
    for each in (-DAY, DAY):
        run = f"run{each.days}"
        with clock(START, each):
            assert modelc("train", "small.json", "--run-dir", run, *options, cwd=folder).code == 0
        assert [entry.name for entry in (folder / run / "checkpoints").iterdir()] == ["step-000000009"]


def test_the_latest_run_is_the_one_that_says_so_by_its_clock(folder: Path) -> None:
    for begins in (START, START - DAY):
        with clock(begins, timedelta(0)):
            assert modelc("train", "small.json", cwd=folder).code == 0
    first, second = sorted((folder / "runs" / "small").iterdir(), reverse=True)
    assert first.name.startswith("20260701-") and second.name.startswith("20260630-")
    ended = modelc("evaluate", "runs/small", cwd=folder)
    assert ended.code == 0 and str(first.relative_to(folder)) in ended.out
