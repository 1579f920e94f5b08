"""Runs `modelc`, and sends it a signal at a moment of its training, as a process of its own:

    python signalled_at.py MOMENT SIGNAL train ...

A moment is the number of a step, or one of `MOMENTS`. The signal comes from this process, so that it comes then and at no
other time; all that it does is as ever.
"""

import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modelc.cli.main import main
from modelc.runtime.data import prepared_rows
from modelc.runtime.runs import find_run
from modelc.runtime.runs.checkpoint_saver import CheckpointSaver
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.training.observer import EpochRecord, Progress, Snapshot

if TYPE_CHECKING:
    from tests.cli.commands import Ended

MOMENTS: dict[str, tuple[Any, str]] = {
    "found": (find_run, "run_to_resume"),
    "read": (prepared_rows, "dataset_of"),
    "made": (Recorder, "new"),
    "reopened": (Recorder, "reopened"),
    "compiled": (Recorder, "compiled"),
    "saved": (CheckpointSaver, "write"),
    "recorded": (Recorder, "finish"),
}
"""The functions that have just returned."""


@contextmanager
def doing(moment: str | int, what: Callable[[], object]) -> Iterator[None]:
    """Do something at each such moment of a training in this process; there must be one.

    A step is one only where a chunk of steps ends, as `--checkpoint-every` can say.
    """
    came = False

    def seen() -> None:
        nonlocal came
        came = True
        what()

    with pytest.MonkeyPatch.context() as patched:
        if isinstance(moment, str):
            owner, name = MOMENTS[moment]
            patched.setattr(owner, name, followed(owner, name, seen))
        else:
            patch_steps(patched, moment, seen)
        yield
    assert came, moment


def sending(moment: str | int, number: int = signal.SIGTERM) -> AbstractContextManager[None]:
    """Send this process a signal then."""
    return doing(moment, lambda: os.kill(os.getpid(), number))


def followed(owner: Any, name: str, what: Callable[[], object]) -> Any:
    """A function that does what it did, and `what` then."""
    before: Callable[..., Any] = getattr(owner, name)

    @wraps(before)
    def after(*arguments: Any, **named: Any) -> Any:
        found = before(*arguments, **named)
        what()
        return found

    return staticmethod(after) if isinstance(inspect.getattr_static(owner, name), classmethod) else after


def patch_steps(patched: pytest.MonkeyPatch, at: int, what: Callable[[], object]) -> None:
    """Do it once the step `at` is done, inside of an epoch or as its last."""
    progress, epoch = Recorder.progress, Recorder.epoch

    def after_progress(self: Recorder, given: Progress) -> None:
        progress(self, given)
        if given.step < given.steps and given.done == at:
            what()

    def after_epoch(self: Recorder, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        epoch(self, record, snapshot)
        if record.step == at:
            what()

    patched.setattr(Recorder, "progress", after_progress)
    patched.setattr(Recorder, "epoch", after_epoch)


def in_new_process(
    folder: Path, *arguments: str, moment: str | int | None = None, number: int = signal.SIGTERM
) -> "Ended":
    """The command in a process of its own, which gets a signal at a moment if there is one."""
    # That process finds no tests.
    from tests.cli.commands import Ended, start

    program = ("-m", "modelc") if moment is None else (__file__, str(moment), str(int(number)))
    process = start(*arguments, cwd=folder, program=program)
    out, err = process.communicate()
    return Ended(process.returncode, out, err)


if __name__ == "__main__":
    _, moment, number, *arguments = sys.argv
    sys.argv = ["modelc", *arguments]
    with sending(int(moment) if moment.isdecimal() else moment, int(number)):
        main()
