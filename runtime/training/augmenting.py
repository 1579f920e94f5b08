"""Changes the rows of a training batch as `data.augment` says, inside the compiled step."""

from collections.abc import Mapping

from jax import Array

from modelc.compiler.library.base.prng import derive
from modelc.compiler.lowering.prepared_task import PreparedTask

Batches = Mapping[str, Array]
"""Inputs or targets of a batch by name."""


def augmented(
    task: PreparedTask, key: Array, inputs: Batches, targets: Batches, rows: Array
) -> tuple[Batches, Batches]:
    """The inputs and targets of a training batch, of whose rows the valid ones are true in `rows`, changed by what is drawn from
    the `key` of the step.
    """
    for number, change in enumerate(task.augment):
        arrays = [(targets if part.is_target else inputs)[part.name] for part in change.parts]
        found = change.by.augment(derive(key, "augment", str(number)), change.parts, arrays, rows)
        changed = [*zip(change.parts, found, strict=True)]
        inputs = {**inputs, **{part.name: array for part, array in changed if not part.is_target}}
        targets = {**targets, **{part.name: array for part, array in changed if part.is_target}}
    return inputs, targets
