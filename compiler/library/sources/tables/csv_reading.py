"""Reads csv files by the table engine: the types of columns over all rows, then the columns as arrays.

The engine reads every field as text; what is a number is decided by `column_types` alone, so that nothing is rounded or
taken for a date on the way.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.sources.tables.column_arrays import ColumnArrays, need_table_memory
from modelc.compiler.library.sources.tables.column_types import Counts, Kind, Notation, row_type
from modelc.compiler.library.sources.tables.csv_bad_rows import bad_records
from modelc.compiler.library.sources.tables.csv_bytes import Look, delimiters_in, look_at
from modelc.compiler.library.sources.tables.csv_copies import in_quotes, in_utf8
from modelc.compiler.library.sources.tables.csv_faults import (
    Found,
    fault_of,
    first_values,
    longest_row,
)
from modelc.compiler.library.sources.tables.engine import Engine, EngineError, engine, numbered, quoted
from modelc.compiler.library.sources.tables.headers import Dialect, read_header
from modelc.compiler.library.sources.tables.table_file import TableFile, once, unchanged

LINE = 2**24
"""Bytes of a row that the engine reads without being told that there are longer ones."""


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How the files of a source are written, as far as the spec says; whether rows are left out that cannot be read."""

    delimiter: str | None = None
    encoding: str = "utf-8"
    column_names: tuple[str, ...] | None = None
    texts: Notation = field(default_factory=Notation)
    lenient: bool = False


class CsvFile(NamedTuple):
    """A csv file: how it is written, and the names of its columns."""

    file: TableFile
    dialect: Dialect
    names: tuple[str, ...]


class Survey(NamedTuple):
    """What all rows say: how many each file has, and the counts of the columns that were asked for, by file."""

    rows: tuple[int, ...]
    counts: Mapping[str, tuple[Counts, ...]]

    def of(self, name: str) -> Counts:
        """The counts of a column in all files."""
        first, *others = self.counts[name]
        for other in others:
            first = first.plus(other)
        return first


def open_csv(file: TableFile, format: CsvFormat) -> CsvFile:
    """The header of a file. Raises RunError E405."""
    with file.open() as opened:
        dialect, names = read_header(
            opened, file.shown, format.delimiter, format.encoding, format.column_names, lenient=format.lenient
        )
    return CsvFile(file, dialect, names)


def open_all(files: Sequence[TableFile], format: CsvFormat) -> tuple[CsvFile, ...]:
    """The headers of files that are parts of one table. Raises RunError E404 where they differ in their columns, E405."""
    found = tuple(open_csv(file, format) for file in files)
    first = found[0]
    for other in found[1:]:
        lacking = [name for name in first.names if name not in other.names]
        more = [name for name in other.names if name not in first.names]
        if lacking or more:
            name, (has, has_not) = (lacking or more)[0], (first, other) if lacking else (other, first)
            rest = len(lacking) + len(more) - 1
            raise RunError(
                "E404",
                f"{has.file.shown!r} has the column `{name}`, and {has_not.file.shown!r} has not"
                + (f"; they differ in {rest} more" if rest else ""),
                helps=("files that are read as one table have the same columns",),
            )
    return found


def survey(files: Sequence[CsvFile], texts: Notation, names: Sequence[str]) -> Survey:
    """What all rows of the files say of the columns called `names`. Raises RunError E405, E502."""

    def look() -> Survey:
        each = [survey_file(file, texts, names) for file in files]
        rows = tuple(rows for rows, _ in each)
        return Survey(rows, {name: tuple(counts[name] for _, counts in each) for name in names})

    return once(
        [file.file for file in files],
        ("csv", *((file.dialect, file.names) for file in files), texts, tuple(names)),
        look,
    )


def survey_file(file: CsvFile, texts: Notation, names: Sequence[str]) -> tuple[int, dict[str, Counts]]:
    """The number of rows of one file, and the counts of its columns."""
    columns = numbered([file.names.index(name) for name in names] or [0])
    counts = [Counts() for _ in columns]
    is_suspect = False

    def count_all(fields: Fields) -> None:
        nonlocal is_suspect
        query = texts.counts(columns, fields.relation, fields.look.signs)
        found = fields.engine.rows(query, missing=list(texts.missing_values))
        is_suspect = fields.look.is_no_text or (fields.look.ends_with_delimiter and has_more_delimiters(file, fields))
        for place, code, count, size in found:
            counts[place] = counts[place].counting(code, count, size)

    by_engine(file, count_all)
    if is_suspect and not file.dialect.lenient:
        need_no_fault(file)
    return counts[0].rows, dict(zip(names, counts, strict=False))


def load(files: Sequence[CsvFile], texts: Notation, kinds: Mapping[str, Kind]) -> dict[str, NumpyArray]:
    """The columns called as in `kinds`, of these kinds. Raises RunError E405, E502."""
    names = list(kinds)
    found = survey(files, texts, names)
    rows = sum(found.rows)
    sizes = {name: found.of(name).size for name in names}
    types = {name: row_type(kind) for name, kind in kinds.items()}
    need_table_memory(rows, {name: (types[name], sizes[name]) for name in names}, files[0].file.shown)
    arrays = {name: ColumnArrays(rows, types[name]) for name in names}
    for file in files:
        columns = numbered([file.names.index(name) for name in names])
        values = ", ".join(
            f"{texts.value_of(column, kinds[name])} as {column}" for column, name in zip(columns, names, strict=True)
        )

        def add_all(fields: Fields, values: str = values) -> None:
            query = f"select {values} from {fields.relation}"
            given = {"missing": list(texts.missing_values)} if "$missing" in values else {}
            for chunk in fields.engine.arrays(query, **given):
                for name, part in zip(names, chunk, strict=True):
                    arrays[name].add(part)

        by_engine(file, add_all)
    return {name: column.whole() for name, column in arrays.items()}


class Fields(NamedTuple):
    """The fields of a file as an engine has them: SQL for their relation; the file that it reads, how this is written and what is
    in it.
    """

    engine: Engine
    relation: str
    opened: BinaryIO
    dialect: Dialect
    look: Look


def by_engine(file: CsvFile, use: Callable[[Fields], None]) -> None:
    """Let `use` read the fields of a file. What the engine does not read, and has no fault, it gets in quotes.

    Raises RunError E405, also where the file changes.
    """
    # Behind such a header the engine loses rows.
    is_odd = file.dialect.above or "\n" in "".join(file.names) or "\r" in "".join(file.names)
    if file.dialect.lenient:
        is_odd = is_odd or bool(bad_records(file.file, file.dialect, file.names))
    if is_odd or tried(file, use, plain=True) is not None:
        if not file.dialect.lenient:
            need_no_fault(file)
        said = tried(file, use, plain=False)
        if said is not None:
            raise unreadable(file, said)


def tried(file: CsvFile, use: Callable[[Fields], None], *, plain: bool) -> str | None:
    """What the engine says against a file as it is, or (where not `plain`) against its rows in quotes; None where `use` has
    read it. Nothing is used of a file before the engine has read all of it.
    """
    with ExitStack() as stack:
        opened, dialect = stack.enter_context(unchanged(file.file)), file.dialect
        if not plain:
            opened, dialect = stack.enter_context(in_quotes(opened, file.file.shown, dialect, len(file.names)))
        elif dialect.encoding != "utf-8":
            opened = stack.enter_context(in_utf8(opened, file.file.shown, dialect))
        look = look_at(opened, dialect.delimiter, len(file.names))
        if plain and look.mixes_line_ends:
            return "several kinds of line ends"
        size = opened.seek(0, io.SEEK_END)
        reading = stack.enter_context(engine(opened))
        try:
            fields = relation(reading.path, dialect, len(file.names), size, ends="" if plain else "\\n")
            use(Fields(reading, fields, opened, dialect, look))
        except EngineError as error:
            return str(error)
    return None


def unreadable(file: CsvFile, said: str) -> RunError:
    """The error E405 for a file that is as it should be, and yet not read."""
    with file.file.open() as opened:
        line, size = longest_row(opened, file.dialect, len(file.names))
    if 2 * size > LINE:
        return RunError(
            "E405",
            f"a row of {file.file.shown!r} is too long: in line {line}, it has {size:,} bytes",
            helps=(f"a row has at most {LINE:,}: keep what is longer in files of its own",),
        )
    return RunError("E405", f"{file.file.shown!r} cannot be read as csv", notes=(said,))


def relation(path: str, dialect: Dialect, width: int, size: int, ends: str) -> str:
    """SQL for the fields of a csv file of so many columns and bytes, whose lines end with `ends`, or as the first one does."""
    columns = ", ".join(f"{column}: 'VARCHAR'" for column in numbered(width))
    options = {
        "auto_detect": "false",
        "strict_mode": "true",
        "null_padding": "false",
        "header": "true" if dialect.column_names is None else "false",
        "delim": quoted(dialect.delimiter),
        "quote": "'\"'",
        "escape": "'\"'",
        "comment": "''",
        "max_line_size": str(min(max(size + 1, 2**16), LINE)),
        "columns": "{" + columns + "}",
    }
    if ends:
        options["new_line"] = quoted(ends)
    return f"read_csv({quoted(path)}, {', '.join(f'{name} = {value}' for name, value in options.items())})"


def has_more_delimiters(file: CsvFile, fields: Fields) -> bool:
    """Whether there are others than those between and in the fields: the engine does not say that a row has one field too many
    where that is empty.
    """
    names, delimiter = file.names, fields.dialect.delimiter
    sign = quoted(delimiter)
    within = f"case when contains(v, {sign}) then strlen(v) - strlen(replace(v, {sign}, '')) else 0 end"
    values = f"select unnest([{', '.join(numbered(len(names)))}]) as v from {fields.relation}"
    ((count, inside),) = fields.engine.rows(f"select count(*), coalesce(sum({within}), 0)::bigint from ({values})")
    rows = count // len(names)
    if fields.dialect.column_names is None:
        rows += 1
        inside += sum(name.count(delimiter) for name in names)
    return bool(delimiters_in(fields.opened, delimiter) != rows * (len(names) - 1) + inside)


def need_no_fault(file: CsvFile) -> None:
    """Raise RunError E405 for what is wrong with a file: all of it is read once more."""
    with file.file.open() as opened:
        if fault := fault_of(opened, file.file.shown, file.dialect, len(file.names)):
            raise fault


def located(
    files: Sequence[CsvFile], found: Survey, name: str, texts: Notation, sorts: Sequence[str]
) -> dict[str, list[Found]]:
    """The first in a column that are of one of the `sorts`, by the first file that has such."""
    for file, counts in zip(files, found.counts[name], strict=True):
        if any(getattr(counts, sort) for sort in sorts):
            with file.file.open() as opened:
                place = file.names.index(name)
                return {
                    file.file.shown: first_values(
                        opened, file.dialect, len(file.names), place, lambda text: texts.sort_of(text) in sorts
                    )
                }
    raise AssertionError("the counts say that there are such values")
