"""How long a training goes on: whether it has all of its epochs or steps, whether its time is over, and how much is left."""

from collections.abc import Sequence

from modelc.compiler.language.settings import Settings
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.processes import agreed


def has_all(state: LoopState, settings: Settings) -> bool:
    """Whether it has all of the epochs or steps that its settings say, once the epoch of a state has ended."""
    return settings.has_all(state.epoch - state.before, state.step - state.since)


def timed(state: LoopState, settings: Settings) -> LoopState:
    """The state that knows whether its time is over, in all processes or in none."""
    if settings.time is None or state.is_over:
        return state
    return state._replace(is_over=agreed(settings.is_over(state.spent + state.seconds)))


def seconds_left(phases: Sequence[Settings], rows: int, state: LoopState, speed: float) -> float:
    """The seconds that are left to the phase of a state, the first of `phases`, and to those behind it, on `rows` rows at a
    `speed` in steps per second. 0 where it is not known.
    """
    done, spent, found = state.step - state.since, state.spent + state.seconds, 0.0
    for settings in phases:
        steps = max(settings.total_steps(rows) - done, 0)
        ends = [steps / speed] if settings.has_end and speed else []
        ends += [] if settings.time is None else [max(settings.time - spent, 0.0)]
        if not ends:
            return 0.0
        found += min(ends)
        done, spent = 0, 0.0
    return found
