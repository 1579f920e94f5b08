"""Trains one phase after the other, from the start or from the phase of a checkpoint on."""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.rolled_repeats import from_named, to_named
from modelc.runtime.training.loop_state import LoopState, end_of_phase, kept_of, weights_of
from modelc.runtime.training.observer import Checkpoint, Outcome
from modelc.runtime.training.row_state import merge_trees

if TYPE_CHECKING:
    from modelc.runtime.training.loop import Loop


def train_in_phases(task: PreparedTask, given: Checkpoint | None, loop_of: "Callable[[int, int], Loop]") -> Outcome:
    """How training of `task` ends, from the checkpoint `given` on. `loop_of` makes the loop of the phase of a number, with so many
    epochs before it; a task without phases is one.

    Raises RunError E603 for a checkpoint of another training.
    """
    facts = {} if given is None else given.facts
    number, before = int(facts.get("phase", 0)), int(facts.get("before", 0))
    state: LoopState | None = None
    while True:
        with closing(loop_of(number, before)) as loop:
            outcome, state = loop.ran(begun(loop, number, state, given))
        is_last = number + 1 >= len(task.phases)
        if outcome.reason == "interrupted" or is_last:
            return outcome
        number, before = number + 1, state.epoch


def begun(loop: "Loop", number: int, before: LoopState | None, given: Checkpoint | None) -> LoopState:
    """The state with which a phase begins: behind the one `before`, else from the checkpoint `given`, else the first one."""
    if before is not None:
        return behind(loop, before, number)
    if given is None:
        return loop.first()
    try:
        return loop.resumed(given)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        message = f"the checkpoint of step {given.step:,} is not of this training: {error}"
        raise RunError("E603", message, helps=("train it anew",)) from None


def behind(loop: "Loop", state: LoopState, phase: int) -> LoopState:
    """The state before the first step of the `phase` of a loop, behind the last step of the phase before."""
    train = state.train
    params, model_state = train.params, train.state
    if loop.training.from_best and state.kept is not None:
        put, shardings = loop.placement.put, loop.steps.shardings
        params, model_state = best_weights(loop.task, state.kept, model_state)
        params, model_state = put(params, shardings.params), put(model_state, shardings.state)
    began = loop.steps.begun(params, model_state, train.step)
    anew: dict[str, Any] = {"waited": 0, "reached": None, "plateau": None, "spent": 0.0, "is_over": False, "updates": 0}
    return state._replace(train=began, phase=phase, before=state.epoch, since=state.step, **anew)


def best_weights(task: PreparedTask, kept: Any, state: Any) -> tuple[Any, Any]:
    """The params and the state of the best weights that were `kept`, as the model holds them; what they lack is that of `state`."""
    rolls = task.rolls
    return from_named(rolls, kept.params), from_named(rolls, merge_trees(to_named(rolls, state), kept.state))


def next_step(task: PreparedTask, given: Checkpoint, per_epoch: int) -> tuple[PreparedTask, Any, Any]:
    """As which task the step after a checkpoint is trained, that of its phase where there are phases, from which params and state.

    An epoch has `per_epoch` steps. Behind the last step of a phase it is the first one of the phase after.
    """
    params, state = weights_of(given)
    if not task.phases:
        return task, params, state
    number = int(given.facts["phase"])
    phase = task.phases[number]
    assert phase.training is not None
    if number + 1 == len(task.phases) or not end_of_phase(given, phase.training.settings, per_epoch):
        return phase, params, state
    phase, kept = task.phases[number + 1], kept_of(given)
    assert phase.training is not None
    if phase.training.from_best and kept is not None:
        params, state = best_weights(phase, kept, state)
    return phase, params, state
