"""New rows for a run: read by the types and values of its training. What is wrong with them is no fault of the run's files."""

from collections.abc import Collection
from typing import NamedTuple

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.dataset import Part, needed_columns, read_inputs
from modelc.runtime.data.learning import Learnt, of_columns
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.new_part import read_new_part
from modelc.runtime.data.new_rows import NewRows
from modelc.runtime.data.opened_files import below_root
from modelc.runtime.data.row_places import located_by
from modelc.runtime.runs.kept_spec import with_rows_for
from modelc.runtime.runs.run_directory import Run


class NewInputs(NamedTuple):
    """The model's inputs, the number of rows, and other columns of them."""

    inputs: Arrays
    length: int
    others: Arrays


def inputs_for(run: Run, task: Task, rows: NewRows, learnt: Learnt, others: Collection[str] = ()) -> NewInputs:
    """The model's inputs of new rows, and their columns called `others`. Raises RunError E4xx."""
    columns = columns_for(run, rows, tuple((task.inputs or {}).values()), learnt, others)
    with with_rows_for(run), located_by(rows.place_of):
        inputs, count = read_inputs(below_root(task, rows.root), columns, learnt)
    if count == 0:
        raise RunError("E404", f"`{rows.shown}` has no rows to predict")
    return NewInputs(inputs, count, {name: columns[name] for name in others})


def part_for(run: Run, task: Task, rows: NewRows, learnt: Learnt) -> tuple[Task, Part]:
    """The task with the types of these rows, and the rows with their targets. Raises RunError E4xx, SpecError."""
    bindings = of_columns(task)
    try:
        columns = columns_for(run, rows, bindings, learnt)
    except RunError as error:
        if error.code == "E401" and error.at[:2] == ("data", "targets"):
            way = "scores need the targets too: `modelc predict RUN FILE` does without"
            raise error.replaced(helps=(*error.helps, way)) from None
        raise
    if not all(len(column) for column in columns.values()):
        raise RunError("E404", f"`{rows.shown}` has no rows to evaluate")
    with with_rows_for(run), located_by(rows.place_of):
        task, part = read_new_part(task, columns, learnt, rows.root)
    return as_learnt(task, learnt), part


def columns_for(
    run: Run, rows: NewRows, bindings: Collection[Binding], learnt: Learnt, others: Collection[str] = ()
) -> Arrays:
    """The columns that `bindings` are read from, and those called `others`. Raises RunError E4xx."""
    with with_rows_for(run):
        names = needed_columns(bindings, rows.names, rows.refused, learnt)
    for name in others:
        if name in rows.refused:
            raise rows.refused[name]
    return rows.read({*names, *others})
