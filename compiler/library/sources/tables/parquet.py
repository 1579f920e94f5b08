"""The source of rows in Parquet files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, ClassVar, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.contracts.data_source import Column, FileColumns
from modelc.compiler.library.sources.tables.column_arrays import ColumnArrays, need_table_memory
from modelc.compiler.library.sources.tables.column_types import KIND_OF_DTYPE, Kind
from modelc.compiler.library.sources.tables.engine import Engine, EngineError, engine, numbered, quoted
from modelc.compiler.library.sources.tables.parquet_types import (
    ParquetType,
    type_in_all_files,
)
from modelc.compiler.library.sources.tables.table_file import TableFile, unchanged
from modelc.compiler.library.sources.tables.table_source import Read, TableSource

MAGIC = b"PAR1"


class Described(NamedTuple):
    """What the footer of a file says: the number of its rows, and the type of each column."""

    rows: int
    types: Mapping[str, str]


class Parquet(TableSource):
    """The columns of Parquet files, with the types that the files say.

    Booleans, integers and floats stay as they are; decimals are numbers of float64 where that holds all of them; dates and
    times are text, as `2026-01-31T12:00:00`; lists of one length, also lists of lists, are arrays. Columns of others, such as
    structures and bytes, are an error of what reads them.
    """

    spellings = ("parquet_file", "read_parquet", "scan_parquet", "pq", "pyarrow")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("columns", "usecols"), "remove it: only the columns that inputs and targets read are read"),
        **dict.fromkeys(
            ("types", "dtype", "dtypes", "schema"), "remove it: a Parquet file says the types of its columns"
        ),
        **dict.fromkeys(("path", "file", "files", "source", "filename"), "write `train: {value}`"),
        **dict.fromkeys(
            ("partitioning", "hive_partitioning"),
            "remove it: folders such as `year=2026` are columns; name the files by a pattern, such as `sales/**/*.parquet`",
        ),
    }
    example = "parquet: {train: data/train/*.parquet, test: data/test.parquet}"

    def header_of_file(self, file: TableFile) -> FileColumns | None:
        with file.open() as opened:
            if opened.read(4) != MAGIC:
                raise RunError("E405", f"{file.shown!r} is no Parquet file", helps=NO_PARQUET)
        return None

    def columns_of_files(
        self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]
    ) -> FileColumns:
        described = describe_all(files)
        types, refused = decided(files, described, names, trained)
        rows = sum(part.rows for part in described)
        others = {name: Column(None, rows=rows) for name in described[0].types if name not in {*types, *refused}}
        return FileColumns(
            {**others, **{name: Column(found.type, rows=rows) for name, found in types.items()}}, refused
        )

    def arrays_of_files(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> Read:
        described = describe_all(files)
        wanted = [name for name in described[0].types if names is None or name in names]
        types, refused = decided(files, described, wanted, trained)
        for error in refused.values():
            if names is not None:
                raise error
        rows = sum(part.rows for part in described)
        need_table_memory(rows, {name: (found.type, 0) for name, found in types.items()}, files[0].shown)
        arrays = {name: ColumnArrays(rows, found.type) for name, found in types.items()}
        for file, part in zip(files, described, strict=True):
            with reading(file, tuple(part.types)) as (opened, relation):
                places = [list(part.types).index(name) for name in types]
                values = ", ".join(
                    f"{found.value_of(f'c{place}')} as c{place}"
                    for place, found in zip(places, types.values(), strict=True)
                )
                for chunk in opened.arrays(f"select {values} from {relation}") if types else ():
                    for (name, found), values_of in zip(types.items(), chunk, strict=True):
                        arrays[name].add(found.array_of(values_of))
        columns = FileColumns({name: Column(found.type, rows=rows) for name, found in types.items()}, refused)
        whole = {name: column.whole() for name, column in arrays.items()}
        return Read(whole, columns, described[0].types, [part.rows for part in described])


NO_PARQUET = ("other files have sources of their own: `csv`, `jsonl`, `npz`",)


@contextmanager
def opened_engine(file: TableFile) -> Iterator[tuple[Engine, BinaryIO]]:
    """An engine that reads a file, as long as the block needs it. Raises RunError E405 for what it says of the file."""
    with unchanged(file) as opened, engine(opened) as reading:
        try:
            yield reading, opened
        except EngineError as error:
            said = str(error).replace(reading.path, file.shown)
            raise RunError(
                "E405", f"{file.shown!r} is damaged or no Parquet file", notes=(said,), helps=NO_PARQUET
            ) from None


@contextmanager
def reading(file: TableFile, names: Sequence[str]) -> Iterator[tuple[Engine, str]]:
    """An engine that reads a file, and SQL for the relation of its columns, which are called by their numbers."""
    with opened_engine(file) as (found, _):
        yield found, f"read_parquet({quoted(found.path)}) rows({', '.join(numbered(len(names)))})"


def describe_all(files: Sequence[TableFile]) -> list[Described]:
    """What the footers of files that are parts of one table say. Raises RunError E404, E405."""
    found = [described(file) for file in files]
    if not sum(part.rows for part in found):
        raise RunError("E404", f"{files[0].shown!r} has no rows")
    for file, part in zip(files[1:], found[1:], strict=True):
        others = [name for name in (*found[0].types, *part.types) if (name in part.types) != (name in found[0].types)]
        if others:
            has, has_not = (file, files[0]) if others[0] in part.types else (files[0], file)
            raise RunError(
                "E404",
                f"{has.shown!r} has the column `{others[0]}`, and {has_not.shown!r} has not",
                helps=("files that are read as one table have the same columns",),
            )
    return found


def described(file: TableFile) -> Described:
    """What the footer of a file says. Raises RunError E405."""
    with opened_engine(file) as (found, _):
        path = quoted(found.path)
        schema = found.rows(f"select name, coalesce(num_children, 0) from parquet_schema({path})")
        types = [row[1] for row in found.rows(f"describe select * from read_parquet({path})")]
        ((rows,),) = found.rows(f"select count(*) from read_parquet({path})")
    names, place = [], 1
    while place < len(schema):
        names.append(schema[place][0])
        place = behind(schema, place)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RunError("E405", f"{file.shown!r} has the column `{twice}` twice")
    return Described(rows, dict(zip(names, types, strict=True)))


def behind(schema: Sequence[tuple[str, int]], place: int) -> int:
    """The place behind the element at `place` of a schema, and all that is in it."""
    after = place + 1
    for _ in range(schema[place][1]):
        after = behind(schema, after)
    return after


def decided(
    files: Sequence[TableFile], described: Sequence[Described], names: Collection[str], trained: Mapping[str, Kind]
) -> tuple[dict[str, ParquetType], dict[str, RunError]]:
    """How each column called as in `names` is read, or why it cannot be. Raises RunError E405."""
    types: dict[str, ParquetType] = {}
    refused: dict[str, RunError] = {}
    for name in (name for name in described[0].types if name in names):
        try:
            found = type_in_all_files(
                name, [(file.shown, part.types[name]) for file, part in zip(files, described, strict=True)]
            )
            for file, part in zip(files, described, strict=True) if found.decimal or found.depth else ():
                with reading(file, tuple(part.types)) as (opened, relation):
                    found = checked(name, found, opened, relation, f"c{list(part.types).index(name)}", file.shown)
            types[name] = as_trained(name, found, trained.get(name), files[0].shown)
        except RunError as error:
            if error.code != "E402":
                raise
            refused[name] = error
    return types, refused


def checked(name: str, found: ParquetType, opened: Engine, relation: str, column: str, shown: str) -> ParquetType:
    """`found` for a column of a file, once its values are seen to be what it says. Raises RunError E402."""
    if found.decimal:
        ((count, first),) = opened.rows(
            f"select count(*), min({column})::varchar from {relation} where "
            f"{column} is not null and cast(cast({column} as double) as {found.decimal}) is distinct from {column}"
        )
        if count:
            raise RunError(
                "E402",
                f"`{name}` has {counted(count, 'decimal')} in {shown!r} that float64 would round, such as {first}",
                helps=("save the column as float64, or as text",),
            )
    for depth in range(1, found.depth + 1):
        found = found.of_length(name, depth, opened.rows(found.lengths(depth, column, relation))[0], shown)
    return found


def as_trained(name: str, found: ParquetType, trained: Kind | None, shown: str) -> ParquetType:
    """`found`, as text where the column was text in the rows of training. Raises RunError E402 where it cannot be read so."""
    kind = KIND_OF_DTYPE.get(found.type.dtype)
    if trained is None or (kind == "text") == (trained == "text"):
        return found
    if trained == "text" and kind == "integer" and not found.depth:
        return found.as_text()
    given = "text" if kind == "text" else found.type.dtype
    was = "text" if trained == "text" else "numbers"
    raise RunError(
        "E402", f"`{name}` was {was} in the training rows, and is {given} in {shown!r}", helps=SAVE_AS_TRAINED
    )


SAVE_AS_TRAINED = ("save these rows as those of training are saved: what is made of a column is the same for both",)
