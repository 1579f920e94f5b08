"""The contract of a source, which has named columns.

`columns` says what can be known without reading (no numpy), `inspect` reads headers, `open` gives rows by range, `load` reads
everything. A source has `open`, of which the others are made, or `load` where all rows are read at once. Every path in a spec goes
through `Root`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple, Self

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.library.base.held_out_words import WORDS
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.registry import Registered, fold
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.syntax.file_root import Root


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of a column without reading it: the type of one row, the names or the number of the classes of labels,
    the number of rows.

    The dtype of a column of text is `str`, of bytes `bytes`. `type` is None for a column with one value a row whose type
    only the rows tell.
    """

    type: TensorType | None
    classes: tuple[str, ...] | int | None = None
    rows: int | None = None
    note: str = ""
    """What is said beside an error about its type: which values make it what it is, where only some do."""
    has_paths: bool = False
    """Whether its texts are paths of files."""


TEXTS = {"T": "str", "U": "str", "S": "bytes"}
"""The dtype of a column by the kind of its array, where numpy calls that otherwise."""


def column_of(array: NumpyArray) -> Column:
    """The `Column` that `array`, with its rows on the first axis, is."""
    return Column(type_of(array), rows=len(array))


def type_of(array: NumpyArray) -> TensorType:
    """The type of one row of `array`."""
    return TensorType(array.shape[1:], TEXTS.get(array.dtype.kind, array.dtype.name))


class FileColumns(dict[str, Column]):
    """The columns of a file by name; `refused` has the errors of its other arrays, none of which can be a column."""

    def __init__(self, columns: Mapping[str, Column], refused: Mapping[str, RunError]) -> None:
        super().__init__(columns)
        self.refused = refused


def refused_arrays(columns: Mapping[str, Column]) -> Mapping[str, RunError]:
    """The errors of arrays that are beside `columns` in their file and can be none."""
    return columns.refused if isinstance(columns, FileColumns) else {}


class Inspected(NamedTuple):
    """What the headers of the files of a source say: the columns of its training rows, None where their file is not there,
    and the error of each file that is not.
    """

    columns: Mapping[str, Column] | None
    absent: tuple[AbsentFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source in memory: columns of equal length for training, and for testing where the source brings its own."""

    train: Mapping[str, NumpyArray]
    test: Mapping[str, NumpyArray] | None = None


def no_place(row: int) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a source that is open: so many, with these columns, each of which has a type.

    `read` returns the columns that it is asked for, from one row up to and without another one: an array `[rows, ...]` of the type
    for each, `numpy.dtypes.StringDType` for texts, masked where a value is missing. `place_of` says where a row is, counted from 0,
    for messages: `line 3 of 'a.csv'`; nothing where its number says it.
    """

    count: int
    columns: Mapping[str, Column]
    read: Callable[[Sequence[str], int, int], Mapping[str, NumpyArray]]
    place_of: Callable[[int], str] = no_place


class Source(Registered):
    """Abstract: each subclass is one source of columns. It has `open`, or `load` where all rows are read at once."""

    opens_files: ClassVar[bool] = True
    """Whether it reads what is in its `files`, and not only their names, for readers that open them."""
    slow_to_read: ClassVar[bool] = False
    """Whether reading takes longer than mapping what was made of it, so that that is kept for the next run."""
    kept_as: ClassVar[str] = ""
    """For a source of a plug-in with `files`: what tells rows apart that other code of it has read of the same files, to be changed
    whenever that reads them otherwise. Without it none are kept for the next run.
    """

    endings: ClassVar[tuple[str, ...]] = ()
    """How the names of files end, in lower case, which `predict` and `evaluate` of a run read as new rows in the place of the path that
    is in the `primary` argument, see `reading`.
    """

    @classmethod
    def foreign_argument(cls, name: str, beside: Collection[str] = ()) -> str:
        told = super().foreign_argument(name, beside)
        key = "validation" if fold(name) == "validation" else WORDS.get(fold(name), "")
        if told or not key:
            return told
        if key in cls.model_fields:
            return f"write `{key}: {{value}}`"
        if key == "train" or not cls.model_fields:
            return ""
        kept = [other for other in beside if other in cls.model_fields and other not in (cls.primary, "test")]
        again = f", with {name_list(kept)} as here" if kept else ""
        return f"write `{key}: {{{cls.example.partition(':')[0]}: {{value}}}}` in `data`, beside `source`{again}"

    def files(self) -> tuple[str, ...]:
        """The paths, as the spec has them, of all files that are read."""
        return ()

    def training_files(self) -> tuple[str, ...]:
        """Those that the rows for training are read from."""
        return self.files()

    def typed(self, columns: Mapping[str, Column]) -> Self:
        """This source for other rows than those of training, whose `columns` say what those of text are read as."""
        return self

    def reading(self, path: str) -> Self:
        """This source for the new rows in the file at `path`, whose name ends in one of its `endings`. Raises RunError E404."""
        assert self.primary is not None
        return self.model_copy(update={self.primary: path})

    def skipping(self, wanted: Mapping[str, str | None]) -> Self:
        """This source for a spec that has rows left out which cannot be read. `wanted` are the columns that are read, each with what
        its values have to be, as far as their readers say it: `integer`, `number` or `text`.

        Of what it loads, `skips_of` says which rows are left out. It is for sources whose files can have rows that are none.
        """
        return self

    def columns(self) -> Mapping[str, Column] | None:
        """The columns as far as they are known without reading; None where only the file can tell."""
        return None

    def open(self, root: Root) -> AbstractContextManager[Rows]:
        """The rows for training, as long as the block lasts, which may be open several times at once. What `Rows.columns` say is
        known from headers, without numpy: `modelc validate` asks for it.

        Raises RunError E404 or E405 when files are not as they should be, AbsentFile for one that is not there, as `root.open` does.
        """
        return rows_of_all(self.load(root).train)

    def open_test(self, root: Root) -> AbstractContextManager[Rows] | None:
        """The same of the test rows that the source brings with it; None where it brings none."""
        return None

    def inspect(self, root: Root) -> Inspected:
        """The columns of the training rows, from the headers of files where `columns` does not know them. No numpy.

        Raises RunError E404 or E405 when files that are there are not as they should be.
        """
        known = self.columns()
        if known is not None:
            return Inspected(known)
        try:
            with self.open(root) as rows:
                return Inspected(columns_of(self, rows))
        except AbsentFile as error:
            return Inspected(None, (error,))

    def survey(self, root: Root, names: Collection[str]) -> Inspected:
        """The columns as all rows tell them, of those called `names` with their types. May need numpy.

        Raises RunError as `load` does.
        """
        return self.inspect(root)

    def places_of(self, root: Root, rows: Collection[int], *, test: bool = False) -> Mapping[int, tuple[str, int]]:
        """The file and the line of `rows`, as `place_of` counts them; of none where files have no lines."""
        return {}

    def place_of(self, root: Root, row: int, *, test: bool = False) -> str:
        """Where a row is, counted from 0, of those for training or `test`: `line 3 of 'a.csv'`; empty where a number says it."""
        opened = self.open_test(root) if test else self.open(root) if type(self).open is not Source.open else None
        if opened is None:
            return ""
        with opened as rows:
            return rows.place_of(row)

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        """Read the columns called `names`, or all; names that there are none of are left out, others may be read as well.

        Raises RunError E404, E405 or E406 when the data is not there or not as it should be, E502 when it does not fit
        into memory; PluginError where the rows of `open` are other ones than it says.
        """
        from modelc.compiler.library.contracts.rows_by_range import read_all

        with self.open(root) as rows:
            train = read_all(self, rows, names)
        opened = self.open_test(root)
        if opened is None:
            return Loaded(train)
        with opened as rows:
            return Loaded(train, read_all(self, rows, names, of_test=True))


def columns_of(source: Source, rows: Rows) -> dict[str, Column]:
    """The columns of `rows`, with how many there are. Raises PluginError for one without a type, and for no number of rows."""
    unknown = next((name for name, column in rows.columns.items() if column.type is None), None)
    if unknown is not None or type(rows.count) is not int or rows.count < 0:
        from modelc.compiler.library.contracts.rows_by_range import fault_of

        fault = (
            f"says that it has {rows.count!r} rows" if unknown is None else f"does not say of which type `{unknown}` is"
        )
        raise fault_of(source, fault)
    return {name: replace(column, rows=rows.count) for name, column in rows.columns.items()}


@contextmanager
def rows_of_all(arrays: Mapping[str, NumpyArray]) -> Iterator[Rows]:
    """The rows of `arrays` that are there."""
    count = len(next(iter(arrays.values()), ()))
    columns = {name: column_of(array) for name, array in arrays.items()}
    yield Rows(count, columns, lambda names, start, stop: {name: arrays[name][start:stop] for name in names})
