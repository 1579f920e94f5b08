"""Leaves out rows that cannot be read, where a spec asks for it: before rows are split, so that nothing that is drawn has a part in it.

Sources leave out what is no row, or has a value of another type; here follow the rows that a reader has no use for, and those
without a value that splits, windows and sampling go by.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.contracts.bad_row import (
    BadRow,
    Fault,
    KeptColumns,
    Skips,
    none_left,
    skips_of,
)
from modelc.compiler.library.readers.casts import plan_arrays
from modelc.compiler.library.readers.faults import first_faults, missing_in, strange_in
from modelc.compiler.library.readers.names import names_in
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.counted_elements import masks_among_targets
from modelc.runtime.data.known_masks import computed_masks
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.needed_columns import columns_beside
from modelc.runtime.data.split_columns import is_date, without_value

LEAST = 10
"""Where fewer than one row in so many is left, it is no matter of single rows."""
MANY = 20
"""More than one row in so many is worth a warning."""
NONE: Mapping[str, Arrays] = {}
PlacesOf = Callable[[Collection[int]], Mapping[int, tuple[str, int]]]
"""The file and the line of each of some rows of a source, where its files have lines."""


def without_bad_rows(task: Task, columns: Arrays, places_of: PlacesOf, at: Path) -> KeptColumns:
    """The rows of `columns` that can be read; `at` is their source. Raises RunError E404 where hardly any are left."""
    before = skips_of(columns)
    rows = rows_of(columns)
    kept = np.ones(rows, bool)
    faults = faults_in(task, columns)
    kept[[*faults]] = False
    numbers = np.arange(rows) if before.numbers is None else before.numbers
    places = places_of({int(numbers[row]) for row in faults}) if faults else {}
    bad = {one.row: one for one in before.rows}
    for row, fault in faults.items():
        number = int(numbers[row])
        bad[number] = BadRow(number, fault, *places.get(number, ()))
    found = tuple(bad[row] for row in sorted(bad))
    left = Skips(found, numbers[kept] if found else None)
    need_enough(left, rows + len(before.rows), at)
    return KeptColumns({name: without(column, kept) for name, column in columns.items()} if faults else columns, left)


def need_enough(skips: Skips, rows: int, at: Path = ()) -> None:
    """Raise RunError E404 where hardly any of so many `rows` are left."""
    if rows > LEAST * (rows - len(skips.rows)):
        raise none_left(skips, rows, at)


def without(column: Array, kept: Array) -> Array:
    """The rows of a column that are `kept`; masked only where a value is still missing."""
    found = column[kept]
    return found if np.ma.getmaskarray(found).any() else np.ma.getdata(found)


def faults_in(task: Task, columns: Arrays) -> Mapping[int, Fault]:
    """What is wrong with rows, by their numbers."""
    of_readers = (faults_of(binding, columns) for binding in of_columns(task) if is_looked_at(task, binding))
    beside = (faults_beside(task, name, columns[name]) for name in sorted(columns_beside(task)) if name in columns)
    return first_faults((*of_readers, *beside))


def is_looked_at(task: Task, binding: Binding) -> bool:
    """Whether all that a binding reads counts. What a mask leaves out of a target may be anything, and which that is, is known once
    the inputs are read.
    """
    if binding.wanted is not None or binding.name in masks_among_targets(task):
        return True
    computed = computed_masks(task)
    terms = [term for term in task.terms if term.target == binding.name]
    carried = {edge for term in terms for edge in term.of} & {*computed.carried}
    return not carried and all(term.mask is None for term in terms)


def faults_of(binding: Binding, columns: Arrays) -> Mapping[int, Fault]:
    """What the reader of a binding has no use for; nothing where it is wrong with all of a column, which is said when it is read."""
    if any(name not in columns for name in binding.names):
        return {}
    reader, given = binding.reader, {name: columns[name] for name in binding.names}
    missing = {} if reader.takes_missing else first_faults(missing_in(name, given[name]) for name in given)
    if not reader.takes_missing:
        given = {name: np.ma.getdata(column) for name, column in given.items()}
    there = np.setdiff1d(np.arange(len(next(iter(given.values())))), [*missing])
    shown = given if not missing else {name: column[there] for name, column in given.items()}
    if not len(there):
        return missing
    try:
        plan_arrays(reader, shown, binding.wanted_of_row)
    except RunError:
        return missing
    try:
        found = reader.faults(shown, binding.wanted_of_row)
    except RunError as error:
        raise error.placed(binding.at) from None
    return {**missing, **{int(there[row]): fault for row, fault in found.items()}}


def faults_beside(task: Task, name: str, column: Array) -> Mapping[int, Fault]:
    """The rows in which a column that splits, windows or sampling go by has no value, or no date where others have some."""
    values = np.ma.getdata(column)
    if values.ndim != 1:
        return {}
    gone = without_value(column)
    missing = missing_in(name, np.ma.MaskedArray(values, gone))
    if name not in dated_columns(task) or values.dtype.kind not in "UT":
        return missing
    texts, among = names_in(values)
    wrong = np.isin(among, [place for place, text in enumerate(texts) if not is_date(text)])
    return first_faults((missing, strange_in(name, column, wrong & ~gone, "is no date of ISO 8601")))


def dated_columns(task: Task) -> set[str]:
    """The columns that are compared as dates where they have texts."""
    assert task.data is not None
    windows = task.windows
    times = {windows.time} if windows is not None and windows.time is not None else set()
    return times | {split.after.column for split in task.data.splits.values() if split.after is not None}


class PartOfSkips(NamedTuple):
    """The rows that are left out of those of the source, or of those that are held out under `key` and have columns of their own, and
    how many are kept. Of the source, `key` is empty.
    """

    key: str
    rows: tuple[BadRow, ...]
    kept: int

    @property
    def skips(self) -> Skips:
        return Skips(self.rows)

    @property
    def all(self) -> int:
        return self.kept + len(self.rows)

    @property
    def facts(self) -> Iterator[dict[str, Any]]:
        """Each of them as JSON has it."""
        return ({"of": self.key or "source", **row.facts()} for row in self.rows)

    @property
    def sentence(self) -> str:
        """How many they are, without a full stop."""
        share = 100 * len(self.rows) / self.all
        which = f"{self.key} rows" if self.key else "rows"
        few = f"{len(self.rows):,} of {self.all:,} {which} ({share:.2g} %)"
        return f"{few} {'is' if len(self.rows) == 1 else 'are'} left out, since {'it' if len(self.rows) == 1 else 'they'} cannot be read"

    @property
    def note(self) -> str:
        """What the log says of them."""
        return f"{self.sentence}; the first: {self.rows[0]}"


def skipped_rows(source: Arrays, own: Mapping[str, Arrays] = NONE) -> tuple[PartOfSkips, ...]:
    """What is left out of the columns of the `source`, and of rows that are held out and have their `own`."""
    every = {"": source, **own}
    found = [PartOfSkips(key, skips_of(columns).rows, rows_of(columns)) for key, columns in every.items()]
    return tuple(part for part in found if part.rows)
