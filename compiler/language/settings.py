"""The settings of a training: the keys of `train` that are neither losses, metrics nor the optimizer, as values."""

from typing import Literal, NamedTuple

from modelc.compiler.language.initial_weights import WeightsFrom

ENDLESS = 10**9
"""The steps of a training that only the clock ends, or somebody."""


class Blocks(NamedTuple):
    """Rows are shuffled by blocks of so many neighbouring ones."""

    blocks: int


class Clipping(NamedTuple):
    """Gradients are clipped to a largest value: of the norm of all of them, of that of each weight's, or of each element."""

    of: Literal["global_norm", "norm", "value"]
    most: float


class EarlyStopping(NamedTuple):
    """Training stops after `patience` epochs whose monitor was not better, by more than `min_delta`, than when it last was; the
    first `start` epochs do not count.
    """

    patience: int
    min_delta: float = 0.0
    start: int = 0


class GroupSpec(NamedTuple):
    """Weights with a learning rate or a decay of their own. `number` is its place among all groups of the text, from 0."""

    paths: tuple[str, ...]
    number: int
    learning_rate_factor: float | None = None
    weight_decay: float | None = None


class Settings(NamedTuple):
    """The keys of `train` that are plain values, as the grammar describes them, with `shuffle`, `freeze`, `param_groups` and
    `early_stopping`, and what is done to gradients and weights beside the optimizer: how they are clipped, and what moving averages of weights keep of
    themselves in a step.
    """

    batch_size: int = 32
    epochs: int | None = None
    steps: int | None = None
    time: float | None = None
    """In seconds."""
    seed: int = 0
    initial_weights: tuple[WeightsFrom, ...] = ()
    shuffle: bool | Blocks = True
    monitor: str | None = None
    freeze: tuple[str, ...] = ()
    gradient_accumulation: int = 1
    param_groups: tuple[GroupSpec, ...] = ()
    gradient_checkpointing: bool | tuple[str, ...] = False
    clip_gradients: Clipping | None = None
    weight_averaging: float | None = None
    early_stopping: EarlyStopping | None = None
    validate_every: int = 1
    phases: "tuple[Settings, ...]" = ()
    """Those of each phase in order, where there are any: what it does not say is that of the whole."""

    @property
    def rows_at_once(self) -> int:
        """The rows whose gradients are computed at once."""
        return self.batch_size // self.gradient_accumulation

    def steps_per_epoch(self, rows: int) -> int:
        """The steps of an epoch of `rows` rows; the last one may have fewer rows."""
        return -(-rows // self.batch_size)

    def total_steps(self, rows: int) -> int:
        """The steps of a training on `rows` rows that is not stopped early."""
        if self.phases:
            return sum(phase.total_steps(rows) for phase in self.phases)
        return self.steps or (ENDLESS if self.epochs is None else self.steps_per_epoch(rows) * self.epochs)

    def total_epochs(self, rows: int) -> int:
        """Its epochs; the last one, of a training or of a phase, may have fewer steps. 0 where only the clock ends it."""
        if not self.has_end:
            return 0
        if self.phases:
            return sum(phase.total_epochs(rows) for phase in self.phases)
        return -(-self.total_steps(rows) // self.steps_per_epoch(rows))

    @property
    def has_end(self) -> bool:
        """Whether epochs or steps say how long to train, and not the clock alone."""
        if self.phases:
            return all(phase.has_end for phase in self.phases)
        return self.epochs is not None or self.steps is not None

    def has_all(self, epochs: int, steps: int) -> bool:
        """Whether a training is as long as its epochs or steps say, after so many of them; the clock may have cut epochs short."""
        if self.steps is not None:
            return steps >= self.steps
        return self.epochs is not None and epochs >= self.epochs

    def is_over(self, seconds: float) -> bool:
        """Whether it has lasted as long as it may, after so many seconds of it."""
        return self.time is not None and seconds >= self.time

    def is_validated(self, epoch: int) -> bool:
        """Whether it is the turn of an epoch, counted from 1, to have the validation rows evaluated."""
        return epoch % self.validate_every == 0

    def is_seldom(self, monitor: str) -> bool:
        """Whether not each epoch has a value of the `monitor`, a key of the log, so that what waits for it counts evaluations."""
        return self.validate_every > 1 and not monitor.startswith("train/")

    def is_impatient(self, waited: int, *, has_best: bool) -> bool:
        """Whether to stop early, where `waited` epochs were not better than one before them, if there is a best."""
        return self.early_stopping is not None and has_best and waited >= self.early_stopping.patience
