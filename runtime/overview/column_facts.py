"""What one column is like over all rows of its source: type, missing and distinct values, range, mean, frequent values."""

from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from modelc.compiler.library.readers.names import name_of
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.variables import Counted, count_values, kind_of, missing_in

MOST_FREQUENT = 5
"""As many of the most frequent values are told."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What is known of a column over all `rows` of its source.

    `shape` is that of one row. `missing` and `distinct` count values; of arrays of many values in each row the distinct
    ones are not counted. `least`, `most` and `mean` are of numbers, and of text of its characters. `frequent` are the most
    frequent values with their counts; none where no value is there twice.
    """

    name: str
    type: str
    dtype: str
    shape: tuple[int, ...]
    declared: bool
    rows: int
    missing: int
    distinct: int | None
    least: float | int | None
    most: float | int | None
    mean: float | None
    frequent: tuple[tuple[Any, int], ...]

    @property
    def is_text(self) -> bool:
        return self.type == "text"


def facts_of(name: str, column: Array, declared: Collection[str] = ()) -> ColumnFacts:
    """The facts of the `column` called `name`; of those that are `declared` the source says the type."""
    values, missing = np.ma.getdata(column), missing_in(column)
    present = values.reshape(-1) if missing is None else values[~missing]
    kind, counted = kind_of(values), None
    if column.ndim == 1 or kind == "text":
        counted = count_values(present)
    measured = lengths_of(counted) if kind == "text" and counted is not None else range_of(present, kind)
    return ColumnFacts(
        name=name,
        type=kind,
        dtype="str" if kind == "text" else values.dtype.name,
        shape=column.shape[1:],
        declared=name in declared,
        rows=len(column),
        missing=0 if missing is None else int(np.broadcast_to(missing, values.shape).sum()),
        distinct=None if counted is None else len(counted.values),
        least=measured[0],
        most=measured[1],
        mean=measured[2],
        frequent=() if counted is None else most_frequent(counted),
    )


def most_frequent(counted: Counted) -> tuple[tuple[Any, int], ...]:
    """The values that are there most often, the first of those that are as frequent; none where no value is there twice."""
    if not len(counted.counts) or counted.counts.max() < 2:
        return ()
    order = np.argsort(-counted.counts, kind="stable")[:MOST_FREQUENT]
    return tuple((python_value(counted.values[place]), int(counted.counts[place])) for place in order.tolist())


def python_value(value: Any) -> Any:
    """A value of numpy as one of Python."""
    plain = value.item() if isinstance(value, np.generic) else value
    return name_of(plain) if isinstance(plain, bytes) else plain


Measured = tuple[float | int | None, float | int | None, float | None]
"""The least, the most, and the mean."""


def range_of(present: Array, kind: str) -> Measured:
    """Those of numbers, as Python's; None for what there is not."""
    if kind not in ("integer", "number") or not len(present):
        return None, None, None
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float(present.mean(dtype="float64"))
    return present.min().item(), present.max().item(), mean if isfinite(mean) else None


def lengths_of(counted: Counted) -> Measured:
    """Those of the characters of names."""
    if not len(counted.values):
        return None, None, None
    lengths = np.array([len(name) for name in counted.values])
    return int(lengths.min()), int(lengths.max()), float((lengths * counted.counts).sum() / counted.counts.sum())
