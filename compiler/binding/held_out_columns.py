"""Checks the columns of rows that are held out and have a source of their own, as far as possible without reading rows: they are
read as the training rows are.
"""

from typing import NamedTuple

from modelc.compiler.binding.columns import note_on_columns, report_refused
from modelc.compiler.binding.task import Binding, Columns, Task
from modelc.compiler.binding.windows import of_window
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.data_source import Source, refused_arrays


class OwnRows(NamedTuple):
    """What rows are held out for that have a source of their own, and its columns, None where they are not known."""

    key: str
    source: Source
    columns: Columns

    @property
    def at(self) -> Path:
        return ("data", self.key)

    @property
    def note(self) -> str:
        """Which columns there are, in which files."""
        assert self.columns is not None
        of = f" of {listed([repr(path) for path in self.source.files()])}" if self.source.files() else ""
        return note_on_columns(self.columns).replace("columns:", f"columns{of}:", 1)


def of_rows(key: str) -> str:
    """How a message begins that is not about the rows of training."""
    return f"of the {key} rows: "


def check_held_out(reporter: Reporter, task: Task, trained: Columns, rows: OwnRows) -> None:
    """Report columns of rows of their own, if they are known, that are missing, or do not fit where those of training do.

    What does not fit of the columns `trained` on, if they are known, is reported as theirs.
    """
    if rows.columns is None:
        return
    for binding in (*(task.inputs or {}).values(), *(task.targets or {}).values()):
        if not binding.copies_input and (trained is None or binding.type is not None):
            check_column(reporter, binding, rows)
    windows = task.windows
    for name, use in windows.columns.items() if windows is not None else ():
        if name not in rows.columns:
            message = f"{of_rows(rows.key)}the data has no column `{name}`, the `{use}` of `windows`"
            reporter.add("E401", message, rows.at, label=f"no column `{name}`", note=rows.note)


def check_column(reporter: Reporter, binding: Binding, rows: OwnRows) -> None:
    """Report the column of one binding in rows of their own if it is missing or does not fit."""
    at, columns, of = rows.at, rows.columns or {}, of_rows(rows.key)
    refused = refused_arrays(columns)
    for name in binding.names:
        if name in refused:
            report_refused(reporter, refused[name], at, f"`{name}` is to be read from here", of)
            return
        if name not in columns:
            message = f"{of}the data has no column `{name}` for `{binding.name}`"
            reporter.add("E401", message, at, label=f"no column `{name}`", note=rows.note)
            return
    try:
        type_ = of_window(
            binding.reader.plan({name: columns[name] for name in binding.names}, binding.wanted_of_row), binding.steps
        )
    except PlanError as error:
        reporter.plan_error(error, f"{of}{error.message}", at)
        return
    wanted = binding.wanted or binding.type
    if type_ is None or wanted is None or type_.shape == wanted.shape:
        return
    given, taken = show_shape(type_.shape), show_shape(wanted.shape)
    takes = f"the input `{binding.name}` takes" if binding.wanted else "in the training rows"
    message = f"{of}the column `{binding.subject}` has rows of shape {given}, {takes} {taken}"
    help = "save these rows as those of training are saved: what is made of a column is the same for both"
    reporter.add("E402", message, at, label=f"gives {given}", help=help)
