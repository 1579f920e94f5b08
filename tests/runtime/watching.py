"""An observer that remembers what it is told."""

from collections.abc import Callable

from modelc.runtime.training.observer import EpochRecord, Fitted, Outcome, Progress, Snapshot


class Watcher:
    def __init__(self) -> None:
        self.records: list[EpochRecord] = []
        self.snapshots: list[Snapshot] = []
        self.steps: list[Progress] = []
        # The mean training loss since the epoch began, after each chunk.
        self.losses: list[float] = []
        self.learnt: list[Fitted] = []
        self.without_score: list[int] = []
        # The learning rates that were set, each with the epoch after which.
        self.rates: list[tuple[int, float]] = []
        self.outcome: Outcome | None = None
        self.seconds_to_first_step = 0.0

    def fitted(self, fitted: Fitted) -> None:
        self.learnt.append(fitted)

    def compiled(self, seconds: float) -> None:
        self.seconds_to_first_step = seconds

    def progress(self, progress: Progress) -> None:
        self.steps.append(progress)
        self.losses.append(progress.values()["train/loss"])

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        self.records.append(record)
        self.snapshots.append(snapshot())

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        self.without_score.append(record.epoch)

    def reduced(self, rate: float, why: str) -> None:
        self.rates.append((self.records[-1].epoch, rate))

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        self.snapshots.append(snapshot())
