"""Whether inputs and targets have equally many rows: by arrays, or before these are read by headers and by `rows`."""

from collections.abc import Mapping

from modelc.compiler.binding.columns import place_of_binding
from modelc.compiler.binding.task import Binding, Columns, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.suggestions.reporter import Reporter


def check_row_counts(reporter: Reporter, task: Task, columns: Columns) -> None:
    """Report inputs and targets of which it is known that they differ in their number of rows."""
    known = {name: stated_rows(binding, columns) for name, binding in bindings_of(task).items()}
    error = unequal_rows(task, {name: count for name, count in known.items() if count is not None})
    if error is not None:
        reporter.add(error.code, error.message, place_of_binding(reporter, error.at), help=error.helps)


def bindings_of(task: Task) -> dict[str, Binding]:
    """The bindings of targets and inputs by name, in the order in which their rows are compared."""
    return {**(task.targets or {}), **(task.inputs or {})}


def stated_rows(binding: Binding, columns: Columns) -> int | None:
    """The number of rows that a binding will have; None where that is not known, or something else is wrong with it."""
    if binding.copies_input or (columns is not None and binding.type is None):
        return None
    rows = getattr(binding.reader, "rows", None)
    if rows:
        return int(rows[1] - rows[0])
    column = None if columns is None else columns.get(binding.names[0])
    return None if column is None else column.rows


def unequal_rows(task: Task, counts: Mapping[str, int]) -> RunError | None:
    """The error E404 for inputs and targets that differ in their number of rows, which `counts` has by name."""
    for name, count in counts.items():
        first = next(iter(counts))
        if count == counts[first]:
            continue
        bindings = bindings_of(task)
        # Where one of the two chooses rows and the other does not, the choice is what can be wrong.
        chooser = first if getattr(bindings[first].reader, "rows", None) else name
        binding = bindings[name if getattr(bindings[name].reader, "rows", None) else chooser]
        return RunError(
            "E404",
            f"`{name}` has {count:,} rows, `{first}` has {counts[first]:,}",
            helps=("all inputs and targets need the same number of rows: select them with `rows: [start, stop]`",),
            at=binding.at,
        )
    return None
