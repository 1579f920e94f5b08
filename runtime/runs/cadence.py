"""When a run in training saves a checkpoint, as `--checkpoint-every` and `--keep` say it."""

from typing import NamedTuple

from modelc.compiler.language.durations import number_and_unit, seconds_of


class Cadence(NamedTuple):
    """When to save: after so many steps or seconds; with neither, only where training ends."""

    steps: int | None = None
    seconds: float | None = None

    def after(self, step: int) -> int | None:
        """The next step after `step` at which to save; None if steps do not say."""
        return None if self.steps is None else (step // self.steps + 1) * self.steps


class Saving(NamedTuple):
    """When checkpoints are saved, and how many stay."""

    cadence: Cadence = Cadence(seconds=600.0)
    keep: int = 3


def cadence_of(text: str) -> Cadence:
    """What `--checkpoint-every` says: `10 min`, `30 s`, `500 steps`, `end`. Raises ValueError for anything else."""
    if text.strip() == "end":
        return Cadence()
    number, unit = number_and_unit(text)
    if unit == "step" and number.is_integer() and number >= 1:
        return Cadence(steps=int(number))
    if (seconds := seconds_of(text)) is not None:
        return Cadence(seconds=seconds)
    raise ValueError(text)
