"""Windows of series: which rows of the source each of them reads, as a function of its number, and to which part it belongs.

Rows are split first: the targets of a window lie inside one part, its context may reach back over the border.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted, listed
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.splits import check_taken
from modelc.compiler.language.windows import MICROSECONDS, SpanName, Step, WindowsSpec
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.gaps import fill_gaps, targets_are_stated
from modelc.runtime.data.series import Series, series_of
from modelc.runtime.data.split_columns import marked_rows
from modelc.runtime.data.splitting import Parts

PARTS = ("train", "test", "validation")
"""The parts by their numbers."""
AT = ("data", "windows")
AT_ONCE = 2**22
"""Numbers of rows that are made at once where windows are gathered."""


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows of a source: `starts` has the place of the first row of each in the order of `series`. `rows` are the numbers of
    the rows of each part, `parts` those of the windows. `columns` are those of the source, with the rows that fill gaps behind its own.
    """

    spec: WindowsSpec
    series: Series
    starts: Array
    rows: Parts
    parts: Parts
    columns: Arrays

    def rows_of(self, windows: Array, span: SpanName) -> Array:
        """The numbers of the rows of the source that these windows read over a span: `[windows, steps]`, or `[windows]` of
        `static`, which is the same in all rows of a series.
        """
        starts = self.starts[windows]
        if span == "static":
            return np.asarray(self.series.order[starts])
        first = {"context": 0, "next": 1, "horizon": self.spec.context}[span]
        steps = self.spec.steps(span)
        assert steps is not None
        return np.asarray(self.series.order[starts[:, None] + np.arange(first, first + steps)])


def windows_of(task: Task, columns: Arrays, *, splits: bool = True, step: Step | None = None) -> Windows | None:
    """The windows of the rows in `columns`, None for a task without; of all rows together where `splits` is false. `step` is the
    distance of rows that is known of others.

    Raises RunError E401 to E404.
    """
    data, spec = task.data, task.windows
    if data is None or spec is None:
        return None
    rows = rows_of(columns)
    if rows == 0:
        raise RunError("E404", "the data has no rows", at=("data", "source"))
    series = series_of(spec, rows, columns, step)
    part = parts_of_rows(data, series, columns) if splits else np.zeros(rows, np.int8)
    of_rows = as_parts(data, part, splits=splits)
    series, columns = fill_gaps(spec, series, columns)
    whole = any(is_of_context(data, one) for one in (task.targets or {}).values())
    unknown = np.zeros(len(series.order), bool) if targets_are_stated(task) else series.filled
    starts, owners = starts_of(spec, series, part[series.source_of(series.order)], unknown, whole=whole)
    need_windows(data, series, starts)
    of_windows = as_parts(data, owners, splits=splits)
    for key in data.splits if splits else ():
        need_windows_of(data, key, getattr(of_windows, key), whole=whole)
    if not len(of_windows.train):
        raise RunError("E404", "no window is left to train on", helps=("hold fewer rows out",), at=AT)
    found = Windows(spec, series, starts, of_rows, of_windows, columns)
    return replace(found, parts=replace(of_windows, notes=notes_on(found)))


def span_of(task: Task, binding: Binding) -> SpanName:
    """What an input or target reads of a window."""
    assert task.data is not None
    return task.data.span_of(binding.name, target=binding.wanted is None)


def is_of_context(data: DataSpec, binding: Binding) -> bool:
    """Whether a target has rows of the context."""
    copied = binding.copies_input and data.span_of(binding.subject, target=False) != "horizon"
    return copied or data.span_of(binding.name, target=True) == "next"


def gathered(task: Task, windows: Windows, binding: Binding, array: Array) -> Array:
    """What all windows read of the `array` `[rows, ...]` of a binding. Raises RunError E403 for a value of a series that changes."""
    span = span_of(task, binding)
    if span == "static":
        need_constant(windows, binding, array)
    every, steps = np.arange(len(windows.starts)), windows.spec.steps(span) or 1
    found = [array[windows.rows_of(part, span)] for part in np.array_split(every, -(-len(every) * steps // AT_ONCE))]
    return np.concatenate(found) if len(found) > 1 else found[0]


class Naive(NamedTuple):
    """What a seasonal naive forecast says of the targets: the `values` `[windows, steps, ...]` of the last season of their context, of
    so many rows.
    """

    season: int
    values: Arrays

    def take(self, windows: Array) -> "Naive":
        """That of the windows at these places."""
        return Naive(self.season, {name: array[windows] for name, array in self.values.items()})


def season_of(windows: Windows) -> int:
    """How many rows a season of the series is taken to be: a day of rows of hours, a week of rows of days, a year of those of weeks,
    months or quarters; 1 for none, and where the context is shorter.
    """
    step, day = windows.series.step, MICROSECONDS["day"]
    if step is None or step.unit == "number":
        return 1
    if step.unit == "month":
        season = 12 / step.amount
    else:
        season = (day if step.amount < day else 7 * day if step.amount < 7 * day else 364 * day) / step.amount
    return int(season) if season.is_integer() and 1 < season <= windows.spec.context else 1


def naive_of(windows: Windows, array: Array) -> Array:
    """The seasonal naive forecast of all windows of what a target is read as, `[rows, ...]`."""
    season = season_of(windows)
    places = windows.spec.context - season + np.arange(windows.spec.horizon) % season
    return np.asarray(array[windows.series.order[windows.starts[:, None] + places]])


def need_constant(windows: Windows, binding: Binding, array: Array) -> None:
    """Raise RunError E403 where the `array` of an input with one value a series has several in one."""
    series = windows.series
    ordered = array[series.order].reshape(len(array), -1)
    changes = (ordered[1:] != ordered[:-1]).any(axis=1) & (series.series[1:] == series.series[:-1])
    if changes.any():
        place = int(np.argmax(changes)) + 1
        whose, row = series.called(int(series.series[place])), int(series.source_of(series.order)[place])
        message = f"`{binding.name}` is one value a series, and changes in {whose} in row {row}"
        help = "remove `span: static`, and read it over the context, or over the horizon where it is known ahead"
        raise RunError("E403", message, helps=(help,), at=binding.at, row=row)


@contextmanager
def of_windows(numbers: Array | None) -> Iterator[None]:
    """Let an error about a row that is a window, which the block raises, say where its targets begin: `numbers` has these rows."""
    try:
        yield
    except RunError as error:
        if numbers is None or error.row is None:
            raise
        note = f"row {error.row} is a window here, whose targets begin in row {int(numbers[error.row]):,} of the data"
        raise RunError(error.code, error.message, notes=(*error.notes, note), helps=error.helps, at=error.at) from None


def counts_of_rows(windows: Windows, counts: Array, rows: int, span: SpanName) -> Array:
    """Which elements of so many rows count in a target over a `span`, of which `counts` `[windows, steps, ...]` says it."""
    found = np.zeros((rows, *counts.shape[2:]), bool)
    np.logical_or.at(found, windows.rows_of(np.arange(len(counts)), span), counts)
    return found


def first_rows(windows: Windows) -> Array:
    """The row of the source in which the targets of each window begin, or behind which, where a gap is filled there."""
    return np.asarray(windows.series.source_of(windows.series.order[windows.starts + windows.spec.context]))


class Labels(NamedTuple):
    """What tells the predictions of some windows apart, which are those with the numbers `which`; `columns` are those of the source."""

    windows: Windows
    columns: Arrays
    which: Array

    def take(self, places: Array) -> "Labels":
        """Those of the windows at these places."""
        return self._replace(which=self.which[places])

    def groups(self) -> Arrays:
        """The series of each window, by the column that names it; nothing where all rows are one series."""
        name = self.windows.spec.group_by
        rows = self.windows.rows_of(self.which, "static")
        return {} if name is None else {name: np.ma.getdata(self.columns[name])[rows]}

    def all(self) -> Arrays:
        """The series `[windows]`, and the times of the horizon `[windows, steps]`."""
        name = self.windows.spec.time
        rows = self.windows.rows_of(self.which, "horizon")
        times: Arrays = {} if name is None else {name: np.ma.getdata(self.columns[name])[rows]}
        return {**self.groups(), **times}


def parts_of_rows(data: DataSpec, series: Series, columns: Arrays) -> Array:
    """The number of the part of each row. Counts are of each series. Raises RunError E404."""
    part = np.zeros(len(series.order), np.int8)
    taken: dict[str, int] = {}
    for key, split in data.splits.items():
        left = part == 0
        if split.where is not None or split.after is not None:
            chosen = left & marked_rows(split, columns, key)
        else:
            chosen = left & ends_of(series, left, split.first, split.last)
        part[chosen] = PARTS.index(key)
        taken[key] = int(chosen.sum())
        check_taken(key, taken, len(part))
    return part


def ends_of(series: Series, left: Array, first: int | None, last: int | None) -> Array:
    """Which rows are the `first` or the `last` ones of their series, among those that are `left`."""
    kept = left[series.order]
    owners = series.series
    before = np.cumsum(kept) - kept
    starts = np.concatenate([[True], owners[1:] != owners[:-1]])
    rank = before - np.maximum.accumulate(np.where(starts, before, 0))
    sizes = np.bincount(owners, weights=kept).astype(np.int64)[owners]
    chosen = np.zeros(len(left), bool)
    chosen[series.order] = kept & ((rank < first) if first is not None else (rank >= sizes - (last or 0)))
    return chosen


def as_parts(data: DataSpec, part: Array, *, splits: bool) -> Parts:
    """The places of each part in `part`, its number for each."""
    held = {key: np.flatnonzero(part == PARTS.index(key)) for key in data.splits if splits}
    return Parts(np.flatnonzero(part == 0), held.get("validation"), held.get("test"))


def starts_of(spec: WindowsSpec, series: Series, part: Array, unknown: Array, *, whole: bool) -> tuple[Array, Array]:
    """The places where windows begin, and the number of the part of each. `part` is that of the row at each place, `unknown` which
    cannot be those of a target; with `whole`, the context lies inside the part too, and is of targets too.
    """
    places = np.arange(len(part))
    run_first, _ = bounds(series.run)
    first, stop = bounds(2 * len(PARTS) * series.run.astype(np.int64) + part)
    earliest = first + spec.context if whole else np.maximum(first, run_first + spec.context)
    is_first = (places >= earliest) & (places + spec.horizon <= stop) & ((places - earliest) % spec.stride == 0)
    before = np.concatenate([[0], np.cumsum(unknown)])
    begin = np.maximum(places - spec.context, 0) if whole else places
    is_first &= before[np.minimum(places + spec.horizon, len(part))] == before[begin]
    targets = np.flatnonzero(is_first)
    return targets - spec.context, part[targets]


def bounds(values: Array) -> tuple[Array, Array]:
    """The first place, and the place behind the last, of the equal neighbours that each place is one of."""
    edges = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1], [True]]))
    lengths = np.diff(edges)
    return np.repeat(edges[:-1], lengths), np.repeat(edges[1:], lengths)


def need_windows(data: DataSpec, series: Series, starts: Array) -> None:
    """Raise RunError E404 where no window fits into any series."""
    windows = data.windows
    assert windows is not None
    if len(starts):
        return
    longest_run, longest = (int(np.bincount(one).max()) for one in (series.run, series.series))
    size = f"a window has {windows.context:,} + {windows.horizon:,} rows"
    if longest_run >= windows.size and series.sources is not None:
        message = f"{size}, and no targets of one are rows of the data, with none between them that `gaps` fills"
        help = "where it is known what a target is in missing rows, say so: `fill: {COLUMN: 0}` for its column"
        raise RunError("E404", message, helps=(help, "or give a smaller `horizon`"), at=AT)
    if longest >= windows.size > longest_run:
        message = f"{size}, and no series has so many without a gap: at most {longest_run:,}"
        notes = (f"rows are taken to be {series.step} apart, and {counted(series.gaps, 'gap')} end them",)
        help = "`freq: any` in `windows` takes rows as they follow one another, whatever time lies between"
        fill = "`gaps: {fill: previous, limit: 6}` fills up to 6 rows that are missing together, in contexts"
        fill = fill if windows.gaps is None else "give a larger `limit` of rows that are filled"
        raise RunError("E404", message, notes=notes, helps=(help, f"or {fill}", "or give smaller windows"), at=AT)
    if longest >= windows.size:
        raise RunError("E404", f"{size}, and no part of a series has so many", helps=("hold fewer rows out",), at=AT)
    help = "give a smaller `context` or `horizon`"
    raise RunError("E404", f"{size}, and the longest series has {longest:,}", helps=(help,), at=AT)


def need_windows_of(data: DataSpec, key: str, windows: Array, *, whole: bool) -> None:
    """Raise RunError E404 where the split under `key` has no window; with `whole`, the contexts of its windows are in it too."""
    spec = data.windows
    assert spec is not None
    if len(windows):
        return
    horizon = counted(spec.horizon, "row")
    message = f"`{key}` holds no window: the targets of one are {horizon} that follow one another"
    help = f"hold out at least {horizon} of each series that has a context before them"
    if whole:
        size = f"{spec.context:,} + {spec.horizon:,} rows"
        message = f"`{key}` holds no window: one has {size} that follow one another, all of them in `{key}`, as targets are of its context"
        help = f"hold out at least {spec.size:,} rows of each series"
    raise RunError("E404", message, helps=(help,), at=("data", key))


def notes_on(windows: Windows) -> tuple[str, ...]:
    """What to say of the windows: how many there are, of which series, what ends them, and which series have none."""
    spec, series = windows.spec, windows.series
    owners = np.unique(series.series[windows.starts])
    of = f", of {len(owners):,} series of `{spec.group_by}`"
    size = f"each reads {spec.context:,} + {spec.horizon:,} rows, {counted(spec.stride, 'row')} behind the one before"
    found = [f"rows are windows: {len(windows.starts):,}{of if spec.group_by else ''}; {size}"]
    if series.step is not None and spec.freq is None:
        found.append(f"rows of a series are {series.step} apart, which is found most often; `freq` says it otherwise")
    return (*found, *notes_on_gaps(windows))


def notes_on_gaps(windows: Windows) -> tuple[str, ...]:
    """What to say of rows that are missing, and of series without windows."""
    series = windows.series
    total, owners = int(series.series[-1]) + 1, np.unique(series.series[windows.starts])
    found: list[str] = []
    if series.sources is not None:
        are = "is" if len(series.sources) == 1 else "are"
        found.append(
            f"{counted(len(series.sources), 'row')} that {'was' if are == 'is' else 'were'} missing {are} filled"
        )
    if series.gaps:
        found.append(f"{counted(series.gaps, 'gap')} between rows {'ends' if series.gaps == 1 else 'end'} windows")
    without = np.setdiff1d(np.arange(total), owners)
    if len(without) and series.names is not None:
        names = listed([str(series.names[number]) for number in without.tolist()])
        are = "is" if len(without) == 1 else "are"
        found.append(f"{len(without):,} of {total:,} series {are} left out, since no window fits: {names}")
    return tuple(found)
