"""Rows that are missing between two of a series, filled where `windows.gaps` says so.

What stands for them is behind the rows of the source, whose numbers stay as they are. It is made of rows before the gap alone, so that
nothing of what comes later is known earlier.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.language.windows import WindowsSpec
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.series import Series, months_of, moved_in_month, times_after, written_like

AT = ("data", "windows", "gaps")


def fill_gaps(spec: WindowsSpec, series: Series, columns: Arrays) -> tuple[Series, Arrays]:
    """`series` with places for missing rows, and `columns` with these rows; both as they are where none are filled.

    Raises RunError E402 for numbers that a column cannot have, E502 where memory does not suffice.
    """
    if spec.gaps is None:
        return series, columns
    for name, number in spec.gaps.numbers.items():
        # New rows for a prediction may be without what is predicted.
        if name in columns:
            check_number(name, number, columns[name].dtype)
    missing = missing_behind(series, spec.gaps.limit)
    total = int(missing.sum())
    if not total:
        return series, columns
    need_memory(columns, total)
    rows = len(series.order)
    owners = np.repeat(np.arange(rows), 1 + missing)
    steps = np.arange(len(owners)) - (np.cumsum(1 + missing) - missing - 1)[owners]
    is_filled = steps > 0
    order = series.order[owners]
    sources = order[is_filled]
    order[is_filled] = rows + np.arange(total)
    begins = np.diff(series.run, prepend=series.run[:1]) != 0
    begins[1:] &= missing[:-1] == 0
    run = np.cumsum(begins)[owners]
    times = times_after(series, owners, steps)
    found = replace(series, order=order, series=series.series[owners], run=run, times=times, sources=sources)
    return found, {name: extended(spec, name, column, sources, times[is_filled]) for name, column in columns.items()}


def missing_behind(series: Series, limit: int) -> Array:
    """How many rows are missing behind each place, 0 where they are more than `limit`, or times are no multiple of the step apart."""
    step, times = series.step, series.times
    found = np.zeros(len(series.order), np.int64)
    if step is None or times is None or len(times) < 2:
        return found
    if step.unit == "number":
        ratio = np.diff(times).astype(np.float64) / step.amount
        count = np.rint(ratio)
        is_exact = np.isclose(ratio, count, rtol=1e-9, atol=0)
    elif step.unit == "microsecond":
        count, rest = np.divmod(np.diff(times).astype(np.int64), int(step.amount))
        is_exact = rest == 0
    else:
        months = months_of(times)
        count, rest = np.divmod(np.diff(months.number), int(step.amount))
        is_exact = (rest == 0) & ~moved_in_month(months)
    is_same = series.series[1:] == series.series[:-1]
    found[:-1] = np.where(is_same & is_exact & (count >= 2) & (count <= limit + 1), count - 1, 0)
    return found


def extended(spec: WindowsSpec, name: str, column: Array, sources: Array, times: Array) -> Array:
    """A column with the rows that stand for missing ones behind its own: `sources` are the rows before them."""
    assert spec.gaps is not None
    added = column[sources]
    if name == spec.time:
        plain = np.ma.getdata(column)
        like = times if plain.dtype.kind not in "UT" else written_like(times, str(plain[sources[0]]))
        added = like.astype(plain.dtype)
    elif name in spec.gaps.numbers:
        added = np.full(added.shape, spec.gaps.numbers[name], column.dtype)
    if not np.ma.isMaskedArray(column):
        return np.concatenate([column, added])
    parts = ((np.ma.getdata(one), np.ma.getmaskarray(one)) for one in (column, added))
    values, masks = zip(*parts, strict=True)
    return np.ma.MaskedArray(np.concatenate(values), np.concatenate(masks))


def check_number(name: str, number: float, dtype: "np.dtype[Any]") -> None:
    """Raise RunError E402 for a number that a column of this dtype cannot have."""
    at = (*AT, "fill", name)
    if dtype.kind not in "iuf":
        message = f"`{name}` has no numbers, and `fill` has {number:g} for it"
        raise RunError("E402", message, helps=("remove it: a missing row has the value of the row before it",), at=at)
    if dtype.kind in "iu" and not (float(number).is_integer() and np.iinfo(dtype).min <= number <= np.iinfo(dtype).max):
        message = f"`{name}` has integers ({dtype}), and `fill` has {number:g} for it"
        raise RunError("E402", message, helps=("write an integer that is one of these",), at=at)


def need_memory(columns: Arrays, rows: int) -> None:
    """Raise RunError E502 unless so many more rows fit beside `columns`, which are copied, into the memory that is left."""
    widths = {name: column[:1].nbytes for name, column in columns.items()}
    needed = sum(widths.values()) * (rows + rows_of(columns))
    there = available_memory()
    if there is not None and needed > there:
        message = f"the {counted(rows, 'row')} that fill gaps take {gigabytes(needed)} of memory, and {gigabytes(there)} are left"
        raise RunError("E502", message, helps=("give a smaller `limit`",), at=(*AT, "limit"))


def targets_are_stated(task: Task) -> bool:
    """Whether `gaps` has a number for all that the targets read: then they are known where rows are missing."""
    assert task.windows is not None
    gaps, inputs = task.windows.gaps, task.inputs or {}
    bindings = [inputs[one.subject] if one.copies_input else one for one in (task.targets or {}).values()]
    return gaps is not None and {name for one in bindings for name in one.names} <= {*gaps.numbers}


@contextmanager
def of_source(series: Series | None) -> Iterator[None]:
    """Let an error about a row that fills a gap, which the block raises, be about the row before it."""
    try:
        yield
    except RunError as error:
        if series is None or error.row is None or error.row < series.rows:
            raise
        found = error.of_row(int(series.source_of(np.asarray([error.row]))[0]))
        raise found.replaced(notes=(*found.notes, "it is so in a row that `gaps` fills behind this one")) from None
