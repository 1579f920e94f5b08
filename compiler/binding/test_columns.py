"""Checks the columns of `data.test` as far as possible without reading rows: they are read as the training rows are."""

from modelc.compiler.binding.columns import note_on_columns, report_refused
from modelc.compiler.binding.source_headers import TEST
from modelc.compiler.binding.task import Binding, Columns, Task
from modelc.compiler.binding.windows import of_window
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.data_source import refused_arrays

OF = "of the test rows: "
"""How a message begins that is not about the rows of training."""


def check_test_columns(reporter: Reporter, task: Task, trained: Columns, columns: Columns) -> None:
    """Report `columns` of `data.test`, if they are known, that are missing, or do not fit where those of training do.

    What does not fit of the columns `trained` on, if they are known, is reported as theirs.
    """
    if columns is None:
        return
    for binding in (*(task.inputs or {}).values(), *(task.targets or {}).values()):
        if not binding.copies_input and (trained is None or binding.type is not None):
            check_test_column(reporter, binding, columns)
    windows = task.data.windows if task.data is not None else None
    for name, key in windows.columns.items() if windows is not None else ():
        if name not in columns:
            message, note = f"{OF}the data has no column `{name}`, the `{key}` of `windows`", note_on_columns(columns)
            reporter.add("E401", message, TEST, label=f"no column `{name}`", note=note)


def check_test_column(reporter: Reporter, binding: Binding, columns: Columns) -> None:
    """Report the test column of one binding if it is missing or does not fit."""
    assert columns is not None
    refused = refused_arrays(columns)
    for name in binding.names:
        if name in refused:
            report_refused(reporter, refused[name], TEST, f"`{name}` is to be read from here", OF)
            return
        if name not in columns:
            message = f"{OF}the data has no column `{name}` for `{binding.name}`"
            label, note = f"no column `{name}`", note_on_columns(columns)
            reporter.add("E401", message, TEST, label=label, note=note)
            return
    try:
        type_ = of_window(
            binding.reader.plan({name: columns[name] for name in binding.names}, binding.wanted_of_row), binding.steps
        )
    except PlanError as error:
        reporter.plan_error(error, f"{OF}{error.message}", TEST)
        return
    wanted = binding.wanted or binding.type
    if type_ is None or wanted is None or type_.shape == wanted.shape:
        return
    given, taken = show_shape(type_.shape), show_shape(wanted.shape)
    takes = f"the input `{binding.name}` takes" if binding.wanted else "in the training rows"
    message = f"{OF}the column `{binding.subject}` has rows of shape {given}, {takes} {taken}"
    help = "save these rows as those of training are saved: what is made of a column is the same for both"
    reporter.add("E402", message, TEST, label=f"gives {given}", help=help)
