"""The last window of each series in new rows, whose targets are beyond what is known: what a forecast is made of."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.language.windows import WindowsSpec
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.gaps import fill_gaps
from modelc.runtime.data.learning import Learnt, every_row, of_columns, step_known
from modelc.runtime.data.new_inputs import checked_inputs
from modelc.runtime.data.read_binding import of_other_rows, read_binding
from modelc.runtime.data.series import Series, series_of, times_behind
from modelc.runtime.data.splitting import Parts
from modelc.runtime.data.windows import Windows, span_of


class Ahead(NamedTuple):
    """The inputs of so many windows, one of each series, and what tells their predictions apart: columns `[rows]`, or
    `[rows, steps]` of the horizon. `notes` are shown to the user.
    """

    inputs: Arrays
    rows: int
    labels: Arrays
    notes: tuple[str, ...] = ()


def last_windows(task: Task, columns: Arrays, learnt: Learnt) -> Ahead:
    """The last `context` rows of each series of `columns`, and the rows behind them as far as something is known ahead.

    Behind its last known row stand rows in which what the targets are read from is missing. Raises RunError E401 to E404.
    """
    assert task.windows is not None
    spec = task.windows
    series = series_of(spec, rows_of(columns), columns, step_known(learnt))
    series, columns = fill_gaps(spec, series, columns)
    # Behind the last row that is known a gap may be filled before those of the horizon: it is of that.
    ends = known_ends(series, known_rows(task, columns, learnt)[series.order] & ~series.filled)
    short = (ends < spec.context) | ~unbroken(series, ends - spec.context, ends)
    left_out = [series.called(number) for number in np.flatnonzero(short).tolist()]
    if short.all():
        longest = int(np.bincount(series.series).max())
        message = f"no series has the {counted(spec.context, 'row')} without a gap that a prediction needs at its end"
        raise RunError("E404", message, notes=(f"the longest has {counted(longest, 'row')}",), at=("data", "windows"))
    ends = ends[~short]
    given = (ends + spec.horizon <= len(series.order)) & unbroken(
        series, ends - 1, np.minimum(ends + spec.horizon, len(series.order))
    )
    if any(span_of(task, binding) == "horizon" for binding in (task.inputs or {}).values()):
        need_horizon(task, spec, series, ends, given)
    windows = Windows(spec, series, ends - spec.context, Parts(np.arange(0)), Parts(np.arange(len(ends))), columns)
    inputs = {name: read_over(task, windows, one, columns, learnt) for name, one in (task.inputs or {}).items()}
    notes = (
        (f"no prediction for {listed(left_out)}: a series needs {spec.context:,} rows without a gap at its end",)
        if left_out
        else ()
    )
    return Ahead(
        checked_inputs(task, inputs), len(ends), labels_ahead(windows, columns, ends, bool(given.all())), notes
    )


def known_rows(task: Task, columns: Arrays, learnt: Learnt) -> Array:
    """Which rows have a value of what the targets are read from; where that is not there, of what is read over contexts alone."""
    bindings = [learnt.placed(binding) for binding in of_columns(task)]
    of_targets = {name for one in bindings if one.wanted is None for name in one.names if name in columns}
    over: Mapping[str, set[str]] = {
        span: {name for one in bindings if one.wanted is not None and span_of(task, one) == span for name in one.names}
        for span in ("context", "horizon")
    }
    rows = len(next(iter(columns.values())))
    known = np.zeros(rows, bool)
    names = of_targets or over["context"] - over["horizon"]
    for name in names:
        known |= ~missing_in(columns[name])
    return known if names else np.ones(rows, bool)


def missing_in(column: Array) -> Array:
    """In which rows a column has no value."""
    values, rows = np.ma.getdata(column), len(column)
    gone = np.ma.getmaskarray(column) if np.ma.isMaskedArray(column) else np.zeros(values.shape, bool)
    gone = gone | np.isnan(values) if values.dtype.kind == "f" else gone
    return np.asarray(gone.reshape(rows, -1).all(axis=1))


def known_ends(series: Series, known: Array) -> Array:
    """The place behind the last known row of each series; that of its first row for one without."""
    starts = np.flatnonzero(np.concatenate([[True], series.series[1:] != series.series[:-1]]))
    behind = np.where(known, np.arange(len(known)) + 1, 0)
    return np.maximum(np.maximum.reduceat(behind, starts), starts)


def unbroken(series: Series, first: Array, stop: Array) -> Array:
    """Whether the rows from the place `first` to the place before `stop` are of one series without a gap."""
    last = len(series.run) - 1
    return np.asarray((first >= 0) & (series.run[np.clip(first, 0, last)] == series.run[np.clip(stop - 1, 0, last)]))


def need_horizon(task: Task, spec: WindowsSpec, series: Series, ends: Array, given: Array) -> None:
    """Raise RunError E404 for series without the rows of the horizon, which some input is read over."""
    if given.all():
        return
    names = [one.name for one in (task.inputs or {}).values() if span_of(task, one) == "horizon"]
    without = [series.called(int(series.series[end - 1])) for end in ends[~given].tolist()]
    message = f"`{names[0]}` is read over the {counted(spec.horizon, 'row')} ahead, which {listed(without)} has not"
    help = (
        f"add {counted(spec.horizon, 'row')} behind the last one of each series, with what is known ahead, and leave what is "
        "to be predicted empty in them"
    )
    raise RunError("E404", message, helps=(help,), at=("data", "inputs", names[0]))


def read_over(task: Task, windows: Windows, binding: Binding, columns: Arrays, learnt: Learnt) -> Array:
    """What all windows read of a binding: of these rows alone, since others may have missing values."""
    rows = windows.rows_of(np.arange(len(windows.starts)), span_of(task, binding))
    flat, placed = rows.reshape(-1), every_row(learnt.placed(binding))
    try:
        array, _ = read_binding(placed, {name: column[flat] for name, column in columns.items()}, learnt)
    except RunError as error:
        row = None if error.row is None else int(windows.series.source_of(flat[[error.row]])[0])
        raise of_other_rows(error).of_row(row) from None
    return array.reshape(*rows.shape, *array.shape[1:])


def labels_ahead(windows: Windows, columns: Arrays, ends: Array, given: bool) -> Arrays:
    """What tells the predictions apart: the series, and the times that follow, those of the rows ahead where these are `given`."""
    spec, series, every = windows.spec, windows.series, np.arange(len(ends))
    found: dict[str, Array] = {}
    if spec.group_by is not None:
        found[spec.group_by] = np.ma.getdata(columns[spec.group_by])[windows.rows_of(every, "static")]
    if spec.time is not None and given:
        found[spec.time] = np.ma.getdata(columns[spec.time])[windows.rows_of(every, "horizon")]
    elif spec.time is not None:
        behind = times_behind(spec, series, columns, ends)
        found[spec.time] = np.full((len(ends), spec.horizon), "") if behind is None else behind
    return found
