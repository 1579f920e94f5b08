"""Runs `modelc`, and stops its training by SIGTERM at a step, as a process of its own:

    python stopped_at.py STEP train ...

The signal comes from this process, so that it comes at that step and no other; all that it does is as ever.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from modelc.cli.main import main
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.training.observer import EpochRecord, Progress, Snapshot


@contextmanager
def stopping(at: int) -> Iterator[None]:
    """Send this process SIGTERM once a training in it has done the step `at`, inside of an epoch or as its last."""
    progress, epoch = Recorder.progress, Recorder.epoch

    def seen(step: int) -> None:
        if step == at:
            os.kill(os.getpid(), signal.SIGTERM)

    def after_progress(self: Recorder, given: Progress) -> None:
        progress(self, given)
        if given.step < given.steps:
            seen((given.epoch - 1) * given.steps + given.step)

    def after_epoch(self: Recorder, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        epoch(self, record, snapshot)
        seen(record.step)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Recorder, "progress", after_progress)
        patched.setattr(Recorder, "epoch", after_epoch)
        yield


if __name__ == "__main__":
    step = int(sys.argv.pop(1))
    with stopping(step):
        main()
