"""What the sources of tables share: files and patterns for the training and the test rows, and declared types."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import PrivateAttr

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.bad_row_words import BAD_ROWS, TURNED
from modelc.compiler.library.base.fields import Field, Names
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.contracts.bad_row import NO_SKIPS, KeptColumns, Skips
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Loaded, Source, column_of
from modelc.compiler.library.sources.alike import check_alike
from modelc.compiler.library.sources.tables.column_types import KIND_OF_DTYPE, Kind, Notation
from modelc.compiler.library.sources.tables.made_paths import Paths, columns_in, made_paths, parts_of, with_paths
from modelc.compiler.library.sources.tables.partitions import Partitions, partitions_of, with_partitions
from modelc.compiler.library.sources.tables.table_file import TableFile, all_unchanged, table_files
from modelc.compiler.library.sources.tables.text_parts import (
    Parts,
    columns_of_parts,
    divided,
    divided_for,
    part_names,
    with_parts,
)
from modelc.compiler.syntax.file_root import Root

FILES = "a path, a list, or a pattern such as `data/*.csv`, relative to the spec"


Types = Annotated[
    dict[str, Kind],
    Field(description="Types of columns that are not to be read as their rows are: `{zip: text}`."),
]
"""The types that a spec declares, of files that say none."""


class Read(NamedTuple):
    """What was read of some files: arrays, what is known of these columns, the names of all there are, how many rows each file has,
    and which are left out of these.
    """

    arrays: dict[str, NumpyArray]
    columns: FileColumns
    names: Collection[str]
    rows: Sequence[int]
    skips: Skips = NO_SKIPS


class TableSource(Source):
    """Abstract: rows of one or several files with the same columns, for training and for testing."""

    primary = "train"
    slow_to_read = True

    train: Annotated[Names, Field(min_length=1, description=f"Files with the training rows: {FILES}.")]
    test: Annotated[
        Names | None, Field(min_length=1, description="Files with the test rows, with the same columns.")
    ] = None
    parts: Parts = {}  # noqa: RUF012  # a field of pydantic, which copies it
    paths: Paths = {}  # noqa: RUF012  # a field of pydantic, which copies it
    _trained: Any = PrivateAttr(default=None)
    _wanted: Any = PrivateAttr(default=None)

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (*BAD_ROWS, *TURNED),
            "write `on_bad_row: skip` beside `source`: rows that cannot be read are left out, counted and listed",
        ),
        **dict.fromkeys(
            ("truncate_ragged_lines", "null_padding"),
            "remove it: a row is as long as the header; `on_bad_row: skip` beside `source` leaves others out",
        ),
    }  # fmt: skip

    def files(self) -> tuple[str, ...]:
        return (*self.train, *(self.test or ()))

    def training_files(self) -> tuple[str, ...]:
        return self.train

    def typed(self, columns: Mapping[str, Column]) -> Self:
        copy = self.model_copy()
        copy._trained = {
            name: KIND_OF_DTYPE[column.type.dtype]
            for name, column in columns.items()
            if column.type is not None and column.type.dtype in KIND_OF_DTYPE
        }
        return copy

    def skipping(self, wanted: Mapping[str, str | None]) -> Self:
        copy = self.model_copy()
        # Columns that are made are in no file; what they are made of may be anything.
        made = {*self.paths, *part_names(self.parts)}
        copy._wanted = {name: kind for name, kind in wanted.items() if name not in made}
        return copy

    def columns(self) -> Mapping[str, Column] | None:
        return None

    @property
    def skips(self) -> bool:
        """Whether rows that cannot be read are left out."""
        return self._wanted is not None

    @property
    def wanted(self) -> Mapping[str, Kind | None]:
        """What values have to be where rows are left out, see `skipping`; empty where none are."""
        return self._wanted or {}

    def unfit(self, trained: Mapping[str, Kind]) -> Mapping[str, Kind]:
        """By the name of each column that is read, where rows are left out that do not fit it, what its values have to be: what the
        spec declares, else what they were in training, else what its readers want.
        """
        before: Mapping[str, Kind] = {name: "text" if kind == "text" else "number" for name, kind in trained.items()}
        chosen = {name: self.declared.get(name) or before.get(name) or wanted for name, wanted in self.wanted.items()}
        return {name: kind for name, kind in chosen.items() if kind is not None}

    @property
    def trained(self) -> Mapping[str, Kind]:
        """What columns were read as in the training rows, where these are others; empty where they are those."""
        return self._trained or {}

    def inspect(self, root: Root) -> Inspected:
        absent: list[AbsentFile] = []
        found: list[FileColumns | None] = []
        shown: list[str] = []
        for paths in (self.train, self.test):
            try:
                files = table_files(root, paths or ())
                found.append(self.header(files[0]) if files else None)
                shown += [file.shown for file in files[:1]]
            except AbsentFile as error:
                absent.append(error)
                found.append(None)
        train, test = found
        if train is not None and test is not None:
            check_alike(train, test, *shown)
        return Inspected(train, tuple(absent))

    def survey(self, root: Root, names: Collection[str]) -> Inspected:
        self.need_files(root)
        columns = self.surveyed(table_files(root, self.train), names, self.trained)
        if self.test is not None:
            test = self.surveyed(table_files(root, self.test), names, self.typed(columns).trained)
            wanted = FileColumns({name: columns[name] for name in names if name in columns}, {})
            check_alike(wanted, test, self.train[0], self.test[0])
        return Inspected(columns)

    def need_files(self, root: Root) -> None:
        """Raise AbsentFile for a file that is not there."""
        for error in self.inspect(root).absent:
            raise error

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        self.need_files(root)
        files = table_files(root, self.train)
        train, columns = self.read(files, names, self.trained)
        if self.test is None:
            return Loaded(train)
        kinds = self.typed(columns).trained
        return Loaded(train, self.read(table_files(root, self.test), names, kinds)[0])

    def places_of(self, root: Root, rows: Collection[int], *, test: bool = False) -> Mapping[int, tuple[str, int]]:
        return self.places_in(table_files(root, (self.test if test else self.train) or ()), rows)

    def place_of(self, root: Root, row: int, *, test: bool = False) -> str:
        return self.place_in(table_files(root, (self.test if test else self.train) or ()), row)

    def place_in(self, files: Sequence[TableFile], row: int) -> str:
        """Where a row of these files is; empty where files have no lines."""
        found = self.places_in(files, (row,)).get(row)
        return "" if found is None else f"line {found[1]} of {found[0]!r}"

    def places_in(self, files: Sequence[TableFile], rows: Collection[int]) -> Mapping[int, tuple[str, int]]:
        """The file and the line of `rows` of these files; of none where files have no lines."""
        wanted, found = frozenset(rows), dict[int, tuple[str, int]]()
        passed = count()
        for file in files:
            for line in self.lines(file):
                if (row := next(passed)) in wanted:
                    found[row] = file.shown, line
                    if len(found) == len(wanted):
                        return found
        return found

    def lines(self, file: TableFile) -> Iterator[int]:
        """The line in which each row of a file begins, counted from 1; none where files have no lines."""
        return iter(())

    def header(self, file: TableFile) -> FileColumns | None:
        """The columns of a file as its first lines and its folders tell them, None where these do not tell all. No numpy.

        Raises RunError E404, E405.
        """
        found = self.header_of_file(file)
        if found is None:
            return found
        whole = FileColumns({**found, **{name: Column(None) for name, _ in file.folders}}, found.refused)
        return self.with_made(whole, file.shown)

    def with_made(self, columns: FileColumns, shown: str) -> FileColumns:
        """The `columns`, their parts and the paths that are made of these; of new rows, which may have fewer, those that can be made."""
        all_needed = self._trained is None
        divided = with_parts(columns, self.parts, shown, all_needed=all_needed) if self.parts else columns
        return with_paths(divided, self.paths, shown, all_needed=all_needed) if self.paths else divided

    def surveyed(self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]) -> FileColumns:
        """The columns of all rows of `files`, those called `names` with types. Raises RunError as `load` does."""
        found = self.columns_of_files(files, self.in_files(names) or (), trained)
        rows = next((column.rows for column in found.values()), None)
        if any(file.folders for file in files):
            own = (*found, *found.refused)
            found = with_partitions(found, self.partitions(files, own, trained), rows)
        whole = self.with_made(found, files[0].shown)
        # What a part is, integers or texts, only its rows tell.
        parts = [name for name in names if name in part_names(self.parts) and name in whole]
        typed = self.read(files, parts, trained)[1] if parts else {}
        return FileColumns({**whole, **typed}, whole.refused)

    def read(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> tuple[KeptColumns, FileColumns]:
        """The arrays of the columns called `names`, or all, and what is known of them. Raises RunError as `load` does."""
        columns, found = self.read_files(files, self.in_files(names), trained)
        if not self.paths and not self.parts:
            return columns, found
        try:
            parts = self.parts_in(columns, trained)
        except RunError as error:
            raise error if error.row is None else error.located(self.place_in(files, error.row)) from None
        shown = files[0].shown
        paths = {name: path for name, path in self.paths.items() if names is None or name in names}
        divided = FileColumns({**found, **{name: column_of(array) for name, array in parts.items()}}, found.refused)
        whole = with_paths(divided, paths, shown, all_needed=self._trained is None)
        arrays = {**columns, **parts, **made_paths(paths, {**columns, **parts})}
        kept = {name: array for name, array in arrays.items() if names is None or name in names}
        return KeptColumns(kept, columns.skips), FileColumns({name: whole[name] for name in kept}, found.refused)

    def in_files(self, names: Collection[str] | None) -> Collection[str] | None:
        """The columns of files that those called `names` are made of, or that they are; None for all."""
        return divided_for(self.parts, parts_of(self.paths, names))

    def parts_in(self, columns: Mapping[str, NumpyArray], trained: Mapping[str, Kind]) -> dict[str, NumpyArray]:
        """The parts of the texts in `columns`. Raises RunError E402."""
        texts: dict[str, list[str | None]] = {}
        for name, pattern in self.parts.items():
            if name in columns:
                texts |= divided(name, pattern, columns[name], skips=self.skips)
        return columns_of_parts(texts, self.notation, self.declared, trained)

    def making_of(self, there: Collection[str]) -> Self:
        """This source with those `parts` and `paths` alone that columns which are `there` make, and which are not there themselves."""
        parts = {name: pattern for name, pattern in self.parts.items() if name in there}
        known = {*there, *part_names(parts)}
        paths = {name: path for name, path in self.paths.items() if name not in there and columns_in(path) <= known}
        return self.model_copy(update={"parts": parts, "paths": paths})

    def made_of(self, columns: Mapping[str, NumpyArray], trained: Mapping[str, Kind]) -> dict[str, NumpyArray]:
        """What is made of `columns` which are in no file: the parts of their texts, and paths. Raises RunError E402."""
        parts = self.parts_in(columns, trained)
        return {**parts, **made_paths(self.paths, {**columns, **parts})}

    @property
    def notation(self) -> Notation:
        """How values are written."""
        return Notation()

    def read_files(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> tuple[KeptColumns, FileColumns]:
        """As `read`, without columns that are made."""
        with all_unchanged(files):
            read = self.arrays_of_files(files, names, trained)
        if not any(file.folders for file in files):
            return KeptColumns(read.arrays, read.skips), read.columns
        found = self.partitions(files, read.names, trained)
        wanted = [name for name in found.values if names is None or name in names]
        for name in wanted:
            if name in found.refused and names is not None:
                raise found.refused[name]
        arrays = found.arrays(wanted, read.rows)
        columns = KeptColumns({**read.arrays, **arrays}, read.skips)
        return columns, with_partitions(read.columns, found.only(wanted), sum(read.rows))

    def partitions(self, files: Sequence[TableFile], own: Collection[str], trained: Mapping[str, Kind]) -> Partitions:
        """The columns that the folders of `files` stand for, whose `own` columns have other names. Raises RunError E404."""
        return partitions_of(files, own, self.declared, trained)

    @property
    def declared(self) -> Mapping[str, Kind]:
        """The types that the spec declares."""
        return {}

    def header_of_file(self, file: TableFile) -> FileColumns | None:
        """As `header`, without what the folders say."""
        raise NotImplementedError

    def columns_of_files(
        self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]
    ) -> FileColumns:
        """As `surveyed`, without what the folders say."""
        raise NotImplementedError

    def arrays_of_files(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> Read:
        """As `read`, without what the folders say, and with the number of rows of each file."""
        raise NotImplementedError
