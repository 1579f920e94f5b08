"""The reader of several columns of categories as one input."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.fields import Field, Names
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import plan_arrays, to_integers
from modelc.compiler.library.readers.categorical import FEWER_WORDS, FOR_MISSING
from modelc.compiler.library.readers.category import CategoryReader
from modelc.compiler.library.readers.faults import first_faults
from modelc.compiler.library.readers.hashing import FOREIGN_TO_HASH
from modelc.compiler.library.readers.one_hot import vectors_of


def read_counts(value: Any) -> Any:
    """How many ids each column has. Raises for anything else."""
    if not isinstance(value, Mapping) or not value:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            names = ["district", "heating"]
        message = "expected the columns, and for each how many ids it has at most"
        help = f"for example `columns: {{{listed([f'{name}: 100' for name in names])}}}`"
        raise PydanticCustomError("columns", message, {"label": "no counts", "help": help})
    return value


class CategoryColumnsReader(Reader):
    """Several columns of names or integers as one input: int32 `[columns]`, ids of one table for one `embedding`.

    Each column has as many ids as are said of it: those of its most frequent names in the training rows, and the last, for
    all others, as with `category: {column: ..., vocabulary: ...}`. The ids of a column begin where those of the column before
    it end, so that the table has the sum of all: `embedding: {input_dim: "${classes(x)}", output_dim: 8}` for an input `x`.
    Of columns that are `hashed` too, the ids are hashes, as with `category: {column: ..., hash: ...}`: nothing is learnt of them.
    With `one_hot` the input is the vectors of all columns side by side, float32 `[sum]`.
    """

    primary = "columns"
    spellings = ("categorical_columns", "categories_of_columns", "ordinal")
    example = "category_columns: {columns: {district: 64, heating: 5}}"
    gives_labels = True
    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **FOR_MISSING,
        **dict.fromkeys(
            (*FOREIGN_TO_HASH, "hash"),
            "name the columns whose ids are hashes, `hashed: [district]`; `columns` says how many ids each has",
        ),
        "handle_unknown": "remove it: the last id of each column is that of all names that are not known",
        "output_mode": "write `one_hot: true` for vectors, and nothing for ids",
        **dict.fromkeys(
            ("vocabulary", "classes", *FEWER_WORDS),
            "say of each column how many ids it has: `columns: {district: 64, heating: 5}`",
        ),
    }

    columns: Annotated[
        dict[str, Annotated[int, Field(ge=2, lt=2**31)]],
        BeforeValidator(read_counts),
        Field(description="Names of the columns, each with how many ids it has, that of unknown names included."),
    ]
    hashed: Annotated[
        Names,
        Field(description="Those of the columns whose names are not learnt: their ids are hashes, as with `category`."),
    ] = ()
    one_hot: Annotated[
        bool, Field(description="Vectors of 0 and 1 in place of ids, those of all columns side by side.")
    ] = False
    missing: Annotated[
        str | None,
        Field(
            min_length=1,
            description="The name that stands for missing values, or `unknown`; else they are an error.",
        ),
    ] = None

    @property
    def subject(self) -> str:
        return next(iter(self.columns))

    def names_among(self, there: Collection[str]) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def count(self) -> int:
        """How many ids all columns have together."""
        return sum(self.columns.values())

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.count,) if self.one_hot else (len(self.columns),)

    @property
    def readers(self) -> tuple[CategoryReader, ...]:
        """The reader of each column by itself."""
        hashed = {name: name in self.hashed for name in self.columns}
        return tuple(
            CategoryReader(
                column=name,
                vocabulary=None if hashed[name] else count,
                hash=count if hashed[name] else None,
                missing=self.missing,
            )
            for name, count in self.columns.items()
        )

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        strange = next((name for name in self.hashed if name not in self.columns), "")
        message = f"`hashed` names `{strange}`, which is none of the `columns`"
        help = f"add it to `columns` with how many ids it has, such as `{strange}: 1000`, or remove it from `hashed`"
        need(not strange, message, help=help, argument="hashed", code="E403")
        if self.one_hot:
            message = (
                f"with `one_hot`, `category_columns` returns floats, but the input takes {wanted and wanted.dtype}"
            )
            help = "give the input `dtype: float32`, or remove `one_hot` for ids"
            need(wanted is None or wanted.is_float, message, help=help, argument="one_hot", code="E402")
        else:
            message = f"`category_columns` returns integer ids, but the input takes {wanted and wanted.dtype}"
            help = "give the input `dtype: int32` for an `embedding`, or write `one_hot: true` for vectors"
            need(wanted is None or wanted.is_integer, message, help=help, code="E402")
        for reader in self.readers if columns is not None else ():
            assert columns is not None
            column = columns[reader.column]
            reader.check_column(column, "category_columns")
            rank = 0 if column.type is None else column.type.rank
            message = f"one row of `{reader.column}` has {rank} axes, expected one value"
            need(rank == 0, message, help="read it as an input of its own with `category`", code="E402")
        dtype = "float32" if self.one_hot else "int32"
        return TensorType(self.row_shape, dtype if wanted is None else wanted.dtype)

    def class_names(self, columns: Mapping[str, Column] | None) -> int:
        return self.count

    def learn(self, columns: Arrays) -> Learnt:
        return {reader.column: reader.learn(columns) for reader in self.readers}

    def remarks(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        said = [(one.column, text) for one in self.readers for text in one.remarks(learnt[one.column])]
        return tuple(f"`{name}`: {text}" for name, text in said)

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        said = [(one.column, text) for one in self.readers for text in one.described(learnt[one.column])]
        return tuple(f"`{name}`: {text}" for name, text in said)

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        return first_faults(reader.faults(columns, wanted) for reader in self.readers)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        learnt = self.learn(columns) if learnt is None else learnt
        parts, first = [], 0
        for reader in self.readers:
            found = reader.labels(columns, None, learnt[reader.column], reader.count, "id")
            if self.one_hot:
                parts.append(vectors_of(found, reader.count or 0, planned.dtype))
            else:
                parts.append((found.astype("int64") + first)[:, None])
                first += reader.count or 0
        together = np.concatenate(parts, axis=1)
        return together if self.one_hot else to_integers(together, planned.dtype, self.subject)
