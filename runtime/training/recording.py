"""What the record of an epoch changes: which epoch is the best, how long the monitor has not been better, the learning rate."""

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any

from modelc.compiler.binding.task import Training
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.explain.training_facts import better
from modelc.compiler.language.settings import EarlyStopping
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.made_updates import Made
from modelc.runtime.training.observer import EpochRecord, Observer
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.plateau import after_epoch, factor_of, first_plateau, plateau_schedule

NO_UPDATES = Made()
EVERY_EPOCH = EarlyStopping(patience=0)
"""What counts as better where nothing stops early."""


def recorded(
    state: LoopState, values: Mapping[str, float], seconds: float, training: Training, made: Made = NO_UPDATES
) -> LoopState:
    """The state with the record of an epoch as the last one, and as the best if it is; `made` are its updates.

    One whose monitor is NaN says nothing: it is neither the best nor one of those that early stopping waits for. Nor is one whose
    validation rows are not evaluated; the last epoch, where it is not its turn, may be the best and is not waited for, so that
    a longer training has the same course.
    """
    score = values.get(training.monitor)
    best = None if state.best is None else state.best.values[training.monitor]
    improved = score is not None and isfinite(score) and is_better(score, best, training)
    record = EpochRecord(state.epoch, state.step, values, seconds, improved, training.name, made.rate, made.skipped)
    counted: dict[str, Any] = {
        "updates": made.updates,
        "skipped": state.skipped + made.skipped,
        "spent": state.spent + seconds,
    }
    state = state._replace(last=record, span=None, tally=Tally({}, state.tally.metrics), seconds=0.0, **counted)
    if score is None:
        return state
    if improved:
        state = state._replace(best=record)
    if isnan(score):
        return state._replace(unscored=state.unscored + 1)
    return waiting(state, score, training) if is_in_turn(state.epoch, training) else state


def is_in_turn(epoch: int, training: Training) -> bool:
    """Whether the monitor of an epoch is looked at in its turn."""
    return not training.settings.is_seldom(training.monitor) or training.settings.is_validated(epoch)


def waiting(state: LoopState, score: float, training: Training) -> LoopState:
    """The state that knows how many epochs have not been better than the one that was, as early stopping counts.

    As Keras 3 `EarlyStopping`: an epoch is better by more than `min_delta` than the last one that was, not than the best; the
    first `start` count for nothing.
    """
    counts = training.settings.early_stopping or EVERY_EPOCH
    if state.epoch - state.before <= counts.start:
        return state
    if isfinite(score) and is_better(score, state.reached, training, by=counts.min_delta):
        return state._replace(reached=score, waited=0)
    return state._replace(waited=state.waited + 1)


def is_better(score: float, than: float | None, training: Training, by: float = 0.0) -> bool:
    """Whether the monitor is better with `score` than with another value, by more than `by`; than none, any value is."""
    sign = 1 if training.better == "higher" else -1
    return than is None or sign * score - by > sign * than


def at_rate(state: LoopState, score: float, training: Training, placement: Placement, observer: Observer) -> LoopState:
    """The state after an epoch whose monitor was `score`, with the learning rate of the next one where it goes by that."""
    schedule = plateau_schedule(training)
    if schedule is None:
        return state
    before = state.plateau or first_plateau(schedule)
    plateau = after_epoch(before, schedule, score, state.step - state.since, training.better)
    if plateau.rate == before.rate:
        return state._replace(plateau=plateau)
    waited = counted(schedule.patience, "evaluation" if training.settings.is_seldom(training.monitor) else "epoch")
    awaited = better(training.monitor, schedule.min_delta).removeprefix("a ")
    observer.reduced(plateau.rate, f"no {awaited} in {waited}")
    rate = placement.put(factor_of(plateau, schedule), placement.everywhere)
    return state._replace(plateau=plateau, train=state.train._replace(rate=rate))
