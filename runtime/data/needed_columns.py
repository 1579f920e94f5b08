"""Which columns of a source a task reads: those of inputs and targets, and those that splits, windows and sampling go by."""

from collections.abc import Collection, Mapping

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.learning import Learnt, of_columns
from modelc.runtime.data.read_binding import need_columns


def column_names(task: Task) -> set[str]:
    """The columns that inputs and targets are read from."""
    return {name for binding in of_columns(task) for name in binding.names}


def columns_beside(task: Task) -> set[str]:
    """The columns that splits, windows and sampling go by, which the source of the training rows has."""
    of_splits = {name for split in (task.data.splits if task.data else {}).values() for name in split.columns}
    drawn_by = task.data.balanced if task.data is not None else None
    return of_splits | columns_of_windows(task) | ({drawn_by} if drawn_by is not None else set())


def columns_read(task: Task) -> set[str]:
    """All columns that the source of the training rows is read for."""
    return column_names(task) | columns_beside(task)


def columns_of_windows(task: Task) -> set[str]:
    """The columns that tell series and times, which other rows have too."""
    return set() if task.windows is None else {*task.windows.columns}


def needed_columns(
    bindings: Collection[Binding], there: Collection[str], refused: Mapping[str, RunError], learnt: Learnt
) -> set[str]:
    """The columns that `bindings` are read from. Raises RunError E401 for one that is not among those that are `there`, or the
    error of one that is `refused`.
    """
    bindings = [learnt.placed(binding) for binding in bindings]
    for binding in bindings:
        for name in binding.names:
            if name in refused:
                raise refused[name]
        need_columns(binding, there)
    return {name for binding in bindings for name in binding.names}
