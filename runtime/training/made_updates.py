"""What the record of an epoch says of its updates: the learning rate of the last one, and how many were skipped."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from modelc.compiler.binding.task import Training
from modelc.compiler.library.contracts.optimizer import Schedule
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.plateau import FACTOR, factor_of, plateau_schedule

Rates = Callable[[Any], Any]


class Made(NamedTuple):
    """How many `updates` were made in the phase so far, how many were `skipped` in the epoch, and the `rate` of the last one."""

    updates: int = 0
    skipped: int = 0
    rate: float | None = None


def rates_of(training: Training, total_steps: int) -> Rates | None:
    """The learning rates of a training, or a phase, of `total_steps` by the number of the update, from 0, before the factor of any group;
    None for an optimizer without one.
    """
    rate = getattr(training.optimizer, "learning_rate", None)
    if isinstance(rate, Schedule):
        # Compiled as one program: one operation after the other takes ten times as long the first time.
        return jax.jit(rate.function(total_steps))
    return (lambda update: rate) if isinstance(rate, int | float) else None


def made_in_epoch(state: LoopState, training: Training, rates: Rates | None) -> Made:
    """What was made in the epoch whose last step is done."""
    updates = int(state.train.updates)
    skipped = state.step - state.first - (updates - state.updates)
    if rates is None:
        return Made(updates, skipped)
    rate = np.asarray(rates(np.int32(max(updates - 1, 0))), np.float32)[()]
    plateau = plateau_schedule(training)
    if plateau is not None and state.plateau is not None:
        rate *= factor_of(state.plateau, plateau)[FACTOR]
    # As short as a float32 is written.
    return Made(updates, skipped, float(str(rate)))
