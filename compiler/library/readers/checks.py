"""Checks of the values in an array, before anything is compiled: each error names the array, the row and the value."""

from dataclasses import replace
from math import prod
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import need, show_shape
from modelc.compiler.library.contracts.data_source import Column

ENDLESS = 2**31
"""More labels than these are none; where their number is not known, it is at most this."""
WITHOUT_LABEL = (
    "where there is no label, leave the element out of the loss: `losses: {NAME: {cross_entropy, mask: labelled}}`, with a "
    "target `labelled: {array: ...}` that is false there"
)


def read_rows(value: Any) -> Any:
    """`[start, stop]` of a spec as a tuple; the type of a `rows` field does not check more than this."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(type(item) is int for item in value):
        raise PydanticCustomError("rows", "expected two integers, such as `[0, 1000]`")
    if not 0 <= value[0] < value[1]:
        raise PydanticCustomError("rows", "expected the first one and the one after the last: counted from 0, growing")
    return tuple(value)


Rows = Annotated[
    tuple[int, int] | None,
    BeforeValidator(read_rows),
    Field(description="First row, and the row after the last: `[0, 100]` are the first 100."),
]

Steps = Annotated[
    tuple[int, int] | None,
    BeforeValidator(read_rows),
    Field(
        description="First step of each row, and the step after the last: `[0, 19]` are the first 19 of its first axis."
    ),
]


def steps_of_column(steps: tuple[int, int] | None, column: Column, name: str) -> Column:
    """The column called `name` as far as its `steps` are read. Raises a `PlanError` E404 for a column without them."""
    if steps is None or column.type is None:
        return column
    count = column.type.shape[0] if column.type.shape else 0
    message = f"`steps` asks for steps {steps[0]:,} to {steps[1]:,} of a row of `{name}`, which has {count:,}"
    help = f"the second number of `steps` is the step after the last, at most {count}"
    help = help if count else "remove it: a row is a single value"
    need(steps[1] <= count, message, help=help, argument="steps", code="E404")
    return replace(column, type=column.type.with_shape(steps[1] - steps[0], *column.type.shape[1:]))


def need_rows(rows: tuple[int, int] | None, column: Column, name: str) -> None:
    """Raise a `PlanError` E404 unless the column called `name` has the `rows`, as far as its length is known."""
    if rows is not None and column.rows is not None:
        message = f"`rows` asks for rows {rows[0]:,} to {rows[1]:,} of `{name}`, which has {column.rows:,}"
        help = f"the second number of `rows` is the row after the last, at most {column.rows}"
        need(rows[1] <= column.rows, message, help=help, argument="rows", code="E404")


def shape_of_row(shape: tuple[int, ...] | None, column: Column, name: str) -> tuple[int, ...]:
    """`shape`, or that of the column called `name` where it is None. Raises a `PlanError` E402 if it has other values."""
    given = () if column.type is None else column.type.shape
    if shape is None:
        return given
    message = (
        f"one row of `{name}` has shape {show_shape(given)}, {prod(given)} values, and `shape` {show_shape(shape)} has "
        f"{prod(shape)}"
    )
    help = "`shape` is the new shape of one row, with the same number of values"
    need(prod(shape) == prod(given), message, help=help, argument="shape", code="E402")
    return shape


def take_rows(column: NumpyArray, rows: tuple[int, int] | None) -> NumpyArray:
    """The rows `[start, stop)` of `column`, all of them where `rows` is None; `need_rows` has seen that they are there."""
    return column if rows is None else column[rows[0] : rows[1]]


def refuse_missing(column: NumpyArray, name: str, first_row: int = 0, counts: NumpyArray | None = None) -> NumpyArray:
    """The column called `name` as an array without a mask; `counts` says of each row whether it counts.

    Raises RunError E402 where a value is missing in a row that counts; rows are counted from `first_row`.
    """
    if not isinstance(column, np.ma.MaskedArray):
        return column
    absent = np.ma.getmaskarray(column).reshape(len(column), -1).any(axis=1)
    if counts is not None:
        absent &= counts
    rows = np.flatnonzero(absent)
    if len(rows):
        raise values_missing(name, len(rows), first_row + int(rows[0]))
    return column.data


def values_missing(name: str, count: int, row: int, at: Path = (), helps: tuple[str, ...] = ()) -> RunError:
    """E402 for a column with missing values, the first of them in `row`, of which its reader does not say what becomes of them."""
    ways = f"`number: {{column: {name}, missing: median}}`, or for classes `category: {{column: {name}, missing: unknown}}`"
    filled = (f"say what stands for them: {ways}", "or remove these rows")
    message = f"`{name}` has {counted(count, 'missing value')}, the first in row {row}"
    return RunError("E402", message, helps=helps or filled, at=at, row=row)


def missing_values(name: str, gone: NumpyArray, first_row: int, way: str) -> RunError:
    """The error for a column in which values are missing where `gone` is true; `way` is how the reader could fill them. Rows
    are counted from `first_row`.
    """
    rows = gone.reshape(len(gone), -1).any(axis=1)
    first = first_row + int(np.flatnonzero(rows)[0])
    return values_missing(name, int(gone.sum()), first, helps=(way, "or remove these rows"))


def all_finite(values: NumpyArray) -> bool:
    """Whether no float in `values` is NaN or infinite."""
    # A sum is finite only if every value is: in the common case one pass and no temporary array. It may overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.sum(values, dtype=np.float64)) or np.isfinite(values).all())


def check_finite(values: NumpyArray, name: str, first_row: int = 0) -> None:
    """Raise RunError E403 for NaN or infinity among float `values`; rows are counted from `first_row`."""
    if all_finite(values):
        return
    bad = ~np.isfinite(values)
    where = np.argwhere(bad)[0]
    count, row = int(bad.sum()), first_row + int(where[0])
    raise RunError(
        "E403",
        f"`{name}` has {counted(count, 'value')} that {'is' if count == 1 else 'are'} NaN or infinite, the first in row {row}",
        helps=("fill or remove these rows before training",),
        row=row,
    )


def check_labels(labels: NumpyArray, classes: int, name: str, first_row: int = 0, what: str = "label") -> None:
    """Raise RunError E403 unless every integer in `labels` is in [0, `classes`); rows count from `first_row`.

    `what` is what the integers are called: labels of classes, or ids of an embedding.
    """
    if labels.size == 0 or (labels.min() >= 0 and labels.max() < classes):
        return
    bad = (labels < 0) | (labels >= classes)
    where = tuple(np.argwhere(bad)[0])
    bounds = int(labels.min()), int(labels.max())
    row = first_row + int(where[0])
    first = int(labels[where]), f"in row {row}"
    raise labels_outside(int(bad.sum()), classes, f"`{name}`", what, first, bounds, row)


def labels_outside(
    count: int,
    classes: int,
    subject: str,
    what: str,
    first: tuple[int, str],
    bounds: tuple[int, int],
    row: int | None = None,
) -> RunError:
    """The error for `count` integers of a `subject` outside [0, `classes`), of which the `first` is a value and where it is
    (`in row 3`, where `row` is 3), and `bounds` are the least and the greatest.
    """
    value, where = first
    least, greatest = bounds
    helps = [f"{what}s up to {greatest} need room for {greatest + 1}, but there is room for {classes}"]
    if least < 0:
        helps = [f"{what}s count from 0", *([WITHOUT_LABEL] if what == "label" else [])]
    outside = "below 0" if classes == ENDLESS and least < 0 else f"outside 0 to {classes - 1}"
    message = f"{subject} has {counted(count, what)} {outside}, the first is {value} {where}"
    return RunError("E403", message, helps=tuple(helps), row=row)


def first_of(bad: NumpyArray, values: NumpyArray, first_row: int = 0) -> str:
    """`the first is -1 in row 3`, for the first of the `bad` ones of `values` `[rows, ...]`."""
    where = tuple(np.argwhere(bad)[0])
    return f"the first is {values[where].item():g} in row {first_row + int(where[0])}"


def check_bounds(
    values: NumpyArray, bounds: tuple[float, float], name: str, first_row: int = 0, *, metric: str = ""
) -> None:
    """Raise RunError E403 unless all `values` lie in the closed interval `bounds`; rows count from `first_row`.

    It is what a loss takes, or the `metric` that is named.
    """
    low, high = bounds
    if values.size == 0 or (values.min() >= low and values.max() <= high):
        return
    bad = ~((values >= low) & (values <= high))
    if high == float("inf"):
        outside, change = f"below {low:g}", "raise the target with `array: {offset: ...}`"
    else:
        outside, change = f"outside {low:g} to {high:g}", "scale the target with `array: {scale: ...}`"
    advice = f"{change}, or choose another loss"
    raise RunError(
        "E403",
        f"`{name}` has {counted(int(bad.sum()), 'value')} {outside}, {first_of(bad, values, first_row)}",
        notes=(f"the metric `{metric}` counts correct classes",) if metric else (),
        helps=("for numbers use an error metric, such as `mean_absolute_error` or `r2`" if metric else advice,),
        row=first_row + int(np.argwhere(bad)[0][0]),
    )
