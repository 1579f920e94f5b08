"""What the sources of tables share: files and patterns for the training and the test rows, and declared types."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import PrivateAttr

from modelc.compiler.diagnostics.exceptions import AbsentFile
from modelc.compiler.library.base.fields import Field, Names
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Loaded, Source
from modelc.compiler.library.sources.alike import check_alike
from modelc.compiler.library.sources.tables.column_types import KIND_OF_DTYPE, Kind
from modelc.compiler.library.sources.tables.table_file import TableFile, table_files
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching

FILES = "a path, a list, or a pattern such as `data/*.csv`, relative to the spec"


class TableSource(Source):
    """Abstract: rows of one or several files with the same columns, for training and for testing."""

    primary = "train"

    train: Annotated[Names, Field(min_length=1, description=f"Files with the training rows: {FILES}.")]
    test: Annotated[
        Names | None, Field(min_length=1, description="Files with the test rows, with the same columns.")
    ] = None
    _trained: Any = PrivateAttr(default=None)

    def files(self) -> tuple[str, ...]:
        return (*self.train, *(self.test or ()))

    def files_below(self, root: Root) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for path in self.files() for name in files_matching(root, path)))

    def typed(self, columns: Mapping[str, Column]) -> Self:
        copy = self.model_copy()
        copy._trained = {
            name: KIND_OF_DTYPE[column.type.dtype]
            for name, column in columns.items()
            if column.type is not None and column.type.dtype in KIND_OF_DTYPE
        }
        return copy

    def columns(self) -> Mapping[str, Column] | None:
        return None

    @property
    def trained(self) -> Mapping[str, Kind]:
        """What columns of text were read as in the training rows, where these are others; empty where they are those."""
        return self._trained or {}

    def inspect(self, root: Root) -> Inspected:
        absent: list[AbsentFile] = []
        found: list[tuple[str, FileColumns] | None] = []
        for paths in (self.train, self.test):
            try:
                files = table_files(root, paths or ())
                found.append((files[0].shown, self.header(files[0])) if files else None)
            except AbsentFile as error:
                absent.append(error)
                found.append(None)
        train, test = found
        if train is not None and test is not None:
            check_alike(train[1], test[1], train[0], test[0])
        return Inspected(None if train is None else train[1], tuple(absent))

    def survey(self, root: Root, names: Collection[str]) -> Inspected:
        self.need_files(root)
        columns = self.surveyed(table_files(root, self.train), names, self.trained)
        if self.test is not None:
            test = table_files(root, self.test)
            check_alike(columns, self.header(test[0]), self.train[0], test[0].shown)
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

    def header(self, file: TableFile) -> FileColumns:
        """The columns of a file as its first lines tell them. No numpy. Raises RunError E404, E405."""
        raise NotImplementedError

    def surveyed(self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]) -> FileColumns:
        """The columns of all rows of `files`, those called `names` with types. Raises RunError as `load` does."""
        raise NotImplementedError

    def read(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> tuple[dict[str, NumpyArray], FileColumns]:
        """The arrays of the columns called `names`, or all, and what is known of them. Raises RunError as `load` does."""
        raise NotImplementedError
