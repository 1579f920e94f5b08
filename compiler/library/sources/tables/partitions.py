"""Columns that the names of folders stand for: `sales/year=2026/month=3/a.parquet` is of the year 2026 and the month 3.

It is how Hive, Spark, DuckDB and Arrow divide a table into folders.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.contracts.data_source import Column, FileColumns
from modelc.compiler.library.sources.tables.column_arrays import array_of_texts
from modelc.compiler.library.sources.tables.column_types import Counts, Kind, Notation, row_type
from modelc.compiler.library.sources.tables.kinds import Misfit, kind_of
from modelc.compiler.library.sources.tables.table_file import TableFile

NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""What stands for a missing value in the name of a folder."""
Values = Mapping[str, Sequence[str]]
"""The texts of each partition column, one for each file."""


class Partitions(NamedTuple):
    """The columns of some files that their folders stand for, and how each is read, or why it cannot be."""

    values: Values
    columns: Mapping[str, Column]
    refused: Mapping[str, RunError]

    def only(self, names: Collection[str]) -> "Partitions":
        """Those called `names`."""
        columns = {name: column for name, column in self.columns.items() if name in names}
        return Partitions(self.values, columns, {name: error for name, error in self.refused.items() if name in names})

    def arrays(self, names: Iterable[str], rows: Sequence[int]) -> dict[str, NumpyArray]:
        """The columns called `names` for files with so many `rows` each, masked where a value is missing."""
        return {name: repeated(self.values[name], self.columns[name], rows) for name in names if name in self.columns}


def partitions_of(
    files: Sequence[TableFile], own: Iterable[str], declared: Mapping[str, Kind], trained: Mapping[str, Kind]
) -> Partitions:
    """What the folders of `files` say, whose `own` columns have other names; of types `declared`, or as in the rows of training.

    Raises RunError E404 for files of which some have a column from a folder, and others not, or from a file.
    """
    first = [name for name, _ in files[0].folders]
    for file in files:
        names = [name for name, _ in file.folders]
        if len({*names}) < len(names):
            raise RunError("E404", f"two folders of {file.shown!r} are of the same column", helps=ONE_EACH)
        if {*names} != {*first}:
            name, has, has_not = next(
                (one, a, b)
                for a, b in ((files[0], file), (file, files[0]))
                for one, _ in a.folders
                if one not in dict(b.folders)
            )
            message = f"{has.shown!r} is in a folder of `{name}`, and {has_not.shown!r} is in none"
            raise RunError("E404", message, helps=("files that are read as one table have the same columns",))
    for name in own:
        if name in first:
            raise RunError("E404", f"{files[0].shown!r} has the column `{name}`, and so has its folder", helps=ONE_EACH)
    values = {name: [dict(file.folders)[name] for file in files] for name in first}
    columns: dict[str, Column] = {}
    refused: dict[str, RunError] = {}
    for name, texts in values.items():
        kind = kind_of(name, counts(texts), declared.get(name), trained.get(name))
        if isinstance(kind, Misfit):
            found = f"the folder `{name}={texts[0]}`"
            refused[name] = RunError("E402", f"`{name}` {kind.what}, among folders such as {found}", helps=kind.helps)
        else:
            columns[name] = Column(row_type(kind))
    return Partitions(values, columns, refused)


ONE_EACH = ("name the column of the folders otherwise than those of the files, and each once",)
NOTATION = Notation(missing_values=(NOTHING, ""))


def counts(texts: Sequence[str]) -> Counts:
    """How many of the texts are of each sort."""
    sorts = [NOTATION.sort_of(text) for text in texts]
    return Counts(**{sort: sorts.count(sort) for sort in {*sorts}})


def with_partitions(columns: FileColumns, found: Partitions, rows: int | None) -> FileColumns:
    """The `columns` of files, and those of their folders."""
    of_folders = {name: Column(column.type, rows=rows) for name, column in found.columns.items()}
    return FileColumns({**columns, **of_folders}, {**columns.refused, **found.refused})


def repeated(texts: Sequence[str], column: Column, rows: Sequence[int]) -> NumpyArray:
    """The values of a column for files with so many rows each."""
    assert column.type is not None
    found = array_of_texts(texts, column.type, NOTATION)
    values: NumpyArray = np.repeat(np.ma.getdata(found), rows)
    return np.ma.MaskedArray(values, np.repeat(found.mask, rows)) if np.ma.isMaskedArray(found) else values
