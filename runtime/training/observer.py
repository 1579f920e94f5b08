"""What training tells the world while it goes on: progress inside an epoch, a record after each, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

Weights = Mapping[str, Mapping[str, "np.ndarray[Any, Any]"]]
"""Arrays on the host: by node path, then by name."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The weights of one moment. `trainable` and `state` are Params and State of the lowered model, on the host."""

    epoch: int
    step: int
    params: Weights
    state: Weights


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands inside an epoch; `values` are means since the epoch began, by log key (`train/loss`)."""

    epoch: int
    epochs: int
    step: int
    steps: int
    values: Mapping[str, float]
    steps_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One finished epoch (counted from 1): a line of `metrics.jsonl`. `best` says that `monitor` never was better."""

    epoch: int
    step: int
    values: Mapping[str, float]
    seconds: float
    best: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training ended. `best` and `last` are None when not one epoch was finished."""

    reason: Literal["finished", "early_stopping", "interrupted"]
    best: EpochRecord | None
    last: EpochRecord | None
    step: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """One layer that has learnt from the training rows, before the first step."""

    path: str
    layer: str
    rows: int
    seconds: float


class Observer(Protocol):
    """Told by `fit` what happens. `snapshot()` copies the weights of this moment to the host, so call it when needed."""

    def fitted(self, fitted: Fitted) -> None:
        """A layer has learnt, before the first step."""

    def compiled(self, seconds: float) -> None:
        """The first step has run, `seconds` after training began."""

    def progress(self, progress: Progress) -> None:
        """A chunk of steps has run."""

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        """An epoch has ended."""

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        """Training stops inside an epoch because it was asked to; what is saved now is all that stays."""
