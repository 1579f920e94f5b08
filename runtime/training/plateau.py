"""Lowers the learning rate where the monitor has stopped becoming better: the part of a schedule that follows no step."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import optax
from jax import Array

from modelc.compiler.binding.task import Training
from modelc.compiler.library.contracts.optimizer import Schedule
from modelc.compiler.library.schedules.reduce_on_plateau import ReduceOnPlateau
from modelc.compiler.lowering.prepared_task import PreparedTask

FACTOR = "factor"


class Plateau(NamedTuple):
    """How far the rate is lowered: to `rate`, and `waited` epochs were not better than the one with `reached`; `cooldown`
    further ones are not waited for.
    """

    rate: float
    reached: float | None = None
    waited: int = 0
    cooldown: int = 0


class Reduced(Schedule):
    """The learning rates of a schedule, times a `factor` on the device. No spec names it."""

    schedule: Schedule
    factor: Any

    def function(self, total_steps: int) -> optax.Schedule:
        rates = self.schedule.function(total_steps)
        return lambda step: rates(step) * self.factor


def plateau_schedule(training: Training | None) -> ReduceOnPlateau | None:
    """The schedule of a training that goes by its monitor, if it has one."""
    schedule = None if training is None else getattr(training.optimizer, "learning_rate", None)
    return schedule if isinstance(schedule, ReduceOnPlateau) else None


def first_plateau(schedule: ReduceOnPlateau) -> Plateau:
    """Before the first epoch."""
    return Plateau(rounded(schedule.learning_rate))


def after_epoch(plateau: Plateau, schedule: ReduceOnPlateau, score: float, step: int, better: str) -> Plateau:
    """The plateau after an epoch that ended at the `step` of its phase, whose monitor was `score`.

    As Keras 3 `ReduceLROnPlateau`, whose rate is a float32.
    """
    sign = 1 if better == "higher" else -1
    if np.isnan(score) or step < schedule.warmup_steps:
        return plateau
    if plateau.cooldown:
        plateau = plateau._replace(cooldown=plateau.cooldown - 1, waited=0)
    if plateau.reached is None or sign * score - schedule.min_delta > sign * plateau.reached:
        return plateau._replace(reached=score, waited=0)
    if plateau.cooldown:
        return plateau
    plateau = plateau._replace(waited=plateau.waited + 1)
    if plateau.waited < schedule.patience or plateau.rate <= rounded(schedule.min_lr):
        return plateau
    rate = rounded(max(plateau.rate * schedule.factor, schedule.min_lr))
    return plateau._replace(rate=rate, waited=0, cooldown=schedule.cooldown)


def rounded(rate: float) -> float:
    return float(np.float32(rate))


def factor_of(plateau: Plateau, schedule: ReduceOnPlateau) -> dict[str, Any]:
    """What the rates of the schedule are multiplied by on the device, as the state of training has it."""
    return {FACTOR: np.float32(plateau.rate / rounded(schedule.learning_rate))}


def first_factor(task: PreparedTask) -> dict[str, Any]:
    """The same before the first epoch; empty where the rate does not go by the monitor."""
    return {} if plateau_schedule(task.training) is None else {FACTOR: np.float32(1)}


def with_factor(task: PreparedTask, factor: Array) -> PreparedTask:
    """The task with the rates of its optimizer's schedule times a `factor`."""
    training, schedule = task.training, plateau_schedule(task.training)
    assert training is not None and schedule is not None
    reduced = Reduced(schedule=schedule, factor=factor)
    return replace(
        task, training=training._replace(optimizer=training.optimizer.model_copy(update={"learning_rate": reduced}))
    )
