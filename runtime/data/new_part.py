"""New rows with their targets: read, bound and checked as those of training were, for scores of a trained model."""

from collections.abc import Mapping
from dataclasses import replace

from modelc.compiler.binding.binder import bind
from modelc.compiler.binding.source_headers import Headers
from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.library.contracts.data_source import Column, type_of
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.dataset import Part, check_values, read_part
from modelc.runtime.data.learning import Learnt, every_row, step_known
from modelc.runtime.data.opened_files import below_root
from modelc.runtime.data.read_binding import of_other_rows
from modelc.runtime.data.windows import notes_on_gaps, windows_of


def read_new_part(task: Task, columns: Arrays, learnt: Learnt, root: Root) -> tuple[Task, Part, tuple[str, ...]]:
    """The task bound to the types of `columns`, and all of their rows, read by what was `learnt` of the training rows, and what to say of
    gaps in their windows; the files that they name are below `root`.

    Readers with `rows` read all rows here. Raises SpecError for columns that do not fit the model, RunError for values.
    """
    task = below_root(bound_to(task, columns), root)
    task = replace(task, inputs=for_all_rows(task.inputs, learnt), targets=for_all_rows(task.targets, learnt))
    try:
        windows = windows_of(task, columns, splits=False, step=step_known(learnt))
        part = read_part(task, columns, learnt, None, windows=windows)
        check_values(task, part, training=False)
    except RunError as error:
        raise of_other_rows(error) from None
    return task, part, () if windows is None else notes_on_gaps(windows)


def bound_to(task: Task, columns: Arrays) -> Task:
    """`task` with the types that its inputs and targets have in `columns`. Raises SpecError for what does not fit."""
    data = task.data
    if data is None or data.source is None:
        return task
    known = data.source.columns() or {}
    # New rows need no columns that splits go by, and their number is no matter of the spec.
    splits = {name: Column(None) for split in data.splits.values() for name in split.columns}
    classes = {name: column.classes for name, column in known.items()}
    given = {name: Column(type_of(array), classes.get(name)) for name, array in columns.items()}
    bound, problems = bind(task.spec, task.planned, Headers({**splits, **given}))
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        raise SpecError(errors, {task.spec.document.name: task.spec.document.text})
    return bound


def for_all_rows(bindings: Mapping[str, Binding] | None, learnt: Learnt) -> Mapping[str, Binding] | None:
    """`bindings` with the columns that they were trained on, and readers of all rows."""
    if bindings is None:
        return None
    return {name: every_row(learnt.placed(binding)) for name, binding in bindings.items()}
