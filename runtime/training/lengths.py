"""How long a training goes on: whether it has all of its epochs or steps, whether its time is over, and how much is left."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.language.settings import Settings
from modelc.runtime.training.loop_state import LoopState
from modelc.runtime.training.processes import agreed


class Course(NamedTuple):
    """The course of a training that is repeated: the step with which each epoch has ended, which epochs were the `last` of a phase or
    of the whole, and of which the validation rows were evaluated.
    """

    ends: Mapping[int, int]
    last: frozenset[int]
    evaluated: frozenset[int]


class Lengths(NamedTuple):
    """Says where a training ends, or one phase of it, that has so many steps in an epoch; in place of the clock goes the `course` of
    one that it repeats.
    """

    settings: Settings
    per_epoch: int
    course: Course | None

    def last_step(self, state: LoopState) -> int:
        """The step with which the epoch of a state ends, unless the clock ends it."""
        steps, course = self.settings.steps, self.course
        ends = [state.first + self.per_epoch] + ([] if steps is None else [state.since + steps])
        if course is not None and state.epoch in course.ends:
            ends.append(course.ends[state.epoch])
        return min(ends)

    def has_all(self, state: LoopState) -> bool:
        """Whether it has all of the epochs or steps that its settings say, once the epoch of a state has ended."""
        return self.settings.has_all(state.epoch - state.before, state.step - state.since)

    def is_evaluated(self, state: LoopState, is_last: bool) -> bool:
        """Whether the epoch of a state, which ends with it, has the validation rows evaluated: in its turn, or as the last one."""
        if self.course is not None and state.epoch in self.course.evaluated:
            # It may have been the last one before the run was given more time.
            return True
        return is_last or self.settings.is_validated(state.epoch)

    def timed(self, state: LoopState) -> LoopState:
        """The state that knows whether its time is over, in all processes or in none."""
        if self.settings.time is None or state.is_over:
            return state
        if self.course is not None:
            return state._replace(is_over=state.epoch in self.course.last and state.step >= self.last_step(state))
        return state._replace(is_over=agreed(self.settings.is_over(state.spent + state.seconds)))


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
