"""New rows for a run: read by the types and values of its training. What is wrong with them is no fault of the run's files."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.bad_row import skips_of
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.bad_rows import skipped_rows, without_bad_rows
from modelc.runtime.data.column_digests import digests_of
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.last_windows import last_windows
from modelc.runtime.data.learning import Learnt, of_columns
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.loading import given_to
from modelc.runtime.data.needed_columns import columns_of_windows, needed_columns
from modelc.runtime.data.new_inputs import read_inputs
from modelc.runtime.data.new_part import read_new_part
from modelc.runtime.data.new_rows import NewRows, new_rows, with_made_columns
from modelc.runtime.data.opened_files import below_root, opened_by_inputs, with_contents
from modelc.runtime.data.per_group import numbers_of_groups
from modelc.runtime.data.row_places import located_by
from modelc.runtime.predictions_ahead import labels_by_row
from modelc.runtime.runs.column_kinds import columns_in
from modelc.runtime.runs.environment import known_digests
from modelc.runtime.runs.kept_spec import with_rows_for
from modelc.runtime.runs.run_directory import Run


class NewInputs(NamedTuple):
    """The model's inputs, the number of rows, and other columns of them; of windows, of each row that is predicted. `notes` are
    shown to the user.
    """

    inputs: Arrays
    length: int
    others: Arrays
    notes: tuple[str, ...] = ()
    groups: Array | None = None
    """The numbers of the groups of the rows, where a target has a unit for each."""


def rows_of_file(run: Run, task: Task, path: Path, folder: Path | None, *, skipping: bool = False) -> NewRows:
    """The rows of the file at `path`, read by the types of training; paths in them begin at `folder`, or where the file is. Where bad
    rows are skipped in training, so they are here where `skipping` is true. Raises RunError E4xx.
    """
    return new_rows(
        path, source_for(task, skipping=skipping), columns_in(run.environment()), folder, opened_by_inputs(task)
    )


def rows_with_made(run: Run, task: Task, rows: NewRows, *, skipping: bool = False) -> NewRows:
    """`rows` that a program gives, with the columns that the source of the run makes of those in its files. Raises RunError E404."""
    return with_made_columns(rows, source_for(task, skipping=skipping), columns_in(run.environment()))


def source_for(task: Task, *, skipping: bool) -> Source | None:
    """The source that new rows are read as; where rows are skipped in training, and are here, it leaves out bad ones."""
    return task.source if task.source is None or not skipping else given_to(task, task.source)


def inputs_for(run: Run, task: Task, rows: NewRows, learnt: Learnt, others: Collection[str] = ()) -> NewInputs:
    """The model's inputs of new rows, and their columns called `others`; of windows, the last of each series. Raises RunError E4xx."""
    with for_each_row(task):
        if task.windows is not None:
            return inputs_ahead(run, task, rows, learnt)
        columns = columns_for(run, rows, tuple((task.inputs or {}).values()), learnt, others)
        with with_rows_for(run), located_by(rows.place_of):
            inputs, count = read_inputs(below_root(task, rows.root), columns, learnt)
        if count == 0:
            raise RunError("E404", f"`{rows.shown}` has no rows to predict")
        return NewInputs(inputs, count, {name: columns[name] for name in others})


@contextmanager
def for_each_row(task: Task) -> Iterator[None]:
    """Let an error about rows to predict, which the block raises, say that none is left out though those of training are."""
    try:
        yield
    except RunError as error:
        if task.data is None or not task.data.skips:
            raise
        note = "a prediction stands for each row: `on_bad_row: skip` is for training and for scores"
        raise error.replaced(notes=(*error.notes, note)) from None


def inputs_ahead(run: Run, task: Task, rows: NewRows, learnt: Learnt) -> NewInputs:
    """The last window of each series, for predictions beyond its end, with what tells these apart. Raises RunError E4xx."""
    targets = {name for one in of_columns(task) if one.wanted is None for name in learnt.placed(one).names}
    others = [name for name in columns_of_windows(task) | targets if name in rows.names]
    columns = columns_for(run, rows, tuple((task.inputs or {}).values()), learnt, others)
    if not all(len(column) for column in columns.values()):
        raise RunError("E404", f"`{rows.shown}` has no rows to predict")
    with with_rows_for(run), located_by(rows.place_of):
        found = last_windows(below_root(task, rows.root), columns, learnt)
    labels, groups = labels_by_row(task, found.labels, found.rows), numbers_of_groups(task, found.labels, learnt)
    return NewInputs(found.inputs, found.rows, labels, found.notes, groups)


class NewPart(NamedTuple):
    """New rows with their targets, the task with the types of these, and whether they are the very rows of the run's source, of
    which it was trained on all but those that were held out; `notes` are shown to the user.
    """

    task: Task
    part: Part
    seen: bool
    notes: tuple[str, ...] = ()


def part_for(run: Run, task: Task, rows: NewRows, learnt: Learnt) -> NewPart:
    """The new rows, read as those of training. Raises RunError E4xx, SpecError."""
    bindings = of_columns(task)
    try:
        there = [name for name in columns_of_windows(task) if name in rows.names]
        columns = columns_for(run, rows, bindings, learnt, there)
    except RunError as error:
        if error.code == "E401" and error.at[:2] == ("data", "targets"):
            way = "scores need the targets too: `modelc predict RUN FILE` does without"
            raise error.replaced(helps=(*error.helps, way)) from None
        raise
    if not all(len(column) for column in columns.values()):
        raise RunError("E404", f"`{rows.shown}` has no rows to evaluate")
    with with_rows_for(run):
        if task.data is not None and task.data.skips:
            columns = without_bad_rows(below_root(task, rows.root), columns, rows.places_of, ())
        with located_by(rows.place_of, skips_of(columns).numbers):
            bound, part, of_gaps = read_new_part(task, columns, learnt, rows.root)
    notes = (*(skipped.note for skipped in skipped_rows(columns)), *of_gaps)
    return NewPart(as_learnt(bound, learnt), part, are_of_training(run, task, columns, rows.root), notes)


def are_of_training(run: Run, task: Task, columns: Arrays, root: Root) -> bool:
    """Whether `columns` have the values that those of the run's source had, and the files that they name what was in those."""
    before = known_digests(run.environment()).train
    columns = with_contents(task, columns, root)
    now = digests_of(columns, columns, before).digests
    return bool(now) and all(before.digests.get(name) == digest for name, digest in now.items())


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
