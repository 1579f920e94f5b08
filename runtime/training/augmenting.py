"""Changes the rows of a training batch as `data.augment` says, inside the compiled step."""

from collections.abc import Mapping, Sequence

from jax import Array

from modelc.compiler.binding.task import Task
from modelc.compiler.library.base.prng import derive
from modelc.compiler.library.contracts.augmentation import Augmented
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
        inputs, targets = replaced(change.parts, found, inputs, targets)
    return inputs, targets


def as_scored(task: Task | PreparedTask, inputs: Batches, targets: Batches) -> tuple[Batches, Batches]:
    """The inputs and targets of a batch whose rows are scored, without what those changes leave out of them that do."""
    for change in task.augment:
        if change.by.leaves_out:
            arrays = [(targets if part.is_target else inputs)[part.name] for part in change.parts]
            inputs, targets = replaced(change.parts, change.by.evaluate(change.parts, arrays), inputs, targets)
    return inputs, targets


def replaced(
    parts: Sequence[Augmented], arrays: Sequence[Array], inputs: Batches, targets: Batches
) -> tuple[Batches, Batches]:
    """`inputs` and `targets` with these `arrays` of the `parts`."""
    changed = [*zip(parts, arrays, strict=True)]
    return (
        {**inputs, **{part.name: array for part, array in changed if not part.is_target}},
        {**targets, **{part.name: array for part, array in changed if part.is_target}},
    )
