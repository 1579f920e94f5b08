"""Ends a training at a step that is known before, as one that was stopped there."""

from collections.abc import Callable

from modelc.runtime.training.observer import EpochRecord, NoObserver, NoSaver, Progress, Snapshot


class Until(NoSaver, NoObserver):
    """Called, it returns whether training is to stop: at the step `last`, or once `asked` says so.

    It is told of the progress as an observer, and lets a chunk end there as a saver, which keeps nothing.
    """

    def __init__(self, last: int, asked: Callable[[], bool]) -> None:
        self.last = last
        self.asked = asked
        self.step = 0

    def __call__(self) -> bool:
        return self.step >= self.last or self.asked()

    def progress(self, progress: Progress) -> None:
        self.step = progress.done

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        self.step = record.step

    def saves_at(self, step: int) -> int | None:
        return self.last if step < self.last else None
