"""Checks the columns that splits and windows go by, as far as possible without reading rows."""

from collections.abc import Mapping

from modelc.compiler.binding.columns import missing_column, note_on_columns
from modelc.compiler.binding.task import Columns, Task
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.data_source import Column

BY_COUNTS = "remove `rows`, or hold rows out by `fraction`, `rows`, `first` or `last`"
KINDS = {"str": "texts", "bytes": "texts", "bool": "booleans"}
"""What a column has by its dtype; all others have numbers."""


def check_split_columns(reporter: Reporter, task: Task, columns: Columns) -> None:
    """Report columns of splits that the source does not have, that have no single value in a row, or that a reader takes other
    rows of.
    """
    splits = task.data.splits if task.data is not None else {}
    for key, split in splits.items():
        for column, place in split.columns.items():
            at: Path = ("data", key, *place)
            check_rows_of_readers(reporter, task, place[0], at)
            if columns is None:
                continue
            if column not in columns:
                missing_column(reporter, key, column, columns, at)
            elif (known := columns[column].type) is not None:
                check_split_column(reporter, task, key, column, known, at)
    if task.data is not None and task.data.skips:
        way_on = "remove `rows`, or remove `on_bad_row`"
        check_rows_of_readers(reporter, task, "on_bad_row", ("data", "on_bad_row"), way_on)
    check_sampling(reporter, task, columns)
    windows = task.windows
    if windows is None or columns is None:
        return
    for column, key in windows.columns.items():
        check_window_column(reporter, key, column, columns)
    for column in windows.gaps.numbers if windows.gaps is not None else ():
        check_filled_column(reporter, task, column, columns)


def check_sampling(reporter: Reporter, task: Task, columns: Columns) -> None:
    """Report a column that rows are drawn by and that cannot be gone by, and an order of rows that none are drawn for."""
    data, at = task.data, ("data", "sampling", "balanced")
    if data is None or data.balanced is None:
        return
    check_rows_of_readers(reporter, task, "sampling", at, "remove `rows`, or remove `sampling`")
    if columns is not None and data.balanced not in columns:
        missing_column(reporter, "sampling", data.balanced, columns, at)
    elif columns is not None and (known := columns[data.balanced].type) is not None and known.shape:
        message = (
            f"`{data.balanced}` has rows of shape {show_shape(known.shape)}, and rows are drawn by one value of each"
        )
        reporter.add("E402", message, at, label="several values", help="name a column with one value in each row")


def check_window_column(reporter: Reporter, key: str, column: str, columns: Mapping[str, Column]) -> None:
    """Report a column that series go by under `key` and that is not there, or has several values in a row."""
    at: Path = ("data", "windows", key)
    if column not in columns:
        missing_column(reporter, "windows", column, columns, at)
    elif (known := columns[column].type) is not None and known.shape:
        message = f"`{column}` has rows of shape {show_shape(known.shape)}, and `{key}` goes by one value in each row"
        reporter.add("E402", message, at, label="several values", help="name a column with one value in each row")


def check_filled_column(reporter: Reporter, task: Task, column: str, columns: Mapping[str, Column]) -> None:
    """Report a column that `gaps` fills with a number and that is not there, has no numbers, or is read by nothing."""
    assert task.data is not None
    at: Path = ("data", "windows", "gaps", "fill", column)
    bindings = [*(task.inputs or {}).values(), *(task.targets or {}).values()]
    read = {name for binding in bindings for name in binding.names}
    if column not in columns:
        close, note = suggest(column, columns).new, note_on_columns(columns)
        help = f"did you mean `{close}`?" if close else ()
        message = f"the data has no column `{column}`"
        reporter.add("E401", message, at, key=True, label=f"no column `{column}`", help=help, note=note)
    elif (known := columns[column].type) is not None and (kind := KINDS.get(known.dtype)) is not None:
        message, help = (
            f"`{column}` has {kind}, and `fill` has a number for it",
            "remove it: a missing row has those of the row before it",
        )
        reporter.add("E402", message, at, key=True, label="no numbers", help=help)
    elif column not in read and None not in {**task.data.inputs, **task.data.targets}.values():
        message, help = f"`gaps` fills `{column}`, which no input and no target reads", "remove it, or read the column"
        reporter.add("E401", message, at, key=True, label="not read", help=help)


def check_split_column(reporter: Reporter, task: Task, key: str, column: str, known: TensorType, at: Path) -> None:
    """Report a column of these values that the split under `key` cannot go by."""
    assert task.data is not None
    if known.shape:
        message = f"`{column}` has rows of shape {show_shape(known.shape)}, and a split goes by one value in each row"
        reporter.add("E402", message, at, label="several values", help="name a column with one value in each row")
    elif (found := task.data.splits[key].misfit(KINDS.get(known.dtype, "numbers"))) is not None:
        place, message, help = found
        reporter.add("E402", message, ("data", key, *place), label="of another kind", help=help)


def check_rows_of_readers(reporter: Reporter, task: Task, way: str, at: Path, help: str = BY_COUNTS) -> None:
    """Report readers with `rows`, which number other rows than those of the columns of a split."""
    bindings = [*(task.inputs or {}).values(), *(task.targets or {}).values()]
    chooser = next((binding for binding in bindings if getattr(binding.reader, "rows", None)), None)
    if chooser is not None:
        message = f"`{way}` goes by the rows of the source, of which `{chooser.name}` reads only some by `rows`"
        related = [(chooser.at, "reads some rows")] if chooser.at in reporter.document.values else []
        reporter.add("E108", message, at, label="goes by all rows", help=help, related=related)
