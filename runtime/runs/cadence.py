"""When a run in training saves a checkpoint, as `--checkpoint-every` and `--keep` say it."""

import re
from typing import NamedTuple

UNITS = {"s": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
CADENCE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")


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
    match = CADENCE.fullmatch(text.strip().lower())
    number, unit = (float(match[1]), match[2].removesuffix("s") or "s") if match else (0.0, "")
    if unit == "step" and number.is_integer() and number >= 1:
        return Cadence(steps=int(number))
    if unit in UNITS and number > 0:
        return Cadence(seconds=number * UNITS[unit])
    raise ValueError(text)
