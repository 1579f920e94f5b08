"""The rows of a source as series: the rows with one value of a column, by time, and where rows are missing between them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.language.windows import ANY, MICROSECONDS, Step, WindowsSpec, read_step
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.contracts.bad_row import skips_of
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.split_columns import dates, split_column

AT_TIME = ("data", "windows", "time")
AT_GROUP = ("data", "windows", "group_by")
AT_FREQ = ("data", "windows", "freq")


@dataclass(frozen=True, slots=True)
class Series:
    """The rows of a source, those of each series one after the other and by time.

    `order` `[rows]` has the numbers of the rows. At each of its places are `series`, the number of the series, and `run`, that of
    the rows without a gap between them. `names` are the values that tell series apart, `times` at each place is a date, in
    microseconds, or a number; both are None where there is no such column. `step` is how far rows of a run are apart, None
    where any distance will do. `sources` has, of the rows with the last numbers, which fill gaps, the rows of the source that are
    before them.
    """

    order: Array
    series: Array
    run: Array
    names: Array | None = None
    times: Array | None = None
    step: Step | None = None
    sources: Array | None = None

    @property
    def rows(self) -> int:
        """How many rows are those of the source, which have the first numbers."""
        return len(self.order) - (0 if self.sources is None else len(self.sources))

    @property
    def filled(self) -> Array:
        """At which places there is a row that fills a gap."""
        return np.asarray(self.order >= self.rows)

    def source_of(self, rows: Array) -> Array:
        """The rows of the source that `rows` are, or that are before the gap that they fill."""
        if self.sources is None:
            return rows
        return np.where(rows < self.rows, rows, self.sources[np.maximum(rows - self.rows, 0)])

    @property
    def gaps(self) -> int:
        """How many gaps there are inside of series."""
        return int(self.run[-1] - self.series[-1]) if len(self.run) else 0

    def called(self, number: int) -> str:
        """What messages call a series."""
        return "the series" if self.names is None else f"`{self.names[number]}`"


def series_of(windows: WindowsSpec, rows: int, columns: Arrays, step: Step | None = None) -> Series:
    """The series of so many rows. `step` is the distance of rows that is known of others, else it is found here.

    Raises RunError E401 to E403 for the columns of groups and times, and for two rows of a series at one time.
    """
    names, group = (None, np.zeros(rows, np.int64))
    if windows.group_by is not None:
        found, first, which, _ = distinct(split_column(columns, windows.group_by, AT_GROUP))
        # Series are in the order of their first rows.
        ranks = np.argsort(np.argsort(first))
        names, group = found[np.argsort(first)], ranks[which]
    if windows.time is None:
        order = np.argsort(group, kind="stable")
        series = group[order]
        run = runs((series[1:] != series[:-1]) | holes_between(columns, order)) if rows else series
        return Series(order, series, run, names)
    times = times_of(columns, windows.time)
    order = np.lexsort((times, group))
    times, series = times[order], group[order]
    same = series[1:] == series[:-1]
    twice = np.flatnonzero(same & (times[1:] == times[:-1]))
    if len(twice):
        raise at_one_time(windows, Series(order, series, series, names), columns, order[twice[0] : twice[0] + 2])
    if windows.freq != ANY:
        step = read_step(windows.freq) if windows.freq is not None else step or usual_step(times, same)
        check_unit(windows, step, times)
    # Where no distance says it, a row that is left out is a gap too.
    between = breaks(times, step) if step is not None else holes_between(columns, order)
    run = runs(~same | between) if rows else series
    found_series = Series(order, series, run, names, times, step)
    if windows.freq not in (None, ANY):
        check_close(windows, found_series, same, columns)
    return found_series


def runs(ends: Array) -> Array:
    """The number of the run of each row, where a run `ends` between two neighbours, or does not."""
    return np.concatenate([[0], np.cumsum(ends)])


def holes_between(columns: Arrays, order: Array) -> Array:
    """Between which neighbours of rows in this `order` there are rows of the source that are left out of `columns`."""
    skips = skips_of(columns)
    if skips.numbers is None:
        return np.zeros(max(len(order) - 1, 0), bool)
    before = np.searchsorted([one.row for one in skips.rows], skips.numbers[order])
    return np.asarray(before[1:] != before[:-1])


def times_of(columns: Arrays, name: str) -> Array:
    """The column of times as dates or numbers. Raises RunError."""
    column = split_column(columns, name, AT_TIME)
    if column.dtype.kind in "iuf":
        return column.astype(np.int64) if column.dtype.kind in "iu" else column
    if column.dtype.kind == "M":
        return column.astype("datetime64[us]")
    if column.dtype.kind not in "UT":
        message = f"`{name}` has booleans, and the times of a series are dates or numbers"
        raise RunError("E402", message, helps=("name the column of dates",), at=AT_TIME)
    texts, rows, places, _ = distinct(column)
    written = [str(text) for text in texts.tolist()]
    zoned = bool(written) and written[0].endswith("Z")
    return dates(written, AT_TIME, zoned=zoned, column=name, rows=rows.tolist())[places]


def at_one_time(windows: WindowsSpec, series: Series, columns: Arrays, rows: Array) -> RunError:
    """The error for two `rows` of a series that have the same time."""
    first, second = sorted(int(row) for row in rows)
    assert windows.time is not None
    value = np.ma.getdata(columns[windows.time])[first]
    if windows.group_by is None:
        message = f"two rows have the same `{windows.time}`, `{value}`, the second in row {second}"
        help = "name the column that tells series apart, `group_by: COLUMN` in `windows`, or keep one of these rows"
    else:
        name = np.ma.getdata(columns[windows.group_by])[first]
        message = f"two rows of `{name}` have the same `{windows.time}`, `{value}`, the second in row {second}"
        help = f"keep one of these rows, or group by a column that tells more series apart than `{windows.group_by}`"
    return RunError("E403", message, helps=(help,), at=AT_TIME, row=second)


class Months(NamedTuple):
    """Dates as their `number` of a month, and how far `inside` of it they are, in microseconds; `is_last` where it is its last day."""

    number: Array
    inside: Array
    is_last: Array

    @property
    def places(self) -> Array:
        """Where in their month they are: of its last day the time alone, as a negative number."""
        return np.where(self.is_last, -1 - self.inside % MICROSECONDS["day"], self.inside)


def months_of(times: Array) -> Months:
    """Dates by their months."""
    months = times.astype("datetime64[M]")
    inside = (times - months.astype("datetime64[us]")).astype(np.int64)
    is_last = (times + np.timedelta64(MICROSECONDS["day"], "us")).astype("datetime64[M]") > months
    return Months(months.astype(np.int64), inside, is_last)


def moved_in_month(months: Months) -> Array:
    """Which neighbours are at different places of their months, counted from both ends."""
    return np.asarray((np.diff(months.places) != 0) & (np.diff(months.inside) != 0))


def usual_step(times: Array, same: Array) -> Step | None:
    """The distance of rows of one series, as `same` says of each two neighbours, that is found most often: in months where all are
    at one place of their month. None where no series has two rows.
    """
    if not same.any():
        return None
    if times.dtype.kind != "M":
        return Step(float(most_frequent(np.diff(times)[same])), "number")
    months = months_of(times)
    if any((one == one[0]).all() for one in (months.places, months.inside)):
        return Step(int(most_frequent(np.diff(months.number)[same])), "month")
    return Step(int(most_frequent(np.diff(times).astype(np.int64)[same])), "microsecond")


def most_frequent(values: Array) -> float:
    """The value that is there most often, the smallest of several."""
    found, counts = np.unique(values, return_counts=True)
    return float(found[np.argmax(counts)])


def check_unit(windows: WindowsSpec, step: Step | None, times: Array) -> None:
    """Raise RunError E402 for a step in dates of times that are numbers, or the other way round."""
    if step is None or (step.unit == "number") == (times.dtype.kind != "M"):
        return
    kind, form = ("dates", "1d") if step.unit == "number" else ("numbers", "1")
    message = f"`{windows.time}` has {kind}, of which `{windows.freq}` is no distance"
    raise RunError("E402", message, helps=(f"write `freq: {form}`, for example, or remove it",), at=AT_FREQ)


def breaks(times: Array, step: Step | None) -> Array:
    """Between which neighbours of `times` there is another distance than `step`."""
    if step is None:
        return np.zeros(max(len(times) - 1, 0), bool)
    if step.unit == "number":
        return np.asarray(~np.isclose(np.diff(times), step.amount, rtol=1e-9, atol=0))
    if step.unit == "microsecond":
        return np.asarray(np.diff(times).astype(np.int64) != step.amount)
    months = months_of(times)
    return np.asarray((np.diff(months.number) != step.amount) | moved_in_month(months))


def check_close(windows: WindowsSpec, series: Series, same: Array, columns: Arrays) -> None:
    """Raise RunError E403 for rows of a series that are nearer to each other than `freq`."""
    assert series.times is not None and series.step is not None
    step, times = series.step, series.times
    # Counts of microseconds, or of months, are exact in float64 for all dates there are.
    in_months = times.astype("datetime64[M]").astype(np.int64) if step.unit == "month" else times
    distances: Array = np.diff(in_months.astype(np.int64) if in_months.dtype.kind == "M" else in_months)
    near = np.flatnonzero(same & (distances.astype(np.float64) < float(step.amount) * (1 - 1e-9)))
    if not len(near):
        return
    place = int(near[0])
    rows = [int(row) for row in series.order[place : place + 2]]
    assert windows.time is not None
    both = " and ".join(f"`{np.ma.getdata(columns[windows.time])[row]}`" for row in rows)
    whose = "" if series.names is None else f" of {series.called(int(series.series[place]))}"
    message = f"two rows{whose} are nearer than `freq: {windows.freq}`: {both}, the second in row {rows[1]}"
    help = (
        f"write the distance of the rows, or leave `freq` out: `{usual_step(series.times, same)}` is found most often"
    )
    raise RunError("E403", message, helps=(help,), at=AT_FREQ, row=rows[1])


def times_behind(spec: WindowsSpec, series: Series, columns: Arrays, ends: Array) -> Array | None:
    """The times `[series, steps]` of the horizon behind the places before `ends`, as the column writes them; None where the
    distance of rows is not known.
    """
    step, times = series.step, series.times
    if step is None or times is None or spec.time is None:
        return None
    column, last = np.ma.getdata(columns[spec.time]), times[ends - 1]
    ahead = np.arange(1, spec.horizon + 1)
    if step.unit == "number":
        found = last[:, None] + ahead * (int(step.amount) if float(step.amount).is_integer() else step.amount)
        return np.asarray(found)
    if step.unit == "microsecond":
        found = last[:, None] + (ahead * int(step.amount)).astype("timedelta64[us]")
    else:
        last, first = times[ends - 1], times[ends - spec.context]
        is_end = months_of(last).is_last & months_of(first).is_last
        found = months_after(last[:, None], ahead * int(step.amount), is_end[:, None])
    return found if column.dtype.kind == "M" else written_like(found, str(column[series.order[ends[0] - 1]]))


def months_after(dates: Array, months: Array, is_end: Array) -> Array:
    """So many months behind `dates`: at the same place of the month, which is its last day where it `is_end`, or the month is shorter."""
    starts = dates.astype("datetime64[M]")
    inside = dates - starts.astype("datetime64[us]")
    day = np.timedelta64(MICROSECONDS["day"], "us")
    last = (starts + months + 1).astype("datetime64[us]") - day + inside % day
    there = (starts + months).astype("datetime64[us]") + inside
    return np.asarray(np.where(is_end, last, np.minimum(there, last)))


def times_after(series: Series, places: Array, steps: Array) -> Array:
    """The times of so many steps behind those at the `places` of a series, behind each of which there is another one of it."""
    step, times = series.step, series.times
    assert step is not None and times is not None
    begin = times[places]
    if step.unit == "number":
        return np.asarray(begin + steps * (int(step.amount) if float(step.amount).is_integer() else step.amount))
    if step.unit == "microsecond":
        return np.asarray(begin + (steps * int(step.amount)).astype("timedelta64[us]"))
    is_last = months_of(times).is_last
    is_end = is_last[places] & is_last[np.minimum(places + 1, len(times) - 1)]
    return np.asarray(np.where(steps == 0, begin, months_after(begin, steps * int(step.amount), is_end)))


def written_like(times: Array, text: str) -> Array:
    """Dates as texts, as exact as `text` is and in its form."""
    length = len(text.removesuffix("Z"))
    unit: Any = {4: "Y", 7: "M", 10: "D", 16: "m", 19: "s"}.get(length, "us")
    shown = np.datetime_as_string(times.astype("datetime64[us]"), unit=unit)
    shown = shown.astype(f"<U{length}") if unit == "us" else shown
    shown = np.char.replace(shown, "T", " ") if " " in text else shown
    return np.asarray(np.char.add(shown, "Z") if text.endswith("Z") else shown)
