"""The rows for training, validation and test with the columns that they were read from, and what a message calls each row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.library.contracts.bad_row import skips_of
from modelc.compiler.library.readers.checks import take_rows
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.column_profiles import bindings_by_column, variables_read
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.loading import place_of_row
from modelc.runtime.data.opened_files import contents_alone
from modelc.runtime.data.variables import Variable


@dataclass(frozen=True)
class RowsOfSource:
    """The columns of a source that are read, each with the rows that are read of it, the first of which is `first`; `compared` are
    the same, with what is in files in place of their paths. `bindings` has one that reads each of them. `numbers` are those of the
    rows in the source, where some of it are left out.
    """

    columns: Arrays
    compared: Arrays
    bindings: Mapping[str, Binding]
    first: int
    place_of: Callable[[int], str]
    numbers: Array | None = None

    def number_of(self, place: int) -> int:
        """The number in the source, counted from 0, of the row at a `place` of the columns."""
        return place + self.first if self.numbers is None else int(self.numbers[place])

    def place_in(self, part: Part, row: int) -> int:
        """The place in the columns of a row of a `part` of them: of a window, that of the first row of its targets."""
        if part.numbers is None:
            return row
        number = int(part.numbers[row])
        return number if self.numbers is None else int(np.searchsorted(self.numbers, number))

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The variables of all columns."""
        return tuple(
            variable
            for name, column in self.columns.items()
            for variable in variables_read(self.bindings[name], name, column)
        )


class PartRows(NamedTuple):
    """One part: its name, its values as the model takes them, and the places of its rows in their source. Of windows, the values
    have a window in each row.
    """

    name: str
    part: Part
    source: RowsOfSource
    rows: Array

    def number_of(self, row: int) -> int:
        """The number of a row of the part in its source, counted from 0."""
        return self.source.number_of(int(self.rows[row]))

    def file_of(self, row: int) -> str:
        """The first of the files that a row of the part names; empty where no reader opens files."""
        opened = (name for name, one in self.source.bindings.items() if one.reader.opens_files)
        name = next(opened, None)
        return "" if name is None else repr(str(self.source.columns[name][self.rows[row]]))

    def called(self, row: int, *, place: bool = False) -> str:
        """What a message calls a row of the part; with its `place` in the files of its source where they have lines."""
        number = self.number_of(row)
        where = (self.source.place_of(number) or self.file_of(row)) if place else ""
        return f"row {number}" + (f" ({where})" if where else "")


def parts_of(task: Task, dataset: Dataset, root: Root) -> tuple[PartRows, ...]:
    """The parts of a data set that was read with its raw columns; that of the training rows is the first."""
    assert dataset.raw is not None
    columns, first = rows_that_are_read(task, dataset.raw.source)
    bindings = bindings_by_column(task)
    place_of = partial(place_of_row, task, root)
    contents, numbers = contents_alone(task, columns, root), skips_of(dataset.raw.source).numbers
    source = RowsOfSource(columns, contents, bindings, first, place_of, numbers)
    parts = dataset.raw.parts
    found: dict[str, tuple[Part | None, RowsOfSource, Array | None]] = {
        "training": (dataset.train, source, parts.train),
        "validation": (dataset.validation, source, parts.validation),
        "test": (dataset.test, source, parts.test),
    }
    for key, brought in dataset.raw.held_out.items():
        columns = {name: brought[name] for name in columns}
        contents, numbers = contents_alone(task, columns, root), skips_of(brought).numbers
        own = RowsOfSource(columns, contents, bindings, 0, partial(place_of, key=key), numbers)
        found[key] = (found[key][0], own, np.arange(rows_of(columns)))
    return tuple(
        PartRows(name, part, rows, np.arange(part.rows) if places is None else places)
        for name, (part, rows, places) in found.items()
        if part is not None
    )


def rows_that_are_read(task: Task, columns: Arrays) -> tuple[Arrays, int]:
    """The columns that inputs and targets are read from, with the rows that their readers take, and the first of these."""
    found: dict[str, Array] = {}
    first = 0
    for binding in of_columns(task):
        chosen = getattr(binding.reader, "rows", None)
        first = chosen[0] if chosen else first
        for name in binding.names:
            found.setdefault(name, take_rows(columns[name], chosen))
    return found, first
