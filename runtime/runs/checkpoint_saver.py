"""Decides when a run in training saves a checkpoint, and writes it while training goes on."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Self

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.cadence import Saving
from modelc.runtime.runs.checkpoints import CHECKPOINTS, FAILED, Stored, remove_failed, write_checkpoint
from modelc.runtime.runs.files import writing
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.training.observer import Checkpoint


class CheckpointSaver:
    """Saves the checkpoints of the run of `recorder`, at the times that `saving` says.

    Training waits for the copy to the host alone: files are written by a thread, one checkpoint at a time. A write that
    failed is raised, as RunError E604, at the next chance. Ends with the `with` block. The checkpoint of the step `written`
    is there already.
    """

    def __init__(self, recorder: Recorder, saving: Saving, written: int | None = None) -> None:
        self.recorder = recorder
        self.cadence, self.keep = saving
        self.written = written
        self.pending: Future[None] | None = None
        self.due = time.monotonic() + (self.cadence.seconds or 0.0)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        with writing(recorder.folder / CHECKPOINTS):
            self.folder = recorder.opened.below(CHECKPOINTS)
        remove_failed(recorder.opened)

    def saves_at(self, step: int) -> int | None:
        return self.cadence.after(step)

    def is_due(self, step: int) -> bool:
        """Raises RunError E604 if the last write failed."""
        if self.pending is not None and self.pending.done():
            self.wait()
        if self.cadence.steps is not None:
            return step % self.cadence.steps == 0
        return self.cadence.seconds is not None and time.monotonic() >= self.due

    def ended(self, checkpoint: Callable[[], Checkpoint]) -> None:
        self.save(checkpoint)
        self.wait()

    def failed(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Keep it for `modelc debug`. If it cannot be written, why training fails is of more use than that."""
        with suppress(RunError):
            self.wait()
            stored = self.stored(checkpoint())
            with writing(self.recorder.folder / FAILED):
                folder = self.recorder.opened.below(FAILED)
            with folder:
                write_checkpoint(folder, self.recorder.record.id, stored, 1)

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Copy the state, and hand it over to be written."""
        self.wait()
        copied = checkpoint()
        if copied.step == self.written:
            return
        self.pending = self.thread.submit(self.write, self.stored(copied))
        self.due = time.monotonic() + (self.cadence.seconds or 0.0)

    def stored(self, copied: Checkpoint) -> Stored:
        """A checkpoint with what the run has beside it now."""
        return Stored(copied, self.recorder.best, self.recorder.metrics.chain)

    def write(self, stored: Stored) -> None:
        try:
            self.recorder.metrics.sync()
            write_checkpoint(self.folder, self.recorder.record.id, stored, self.keep)
        except RunError as error:
            self.recorder.need_there(error)
            raise
        self.written = stored.checkpoint.step

    def wait(self) -> None:
        """Wait until what is being written is on the disk. Raises RunError E604."""
        pending, self.pending = self.pending, None
        if pending is not None:
            pending.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.wait()
        except RunError:
            # Training has ended by an error already, or has waited for the last one.
            pass
        finally:
            self.thread.shutdown()
            self.folder.close()
