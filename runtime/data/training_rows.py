"""Which rows readers learn of, before any rows are read."""

from modelc.compiler.binding.task import Task
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.splitting import split_rows
from modelc.runtime.data.windows import Windows


def training_rows(task: Task, columns: Arrays, windows: Windows | None) -> Array | slice:
    """The places of the training rows, as far as readers have to know them: where rows differ in number, or cannot be split,
    it is reported when they have been read.
    """
    assert task.data is not None
    if windows is not None:
        return windows.rows.train
    bindings = of_columns(task)
    if not task.data.splits or not bindings or (first := columns.get(bindings[0].names[0])) is None:
        return slice(None)
    start, stop = getattr(bindings[0].reader, "rows", None) or (0, len(first))
    return split_rows(task.data, stop - start, columns).train
