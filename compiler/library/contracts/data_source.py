"""The contract of a source, which has named columns.

`columns` says what can be known without reading (no numpy), `inspect` reads headers, `load` reads everything. Every
path in a spec goes through `Root`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.base.registry import Registered
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


class Source(Registered):
    """Abstract: each subclass is one source of columns."""

    opens_files: ClassVar[bool] = True
    """Whether it reads what is in its `files`, and not only their names, for readers that open them."""
    slow_to_read: ClassVar[bool] = False
    """Whether reading takes longer than mapping what was made of it, so that that is kept for the next run."""

    def files(self) -> tuple[str, ...]:
        """The paths, as the spec has them, of all files that are read."""
        return ()

    def typed(self, columns: Mapping[str, Column]) -> Self:
        """This source for other rows than those of training, whose `columns` say what those of text are read as."""
        return self

    def skipping(self, wanted: Mapping[str, str | None]) -> Self:
        """This source for a spec that has rows left out which cannot be read. `wanted` are the columns that are read, each with what
        its values have to be, as far as their readers say it: `integer`, `number` or `text`.

        Of what it loads, `skips_of` says which rows are left out. It is for sources whose files can have rows that are none.
        """
        return self

    def columns(self) -> Mapping[str, Column] | None:
        """The columns as far as they are known without reading; None where only the file can tell."""
        raise NotImplementedError

    def inspect(self, root: Root) -> Inspected:
        """The columns of the training rows, from the headers of files where `columns` does not know them. No numpy.

        Raises RunError E404 or E405 when files that are there are not as they should be.
        """
        known = self.columns()
        if known is None:
            raise NotImplementedError
        return Inspected(known)

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
        return ""

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        """Read the columns called `names`, or all; names that there are none of are left out, others may be read as well.

        Raises RunError E404, E405 or E406 when the data is not there or not as it should be, E502 when it does not fit
        into memory.
        """
        raise NotImplementedError
