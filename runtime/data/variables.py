"""The variables of columns: what has one value in each row, a column itself or one place of its rows."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.library.readers.names import name_of
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.runs.column_kinds import KINDS

MOST_PLACES = 64
"""Rows of more values, such as images and long texts of ids, are no variables."""


class Variable(NamedTuple):
    """The `values` `[rows]` of a column, or of one place of its rows, with where they are `missing`, None for nowhere."""

    name: str
    column: str
    values: Array
    missing: Array | None = None

    @property
    def kind(self) -> str:
        return kind_of(self.values)

    @property
    def present(self) -> Array:
        """The values that are there."""
        return self.values if self.missing is None else self.values[~self.missing]

    def take(self, rows: Array | slice) -> "Variable":
        """The same of these rows."""
        missing = None if self.missing is None else self.missing[rows]
        return self._replace(values=self.values[rows], missing=missing if missing is None or missing.any() else None)


class Counted(NamedTuple):
    """The distinct `values` of a variable, an array of ascending numbers or a list of names, and the number of times that each is there."""

    values: Any
    counts: Array


def kind_of(values: Array) -> str:
    """`integer`, `number`, `boolean` or `text`."""
    return KINDS.get(values.dtype.kind, str(values.dtype.name))


def missing_in(column: Array) -> Array | None:
    """Where values of a column are missing: where its source says so, and where they are NaN; None for nowhere."""
    values = np.ma.getdata(column)
    gone = np.ma.getmaskarray(column) if isinstance(column, np.ma.MaskedArray) else np.zeros((), bool)
    # NaN is the only value that makes NaN of a sum, but for infinities, which are looked at one by one.
    if values.dtype.kind == "f" and not np.isfinite(values.sum(dtype="float64")):
        gone = gone | np.isnan(values)
    return gone if gone.any() else None


def variables_of(columns: Arrays) -> tuple[Variable, ...]:
    """The variables of `columns`; of those whose rows are arrays of more than one axis, or of many values, there are none."""
    found: list[Variable] = []
    for name, column in columns.items():
        values, missing = np.ma.getdata(column), missing_in(column)
        if column.ndim == 1:
            found.append(Variable(name, name, values, missing))
        elif column.ndim == 2 and column.shape[1] <= MOST_PLACES:
            places = range(column.shape[1])
            gone = [None if missing is None else missing[:, place] for place in places]
            found += [
                Variable(f"{name}[{place}]" if len(places) > 1 else name, name, values[:, place], gone[place])
                for place in places
            ]
    return tuple(found)


def count_values(values: Array) -> Counted:
    """The distinct values among `values` `[...]`, in which none is missing, and their counts."""
    if kind_of(values) in ("text", "boolean"):
        counts = Counter(values.reshape(-1).tolist())
        names: Counter[str] = Counter()
        for value, count in counts.items():
            names[name_of(value)] += count
        ordered = sorted(names)
        return Counted(ordered, np.array([names[name] for name in ordered], "int64"))
    distinct, found = np.unique(values, return_counts=True)
    return Counted(distinct, found)


def count_names(values: Array) -> Counted:
    """The distinct names among `values` `[...]`, numbers as their digits, and their counts."""
    found = count_values(values)
    names = found.values if isinstance(found.values, list) else [name_of(value) for value in found.values.tolist()]
    return Counted(names, found.counts)


def codes_of(values: Array) -> Array:
    """A number from 0 on for each of `values` `[rows]`, the same for those that are equal."""
    if kind_of(values) != "text":
        return np.unique(values, return_inverse=True)[1].astype("int64")
    places: dict[Any, int] = {}
    return np.fromiter((places.setdefault(value, len(places)) for value in values.tolist()), "int64", len(values))
