"""Finds the batch of a step again, and computes it value by value: why a step failed, and for `modelc debug`.

Which rows a step has, and its random key, follow from the spec, the seed and the step.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.lowering.lower import Tree, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.block_order import Indices
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches_in_order, batches_of
from modelc.runtime.training.diagnosis import LOWER, Diagnosis, diagnose
from modelc.runtime.training.evaluation import evaluation_batch
from modelc.runtime.training.examination import Batch, Examined, examine
from modelc.runtime.training.examined_parts import examine_parts
from modelc.runtime.training.row_state import at_epoch, at_zeros, merge_trees, per_row_entries
from modelc.runtime.training.step import row_sums


class At(NamedTuple):
    """The training step after `step` steps: of an epoch, counted from 1, the batch with the number `batch`, from 0."""

    step: int
    epoch: int
    batch: int

    def __str__(self) -> str:
        return f"step {self.step + 1:,} (epoch {self.epoch:,}, batch {self.batch + 1:,})"


class Replayed(NamedTuple):
    """A batch that was computed again; `numbers` are those of its rows in their source, `place` says where it is."""

    place: str
    examined: Examined
    diagnosis: Diagnosis
    numbers: Indices
    valid: int

    @property
    def notes(self) -> tuple[str, ...]:
        return self.diagnosis.notes(self.numbers.tolist(), self.valid)


def replay_step(task: PreparedTask, part: Part, params: Tree, state: Tree, at: At) -> Replayed:
    """A training step, from what was there before it. Raises RunError E502 and E505."""
    assert task.training is not None
    settings = task.training.settings
    if at.batch == 0:
        state = at_epoch(task, state)
    batches = batches_of(settings, part.rows, part.classes_to_draw)(at.epoch)
    (indices,), (valid,) = batches.steps(at.batch, 1)
    batch = batch_of(part, indices, int(valid))
    key = derive(root_key(settings.seed), "step", jnp.int32(at.step))
    if (count := settings.gradient_accumulation) > 1:
        number, own, found = examine_parts(task, params, state, batch, key)
        return replayed(task, part, own, found, f"{at}, in part {number + 1:,} of {count:,}")
    return replayed(task, part, batch, examine(task, params, state, batch, key), str(at))


def replay_validation(task: PreparedTask, part: Part, params: Tree, state: Tree) -> Replayed | None:
    """The first batch of `part` of which a loss is not finite as in prediction; None if there is none."""
    model, size = lower(task), evaluation_batch(task, part.rows)
    batches = batches_in_order(part.rows, size)

    @jax.jit
    def run(handed: Any, batch: Any) -> tuple[Any, Any]:
        inputs, targets, count = batch
        rows = jnp.arange(size) < count
        sums, new = row_sums(task, model, params, merge_trees(state, handed), inputs, targets, rows)
        return {key: parts["total"] for key, parts in sums.items() if is_loss(key)}, per_row_entries(task, new)

    handed: Any = at_zeros(task, size)
    for place in range(len(batches)):
        (indices,), (count,) = batches.steps(place, 1)
        batch = batch_of(part, indices, int(count))
        totals, after = run(handed, (batch.inputs, batch.targets, count))
        if not all(np.isfinite(total) for total in totals.values()):
            examined = examine(task, params, merge_trees(state, handed), batch, None)
            return replayed(task, part, batch, examined, f"batch {place + 1:,} of the validation rows")
        handed = after
    return None


def error_of_step(task: PreparedTask, part: Part, params: Tree, state: Tree, at: At) -> RunError:
    """RunError E501 for a step that was not applied: its loss or gradient is NaN or infinite."""
    applied = "the step was not applied: the weights are those of the previous step"
    try:
        found = replay_step(task, part, params, state, at)
    except jax.errors.JaxRuntimeError:
        # All values of a batch at once may be more than the device has room for.
        message = f"the loss or its gradient is not finite at {at}"
        return RunError("E501", message, notes=(applied,), helps=(LOWER, *wider(task)))
    said = found.diagnosis
    message = f"the loss or its gradient is not finite at {found.place if said.found else at}"
    notes = found.notes
    if not said.found:
        # The compiled step rounds otherwise than the one that shows all values.
        notes = (
            f"computed again layer by layer, it is finite: it is at the border of what {task.half or 'float32'} can hold",
        )
    return RunError("E501", message, notes=(*notes, applied), helps=(said.help, *wider(task)), at=said.at)


def wider(task: PreparedTask) -> tuple[str, ...]:
    """What to do beside all else where values are of a small range."""
    if task.half != "float16":
        return ()
    return ("float16 goes to 65,504: `precision: mixed_bfloat16` has the range of float32",)


def error_of_epoch(task: PreparedTask, part: Part | None, params: Tree, state: Tree, epoch: int, key: str) -> RunError:
    """RunError E501 for the loss of the log key `key`, NaN or infinite after an epoch whose steps were finite; `part` are the
    validation rows if it is theirs.
    """
    message, kept = f"`{key}` is not finite after epoch {epoch:,}", "the weights of the previous epochs are kept"
    try:
        found = None if part is None else replay_validation(task, part, params, state)
    except jax.errors.JaxRuntimeError:
        found = None
    if found is None:
        return RunError("E501", message, notes=(kept,), helps=(LOWER, *wider(task)))
    first, *more = found.notes
    said = found.diagnosis
    return RunError(
        "E501", message, notes=(f"in {found.place}: {first}", *more, kept), helps=(said.help, *wider(task)), at=said.at
    )


def is_loss(key: str) -> bool:
    return key == "penalty" or key.endswith("/loss")


def batch_of(part: Part, indices: Indices, valid: int) -> Batch:
    """The rows `indices` of a part."""
    inputs = {name: array[indices] for name, array in part.inputs.items()}
    targets = {name: array[indices] for name, array in part.targets.items()}
    return Batch(inputs, targets, indices, valid)


def replayed(task: PreparedTask, part: Part, batch: Batch, examined: Examined, place: str) -> Replayed:
    numbers = batch.indices if part.numbers is None else part.numbers[batch.indices]
    return Replayed(place, examined, diagnose(task, examined), numbers, batch.valid)
