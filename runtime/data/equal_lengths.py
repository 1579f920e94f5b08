"""Whether inputs and targets have equally many rows."""

from modelc.compiler.binding.row_counts import unequal_rows
from modelc.compiler.binding.task import Task
from modelc.runtime.data.arrays import Arrays


def need_equal_lengths(task: Task, inputs: Arrays, targets: Arrays) -> int:
    """The number of rows. Raises RunError E404 where inputs or targets differ in it."""
    lengths = {**{n: len(a) for n, a in targets.items()}, **{n: len(a) for n, a in inputs.items()}}
    if error := unequal_rows(task, lengths):
        raise error
    return next(iter(lengths.values()))
