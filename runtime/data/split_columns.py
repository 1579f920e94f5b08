"""The rows that a column marks: those in which it has a value (`where`), and those from a value on (`after`)."""

import re
from collections.abc import Sequence

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.splits import After, Split, Where
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.readers.checks import values_missing
from modelc.runtime.data.arrays import Array, Arrays

DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
"""The dates of ISO 8601 that are compared, in the time zone that all of them are in; `Z` may stand behind all."""


def split_column(columns: Arrays, name: str, at: Path) -> Array:
    """The column called `name`, with text for bytes. Raises RunError for one that is not there or has several values in a row,
    and for missing values.
    """
    if name not in columns:
        raise RunError("E401", f"the data has no column `{name}`", notes=(f"columns: {', '.join(columns)}",), at=at)
    column = columns[name]
    if column.ndim != 1:
        raise RunError("E402", f"`{name}` has {list(column.shape[1:])} values in a row, and a split goes by one", at=at)
    values, missing = np.ma.getdata(column), without_value(column)
    if missing.any():
        helps = ("fill in the values: splits, windows and sampling go by them", "or remove these rows")
        raise values_missing(name, int(missing.sum()), int(np.flatnonzero(missing)[0]), at, helps)
    return np.strings.decode(values, "utf-8") if values.dtype.kind == "S" else values


def without_value(column: Array) -> Array:
    """Which rows of a column have no value that a split could go by: those that are masked, NaN, or no date."""
    missing, values = np.ma.getmaskarray(column), np.ma.getdata(column)
    if values.dtype.kind not in "fM":
        return missing
    return np.asarray(missing | (np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)))


def kind_of_column(column: Array) -> str:
    """What a column has, in the words of `Split.misfit`."""
    return {"U": "texts", "T": "texts", "b": "booleans", "M": "dates"}.get(column.dtype.kind, "numbers")


def marked_rows(split: Split, columns: Arrays, key: str) -> Array:
    """Which rows, true or false for each, the split `where` or `after` under `key` marks. Raises RunError."""
    part = split.where or split.after
    assert part is not None
    way = "where" if split.where is not None else "after"
    column = split_column(columns, part.column, ("data", key, way, "column"))
    if (found := split.misfit(kind_of_column(column))) is not None:
        place, message, help = found
        raise RunError("E402", message, helps=(help,), at=("data", key, *place))
    return equal_rows(part, column, key) if isinstance(part, Where) else later_rows(part, column, key)


def equal_rows(where: Where, column: Array, key: str) -> Array:
    """The rows in which the column has one of the values. Raises RunError E404 for a value that it has nowhere."""
    chosen = np.zeros(len(column), bool)
    for value in where.equals:
        rows = np.asarray(column == value)
        if not rows.any():
            names = [str(name) for name in distinct(column).values.tolist()]
            close = suggest(str(value), names).help
            message, notes = f"`{where.column}` is `{value}` in no row", (f"values: {listed(names)}",)
            raise RunError(
                "E404", message, notes=notes, helps=(close,) if close else (), at=("data", key, "where", "equals")
            )
        chosen |= rows
    return chosen


def later_rows(after: After, column: Array, key: str) -> Array:
    """The rows in which the column is at least the value: numbers as numbers, texts as dates. Raises RunError."""
    at: Path = ("data", key, "after", "value")
    if column.dtype.kind in "UTM":
        texts, rows, places, _ = distinct(column)
        written = [str(text) for text in texts.tolist()] if column.dtype.kind != "M" else []
        asked = dates([str(after.value)], at, zoned=bool(written) and written[0].endswith("Z"))
        found = texts
        if written:
            zoned = str(after.value).endswith("Z")
            found = dates(written, at, zoned=zoned, column=after.column, rows=rows.tolist())
        chosen = (found >= asked[0])[places]
    else:
        chosen = column >= after.value
    if not chosen.any():
        message = f"`{after.column}` is nowhere `{after.value}` or more"
        last = distinct(column).values[-1]
        raise RunError("E404", message, notes=(f"the largest value is {last}",), at=at)
    return np.asarray(chosen)


def is_date(text: str) -> bool:
    """Whether `dates` takes a text."""
    try:
        dates([text], (), zoned=text.endswith("Z"))
    except RunError:
        return False
    return True


def dates(texts: Sequence[str], at: Path, *, zoned: bool, column: str = "", rows: Sequence[int] = ()) -> Array:
    """Texts as dates: those of a `column`, each with a row where it stands, or the value of the spec. Raises RunError E403 for one
    that is none, or that does not end with `Z` where others do (`zoned`).
    """
    found = np.empty(len(texts), "datetime64[us]")
    for place, text in enumerate(texts):
        row = rows[place] if rows else None
        shown = f"`{text}`" if row is None else f"`{column}` has `{text}` in row {row}, which"
        if not DATE.fullmatch(text.removesuffix("Z")):
            message = f"{shown} is no date as ISO 8601 writes it"
            help = "write dates as `2026-01-31` or `2026-01-31T18:30:00`, or compare a column of numbers"
            raise RunError("E403", message, helps=(help,), at=at, row=row)
        if text.endswith("Z") != zoned:
            help = "write `Z`, for the time of UTC, behind all dates or behind none, in the spec too"
            raise RunError("E403", f"{shown} ends otherwise than other dates", helps=(help,), at=at, row=row)
        try:
            found[place] = np.datetime64(text.removesuffix("Z"))
        except ValueError:
            raise RunError("E403", f"{shown} is no day of the calendar", at=at, row=row) from None
    return found
