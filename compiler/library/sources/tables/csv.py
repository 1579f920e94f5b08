"""The source of rows in csv files."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.encodings import read_encoding
from modelc.compiler.library.base.fields import Field, read_names
from modelc.compiler.library.contracts.bad_row import NO_SKIPS, none_left
from modelc.compiler.library.contracts.data_source import Column, FileColumns
from modelc.compiler.library.sources.tables.column_types import Kind, Notation, row_type
from modelc.compiler.library.sources.tables.csv_bad_rows import fitting, skips_in
from modelc.compiler.library.sources.tables.csv_faults import records, shown_values
from modelc.compiler.library.sources.tables.csv_reading import (
    CsvFile,
    CsvFormat,
    Survey,
    located,
    open_all,
    open_csv,
)
from modelc.compiler.library.sources.tables.csv_reading import load as load_columns
from modelc.compiler.library.sources.tables.csv_reading import survey as survey_files
from modelc.compiler.library.sources.tables.headers import any_length
from modelc.compiler.library.sources.tables.kinds import Misfit, kind_of, misfit_error
from modelc.compiler.library.sources.tables.table_file import TableFile
from modelc.compiler.library.sources.tables.table_source import Read, TableSource, Types
from modelc.compiler.library.sources.tables.text_parts import part_names

MOST_COLUMNS = 100_000
MOSTLY = 10
"""A column with so many values of one kind for each other was probably meant to be of that kind."""
LOOKED_THROUGH = 100_000
"""Of more rows, the few fractions among integers are not looked for: that takes longer than reading them."""


def read_delimiter(value: Any) -> Any:
    """One character between two fields. Raises for others."""
    if isinstance(value, str) and (len(value) != 1 or value in '"\r\n' or ord(value) > 127 or value == "\0"):
        help = 'a tab is `delimiter: "\\t"`' if value.lower() in ("tab", "\\t", "tsv") else "such as `;`"
        raise PydanticCustomError("delimiter", "expected one character", {"help": help, "label": "not one character"})
    return value


def read_column_names(value: Any) -> Any:
    """Names as a tuple, or how many columns there are. Raises for anything else."""
    names = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    if names and all(isinstance(name, str) and name.strip() for name in names):
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            message, help = f"`column_names` has {listed(twice)} twice", "give each column a name of its own"
            details = {"message": message, "help": help, "label": "names that are there twice"}
            raise PydanticCustomError("column_names", "{message}", details)
        return tuple(value) if isinstance(value, list) else value
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_COLUMNS):
        return value
    message = f"expected the names of the columns, or how many there are, from 1 to {MOST_COLUMNS:,}"
    help = "for example `column_names: [a, b, c]`, or `column_names: 3` for `column_1`, `column_2` and `column_3`"
    raise PydanticCustomError("column_names", "{message}", {"message": message, "help": help, "label": "no names"})


class Csv(TableSource):
    """The columns of csv files, by the names in their first line.

    A column is of integers, of numbers or of text, as all of its rows are: `00712`, dates, `yes` and `no` are text. Types
    may be declared. Integers stay exact as int64; nothing is rounded on the way but a fraction, to the nearest float64. A
    value that is missing is so for the reader to decide. Rows that are longer or shorter than the header, and bytes that
    are no text, are errors with their lines.
    """

    spellings = ("table", "tsv", "csv_file", "make_csv_dataset", "read_csv", "scan_csv", "csv_dataset")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("sep", "separator", "delim", "field_delim"), "write `delimiter: {value}`"),
        **dict.fromkeys(
            ("na_values", "na_value", "null_values", "nullstr", "na", "missing"), "write `missing_values: {value}`"
        ),
        **dict.fromkeys(
            ("dtype", "dtypes", "schema", "schema_overrides", "column_types"),
            "write `types: {COLUMN: integer}`, `number` or `text`, for columns that are not to be read as their rows are",
        ),
        **dict.fromkeys(
            ("usecols", "columns", "select_columns"),
            "remove it: only the columns that inputs and targets read are read",
        ),
        **dict.fromkeys(
            ("header", "has_header", "hasheader"),
            "the first line is the header; for files without one, write `column_names: [a, b, c]`, or how many columns there are",
        ),
        **dict.fromkeys(("names", "new_columns"), "write `column_names: {value}`, for files without a header"),
        **dict.fromkeys(("decimal_point", "decimal_separator"), "write `decimal: {value}`"),
        "decimal_comma": 'write `decimal: ","`',
        **dict.fromkeys(
            ("filepath_or_buffer", "file", "path", "files", "source", "filename"), "write `train: {value}`"
        ),
        **dict.fromkeys(
            ("parse_dates", "try_parse_dates"), "remove it: dates are read as text, in the notation that they have"
        ),
        **dict.fromkeys(("label_name", "label"), "remove it: `targets` says which columns are targets"),
    }
    example = 'csv: {train: houses.csv, missing_values: ["", NA]}'

    delimiter: Annotated[
        str | None,
        BeforeValidator(read_delimiter),
        Field(
            description="The character between two fields; by default a comma, semicolon, tab or `|`, as the header has it."
        ),
    ] = None
    decimal: Annotated[
        Literal[".", ","], Field(description="What a fraction begins with: `.`, or `,` as in `1,5`.")
    ] = "."
    missing_values: Annotated[
        tuple[str, ...], BeforeValidator(read_names), Field(description="The texts that stand for a missing value.")
    ] = ("",)
    encoding: Annotated[
        str, BeforeValidator(read_encoding), Field(description="The encoding of the text, such as `latin-1`.")
    ] = "utf-8"
    types: Types = {}  # noqa: RUF012  # a field of pydantic, which copies it
    column_names: Annotated[
        int | str | tuple[str, ...] | None,
        BeforeValidator(read_column_names),
        Field(
            description="The names of the columns, for files without a header; or how many there are, for `column_1`, `column_2` and so on."
        ),
    ] = None

    @property
    def format(self) -> CsvFormat:
        """How the files are written."""
        return CsvFormat(self.delimiter, self.encoding, self.names, self.notation, self.skips)

    @property
    def notation(self) -> Notation:
        return Notation(self.missing_values, self.decimal)

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the columns of files without a header."""
        if isinstance(self.column_names, int):
            return tuple(f"column_{number}" for number in range(1, self.column_names + 1))
        return (self.column_names,) if isinstance(self.column_names, str) else self.column_names

    def header_of_file(self, file: TableFile) -> FileColumns:
        names = open_csv(file, self.format).names
        for name in self.types:
            # New rows may have fewer columns: no targets.
            there = (*names, *(name for name, _ in file.folders), *part_names(self.parts))
            if name not in there and self._trained is None:
                raise unknown_type(name, there, file.shown)
        return FileColumns(dict.fromkeys(names, Column(None)), {})

    def lines(self, file: TableFile) -> Iterator[int]:
        _, dialect, names = open_csv(file, self.format)
        with file.open() as opened, any_length():
            yield from (record.line for record in records(opened, dialect, len(names)))

    @property
    def declared(self) -> Mapping[str, Kind]:
        return self.types

    def columns_of_files(
        self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]
    ) -> FileColumns:
        opened, found, kinds, refused = self.decided(files, names, trained)
        columns = {name: Column(None, rows=sum(found.rows)) for name in opened[0].names if name not in refused}
        typed = {
            name: Column(row_type(kind), rows=sum(found.rows), note=self.note_on(name, kind, opened, found))
            for name, kind in kinds.items()
        }
        return FileColumns({**columns, **typed}, refused)

    def note_on(self, name: str, kind: Kind, files: Sequence[CsvFile], found: Survey) -> str:
        """Which values make text of a column that has numbers too, or numbers of one of integers but for a few; empty for others."""
        counts = fitting(found.of(name), self.unfit({}).get(name))
        there = counts.rows - counts.missing
        if name in self.types:
            return ""
        if kind == "text" and 0 < counts.texts < there:
            sorts, count, others = ("texts",), counts.texts, "numbers"
        elif kind == "number" and 0 < counts.numbers * MOSTLY <= counts.integers and counts.rows <= LOOKED_THROUGH:
            sorts, count, others = ("numbers",), counts.numbers, "integers"
        else:
            return ""
        ((shown, places),) = located(files, found, name, self.format.texts, sorts).items()
        few = count * MOSTLY <= there
        which = (
            f"all of its values are {others} but {count:,}"
            if few
            else f"{count:,} of its {there:,} values are no {others}"
        )
        return f"{which}: in {shown!r} {shown_values(places, count)}"

    def arrays_of_files(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> Read:
        opened, found, kinds, refused = self.decided(files, names, trained)
        for error in refused.values():
            if names is not None:
                raise error
        arrays = load_columns(opened, self.format.texts, kinds) if kinds else {}
        skips, kept, rows = NO_SKIPS, None, found.rows
        if self.skips:
            unfit = {
                name: kind
                for name, kind in self.unfit(trained).items()
                if name in kinds and fitting(found.of(name), kind) != found.of(name)
            }
            skips, kept, rows = skips_in(opened, found.rows, self.format.texts, unfit)
        if kept is not None:
            arrays = {name: array[kept] for name, array in arrays.items()}
        typed = {name: Column(row_type(kind), rows=sum(rows)) for name, kind in kinds.items()}
        return Read(arrays, FileColumns(typed, refused), opened[0].names, rows, skips)

    def decided(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> tuple[Sequence[CsvFile], Survey, dict[str, Kind], dict[str, RunError]]:
        """The files, what all rows say, and the kind of each column called as in `names`, or its error."""
        opened, texts = open_all(files, self.format), self.format.texts
        wanted = [name for name in opened[0].names if names is None or name in names]
        found = survey_files(opened, texts, wanted)
        if not sum(found.rows):
            if self.skips and (skips := skips_in(opened, found.rows, texts, {})[0]).rows:
                raise none_left(skips, len(skips.rows))
            raise RunError("E404", f"{files[0].shown!r} has no rows, only a header")
        kinds: dict[str, Kind] = {}
        refused: dict[str, RunError] = {}
        unfit = self.unfit(trained)
        for name in wanted:
            kind = kind_of(name, fitting(found.of(name), unfit.get(name)), self.types.get(name), trained.get(name))
            if isinstance(kind, Misfit):
                places = located(opened, found, name, texts, kind.sorts)
                refused[name] = misfit_error(name, kind, found.of(name), places)
            else:
                kinds[name] = kind
        return opened, found, kinds, refused


def unknown_type(name: str, names: Sequence[str], shown: str) -> RunError:
    """The error E401 for a type that is declared for no column."""
    from modelc.compiler.diagnostics.likeness import most_alike
    from modelc.compiler.diagnostics.phrases import listed

    close = most_alike(name, names)
    return RunError(
        "E401",
        f"`types` names the column `{name}`, which {shown!r} does not have",
        notes=(f"columns: {listed(names)}",),
        helps=(f"did you mean `{close}`?",) if close else (),
    )
