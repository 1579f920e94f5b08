"""Types of windows: what a reader makes of one row, as often as a window has rows of it."""

from modelc.compiler.binding.task import Binding
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.readers import READERS


def steps_of(data: DataSpec, path: Path) -> int | None:
    """How many rows of the source the input, the target or the weights at `path` read for each row of the task; None without
    windows, and for one value a series.
    """
    if data.windows is None:
        return None
    return data.windows.steps(data.span_of(str(path[-1]), target=path[1] != "inputs"))


def group_column(reporter: Reporter, data: DataSpec, reader: Reader, path: Path) -> str | None:
    """The column of the groups that a reader learns of by themselves, None for none; reports a reader that would without groups."""
    if not reader.per_group:
        return None
    column = None if data.windows is None else data.windows.group_by
    if column is None and (data.windows is not None or "windows" not in reporter.document.data.get("data", {})):
        message = "`standardize: per_group` goes by the column `group_by` of `windows`, which is not there"
        help = "add `group_by: COLUMN` to `windows`, or write `standardize: true` for one mean of all rows"
        at = (*path, READERS.name_of(reader), "standardize")
        at = at if at in reporter.document.values else path
        reporter.add("E108", message, at, label="of no group", help=help)
    return column


def of_window(type_: TensorType | None, steps: int | None) -> TensorType | None:
    """The type of `steps` rows of this type, of the row itself for None."""
    return type_ if type_ is None or steps is None else type_.with_shape(steps, *type_.shape)


def check_window(reporter: Reporter, binding: Binding, data: DataSpec, at: Path) -> bool:
    """Whether the rows that an input reads for a window fit it as far as that is known; reports at `at` if not."""
    wanted, steps, windows = binding.wanted, binding.steps, data.windows
    if wanted is None or windows is None or (steps is None and binding.type is None):
        return True
    given = None if binding.type is None else binding.type.shape
    if given == wanted.shape or (given is None and wanted.shape[:1] == (steps,)):
        return True
    span = data.span_of(binding.name, target=False)
    what = f"{steps} rows, those of the {span}," if steps is not None else "one value a series"
    shown = show_shape(given) if given is not None else f"[{steps}, ...]"
    message = f"`{binding.name}` reads {what} of shape {shown}, and the input takes {show_shape(wanted.shape)}"
    helps = [
        f"change the input to `shape: {shown}`" if given is not None else f"begin the shape of the input with {steps}"
    ]
    ahead = span == "context" and wanted.shape[:1] == (windows.horizon,)
    if ahead and (given is None or wanted.shape[1:] == given[1:]):
        helps.append("or write `span: horizon` beside the reader, for what is known ahead")
    elif steps is not None and wanted.rank and (given is None or wanted.shape[1:] == given[1:]):
        helps.append(f"or write `{span}: {wanted.shape[0]}` in `windows`")
    elif steps is not None and given is not None and wanted.shape == given[1:]:
        helps.append("or write `span: static` beside the reader, for one value a series")
    related: list[tuple[Path, str]] = [(("model", "inputs", binding.name), f"takes {show_shape(wanted.shape)}")]
    related.append((("data", "windows", span) if steps is not None else ("data", "windows"), "windows"))
    reporter.add("E402", message, at, label=f"gives {shown}", help=helps, related=related)
    return False
