"""Which value of the column that rows are drawn by each training row has."""

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.distinct import distinct
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.split_columns import split_column

AT = ("data", "sampling", "balanced")
MOST_NAMED = 3
"""Values that a note names, of those that come more often than they are there."""


def classes_to_draw(task: Task, numbers: Array | None, columns: Arrays) -> tuple[Array | None, tuple[str, ...]]:
    """The number of the value of each training row, where the spec draws rows by a column, and what to say of it. `numbers` are the
    places of the rows in the source, None for all; of a window, that of the first row of its targets.

    Raises RunError E401 to E404 for the column.
    """
    name = None if task.data is None else task.data.balanced
    if name is None:
        return None, ()
    values = split_column(columns, name, AT)
    values = values if numbers is None else values[numbers]
    names, _, classes, counts = distinct(values)
    if len(names) == len(values) > 1:
        message = f"`{name}` has another value in each of {len(values):,} training rows, so there is nothing to balance"
        raise RunError("E404", message, helps=("name a column of classes, or remove `sampling`",), at=AT)
    return classes.astype(np.int32), (note_on(name, names, counts),)


def note_on(name: str, names: Array, counts: Array) -> str:
    """What to say of rows that are drawn: how much more often than others the rarest come."""
    if len(names) == 1:
        return f"all training rows have one value of `{name}`, so that drawing them balances nothing"
    rare = np.argsort(counts, kind="stable")[:MOST_NAMED]
    times = counts.sum() / len(names) / counts
    shown = listed([f"each of {counts[one]:,} of `{names[one]}` {times[one]:.3g} times" for one in rare.tolist()])
    return f"rows are drawn so that each of {len(names):,} values of `{name}` comes equally often: in an epoch {shown}"
