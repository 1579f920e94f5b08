"""What the record of an epoch says of its updates: the learning rate of the last one, and how many were skipped."""

from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Training
from modelc.compiler.library.contracts.optimizer import Schedule
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.plateau import FACTOR, factor_of, plateau_schedule


class Made(NamedTuple):
    """How many `updates` were made in the phase so far, how many were `skipped` in the epoch, and the `rate` of the last one."""

    updates: int = 0
    skipped: int = 0
    rate: float | None = None


def made_in_epoch(state: LoopState, training: Training, total_steps: int) -> Made:
    """What was made in the epoch whose last step is done, of a training, or a phase, of `total_steps`."""
    updates = int(state.train.updates)
    skipped = state.step - state.first - (updates - state.updates)
    return Made(updates, skipped, rate_of(state, training, total_steps, max(updates - 1, 0)))


def rate_of(state: LoopState, training: Training, total_steps: int, update: int) -> float | None:
    """The learning rate of an update, counted from 0, before the factor of any group; None for an optimizer without one."""
    rate = getattr(training.optimizer, "learning_rate", None)
    if isinstance(rate, int | float):
        return float(rate)
    if not isinstance(rate, Schedule):
        return None
    found = np.asarray(rate.function(total_steps)(update), np.float32)[()]
    plateau = plateau_schedule(training)
    if plateau is not None and state.plateau is not None:
        found *= factor_of(state.plateau, plateau)[FACTOR]
    # As short as a float32 is written.
    return float(str(found))
