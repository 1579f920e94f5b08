"""The observer interface of training: progress inside an epoch, a record after each, and the outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from modelc.runtime.training.ways_of_feeding import NO_TIMES, Times

if TYPE_CHECKING:
    import numpy as np

Weights = Mapping[str, Mapping[str, "np.ndarray[Any, Any]"]]
"""Arrays on the host: by node path, then by name."""


def by_path(arrays: "Mapping[str, np.ndarray[Any, Any]]") -> Weights:
    """Arrays that are named `path:name`, in the same order; neither paths nor names hold a colon."""
    tree: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    for key, array in arrays.items():
        path, _, name = key.partition(":")
        tree.setdefault(path, {})[name] = array
    return tree


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the weights on the host. `trainable` and `state` are the params and state of the lowered model."""

    epoch: int
    step: int
    params: Weights
    state: Weights


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that training goes on from, on the host: the arrays of each part of its state by name, and `facts`, plain data."""

    epoch: int
    step: int
    arrays: Mapping[str, Mapping[str, "np.ndarray[Any, Any]"]]
    facts: Mapping[str, Any]

    @property
    def ended(self) -> int:
        """The last epoch that has ended; 0 for none."""
        return int(self.facts["last"]["epoch"]) if self.facts["last"] is not None else 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress inside an epoch. `values()` are those since its start, by log key (`train/loss`): a metric of many
    scores takes a while, so call it only when needed.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    values: Callable[[], Mapping[str, float]]
    steps_per_second: float
    seconds_left: float
    done: int


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One finished epoch (counted from 1): a line of `metrics.jsonl`. `best` says that `monitor` was never better
    before. `phase` is the name of its phase, empty where there are none; `learning_rate` is that of the last update, before the factor
    of any group, None for an optimizer without one, and so many updates were `skipped`, whose gradients overflowed.
    """

    epoch: int
    step: int
    values: Mapping[str, float]
    seconds: float
    best: bool
    phase: str = ""
    learning_rate: float | None = None
    skipped: int = 0


Reason = Literal["finished", "early_stopping", "interrupted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training ended. `last` is None if no epoch was finished, `best` also if `monitor` never had a finite value.

    `waited` epochs since the best were not better, as `impatience` says in words, and in `unscored` epochs `monitor` was NaN. `rows` says how long steps
    have waited for rows, `skipped` how many updates of the epochs that have ended were.
    """

    reason: Reason
    best: EpochRecord | None
    last: EpochRecord | None
    step: int
    waited: int = 0
    unscored: int = 0
    rows: Times = NO_TIMES
    skipped: int = 0
    impatience: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """One layer that was fitted to the training rows, before the first step."""

    path: str
    layer: str
    rows: int
    seconds: float


class Observer(Protocol):
    """Informed by `fit` of its progress. `snapshot()` copies the current weights to the host, so call it only when
    needed.
    """

    def fitted(self, fitted: Fitted) -> None:
        """A layer has been fitted, before the first step."""

    def compiled(self, seconds: float) -> None:
        """The first step has run, `seconds` after training began."""

    def progress(self, progress: Progress) -> None:
        """A chunk of steps has run."""

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        """An epoch has ended."""

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        """The epoch that has just ended is the first in which `monitor` is NaN."""

    def reduced(self, rate: float, why: str) -> None:
        """The learning rate is `rate` from here on; `why` says which value was not better for how long."""

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        """Training stops here, without the end of an epoch; this is the last chance to save weights."""


class NoObserver:
    """Takes notice of nothing."""

    def fitted(self, fitted: Fitted) -> None:
        pass

    def compiled(self, seconds: float) -> None:
        pass

    def progress(self, progress: Progress) -> None:
        pass

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        pass

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        pass

    def reduced(self, rate: float, why: str) -> None:
        pass

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        pass


class Saver(Protocol):
    """Keeps checkpoints. Each `checkpoint()` copies all of the state to the host, so call it only when needed, and at once."""

    def saves_at(self, step: int) -> int | None:
        """The next step after `step` at which it wants to save, if it counts steps: a chunk ends there."""

    def is_due(self, step: int) -> bool:
        """Whether to save now: a chunk has run up to `step`, and where that ended an epoch, this is recorded."""

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Training can go on from here."""

    def ended(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """Training ends here: it is done, or was asked to stop."""

    def failed(self, checkpoint: Callable[[], Checkpoint]) -> None:
        """What comes next in training is not finite: this is the last state before it."""


class NoSaver:
    """Keeps nothing. `after` says where others save, whose chunks are of the same length: see `Saver.saves_at`."""

    def __init__(self, after: Callable[[int], int | None] = lambda step: None) -> None:
        self.after = after

    def saves_at(self, step: int) -> int | None:
        return self.after(step)

    def is_due(self, step: int) -> bool:
        return False

    def save(self, checkpoint: Callable[[], Checkpoint]) -> None:
        pass

    def ended(self, checkpoint: Callable[[], Checkpoint]) -> None:
        pass

    def failed(self, checkpoint: Callable[[], Checkpoint]) -> None:
        pass


class Several:
    """An observer that forwards to several others, in order."""

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers

    def fitted(self, fitted: Fitted) -> None:
        for observer in self.observers:
            observer.fitted(fitted)

    def compiled(self, seconds: float) -> None:
        for observer in self.observers:
            observer.compiled(seconds)

    def progress(self, progress: Progress) -> None:
        for observer in self.observers:
            observer.progress(progress)

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        for observer in self.observers:
            observer.epoch(record, snapshot)

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        for observer in self.observers:
            observer.unscored(record, monitor)

    def reduced(self, rate: float, why: str) -> None:
        for observer in self.observers:
            observer.reduced(rate, why)

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        for observer in self.observers:
            observer.interrupted(snapshot)
