"""The inputs of new rows, for prediction: read by what was learnt of the training rows, and checked."""

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.arriving_integers import check_integers
from modelc.runtime.data.ids import check_ids
from modelc.runtime.data.learning import NOTHING_LEARNT, Learnt, every_row
from modelc.runtime.data.read_binding import of_other_rows, read_binding


def read_inputs(task: Task, columns: Arrays, learnt: Learnt = NOTHING_LEARNT) -> tuple[dict[str, Array], int]:
    """The inputs of a task from raw columns, for prediction, and the number of rows.

    Readers with `rows` read all rows here. `learnt` is what they have learnt of the training rows. Raises RunError for
    a missing column, a column that does not fit its input, unequal lengths, or values that a layer does not take.
    """
    inputs = {}
    for name, binding in (task.inputs or {}).items():
        try:
            inputs[name] = read_binding(every_row(learnt.placed(binding)), columns, learnt)[0]
        except RunError as error:
            raise of_other_rows(error) from None
        if binding.wanted is not None and inputs[name].shape[1:] != binding.wanted.shape:
            raise RunError(
                "E402",
                f"the column `{binding.subject}` has rows of shape {list(inputs[name].shape[1:])}, "
                f"the input `{name}` takes {list(binding.wanted.shape)}",
            )
    lengths = {name: len(array) for name, array in inputs.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"`{name}` has {length:,}" for name, length in lengths.items())
        raise RunError("E404", f"the inputs have different numbers of rows: {shown}")
    return checked_inputs(task, inputs), next(iter(lengths.values()), 0)


def checked_inputs(task: Task, inputs: dict[str, Array]) -> dict[str, Array]:
    """`inputs` of new rows. Raises RunError for values that a layer does not take."""
    check_ids(task, inputs)
    try:
        check_integers(task, inputs)
    except RunError as error:
        raise of_other_rows(error) from None
    return inputs
