"""The source of rows in files of JSON lines."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.bad_row import NO_SKIPS, none_left
from modelc.compiler.library.contracts.data_source import Column, FileColumns
from modelc.compiler.library.sources.tables.column_arrays import ColumnArrays, need_table_memory
from modelc.compiler.library.sources.tables.column_types import DTYPES, Kind
from modelc.compiler.library.sources.tables.json_bad_rows import Fit, fit_for, fitting_rows, skips_in
from modelc.compiler.library.sources.tables.json_rows import (
    MOST_AXES,
    MOST_KEPT,
    Seen,
    count_absent,
    flattened,
    parts_of,
    rows_of,
    rows_or_errors,
    seen_in,
)
from modelc.compiler.library.sources.tables.kinds import ways
from modelc.compiler.library.sources.tables.table_file import TableFile, once, unchanged
from modelc.compiler.library.sources.tables.table_source import Read, TableSource, Types

NUMBERS = ("integers", "long", "wide", "huge", "numbers")
IN_WORDS = {
    **dict.fromkeys(("integers", "long", "wide", "huge", "numbers"), "numbers"),
    "texts": "text",
    "booleans": "`true` and `false`",
    "objects": "objects",
}
"""What values of a sort are called."""


class Refusal(NamedTuple):
    """Why a column cannot be read: the message goes on behind its name; `sorts` are those of the values to name."""

    sorts: tuple[str, ...]
    what: str
    helps: tuple[str, ...]


class Jsonl(TableSource):
    """The columns of files of JSON lines: an object in each line, whose keys are the names of columns.
    The values of objects in these are columns too: that of `{"place": {"city": "Rome"}}` is `place.city`.

    A column is of integers, numbers, booleans or text, or of lists of these, of one shape, as all of its rows are; types may be
    declared. Integers stay exact as int64. A key that a row does not have, and `null`, is a missing value. A column that has
    both text and numbers, or objects, is an error of what reads it.
    """

    spellings = ("json", "json_lines", "ndjson", "read_json", "scan_ndjson", "json_file")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("columns", "usecols"), "remove it: only the columns that inputs and targets read are read"),
        **dict.fromkeys(
            ("dtype", "dtypes", "schema"),
            "write `types: {COLUMN: integer}`, `number` or `text`, where it is not to be found",
        ),
        **dict.fromkeys(("path", "file", "files", "source", "filename", "path_or_buf"), "write `train: {value}`"),
        **dict.fromkeys(
            ("lines", "orient"), "remove it: each line is an object, with the names of columns as its keys"
        ),
        **dict.fromkeys(("encoding",), "remove it: JSON is in UTF-8"),
        **dict.fromkeys(("missing_values", "na_values", "null_values"), "remove it: a missing value is `null` in JSON"),
    }
    example = "jsonl: {train: reviews.jsonl, types: {zip: text}}"

    types: Types = {}  # noqa: RUF012  # a field of pydantic, which copies it

    def header_of_file(self, file: TableFile) -> FileColumns | None:
        with file.open() as opened:
            next(iter((rows_or_errors if self.skips else rows_of)(opened, file.shown)), None)
        return None

    def lines(self, file: TableFile) -> Iterator[int]:
        with file.open() as opened:
            yield from (line for line, _ in (rows_or_errors if self.skips else rows_of)(opened, file.shown))

    def fit_in(self, files: Sequence[TableFile], trained: Mapping[str, Kind]) -> Fit | None:
        """What the values of rows have to be, of which others are left out; None where none are."""
        return fit_for(files, self.wanted, self.unfit(trained)) if self.skips else None

    @property
    def declared(self) -> Mapping[str, Kind]:
        return self.types

    def columns_of_files(
        self, files: Sequence[TableFile], names: Collection[str], trained: Mapping[str, Kind]
    ) -> FileColumns:
        return self.looked_through(files, names, trained)[0]

    def arrays_of_files(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> Read:
        columns, each, seen = self.looked_through(files, names, trained)
        rows = sum(each)
        for error in columns.refused.values():
            if names is not None:
                raise error
        types = {name: column.type for name, column in columns.items() if column.type is not None}
        need_table_memory(rows, {name: (type_, seen[name].size) for name, type_ in types.items()}, files[0].shown)
        arrays = {name: ColumnArrays(rows, type_) for name, type_ in types.items()}
        fit = self.fit_in(files, trained)
        for file in files:
            with unchanged(file) as opened:
                for part in parts_of(rows_in(opened, file.shown, fit)):
                    for name, type_ in types.items():
                        arrays[name].add(array_of(name, part, type_, file.shown))
        skips = NO_SKIPS if fit is None else skips_in(files, fit)
        return Read({name: column.whole() for name, column in arrays.items()}, columns, [*seen], each, skips)

    def looked_through(
        self, files: Sequence[TableFile], names: Collection[str] | None, trained: Mapping[str, Kind]
    ) -> tuple[FileColumns, Sequence[int], Mapping[str, Seen]]:
        """The columns of all rows, those called `names` with types, the number of rows of each file, and what was seen.

        Raises RunError E404, E405.
        """
        wanted = None if names is None else frozenset(names)
        fit = self.fit_in(files, trained)
        each, seen = once(files, ("jsonl", wanted, fit), lambda: seen_in_all(files, wanted, fit))
        rows = sum(each)
        if not rows and fit is not None and (skips := skips_in(files, fit)).rows:
            raise none_left(skips, len(skips.rows))
        if not rows:
            raise RunError("E404", f"{files[0].shown!r} has no rows")
        columns: dict[str, Column] = {}
        refused: dict[str, RunError] = {}
        for name, found in seen.items():
            if names is not None and name not in names:
                columns[name] = Column(None, rows=rows)
                continue
            type_ = type_of(name, found, self.types.get(name), trained.get(name))
            if isinstance(type_, Refusal):
                refused[name] = refusal(name, type_, found)
            else:
                columns[name] = Column(type_, rows=rows)
        return FileColumns(columns, refused), each, seen


def rows_in(opened: BinaryIO, shown: str, fit: Fit | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of an open file, each with its line; where values have to `fit`, without those that do not. Raises RunError E405."""
    return rows_of(opened, shown) if fit is None else fitting_rows(opened, shown, fit)


def seen_in_all(
    files: Sequence[TableFile], names: Collection[str] | None, fit: Fit | None
) -> tuple[tuple[int, ...], Mapping[str, Seen]]:
    """The number of rows in each of the files, and what was seen of their columns called `names`, or of all. Raises RunError E405."""
    seen: dict[str, Seen] = {}
    rows = []
    for file in files:
        with unchanged(file) as opened:
            rows.append(seen_in(rows_in(opened, file.shown, fit), file.shown, seen, names))
    count_absent(seen, sum(rows))
    return tuple(rows), seen


def array_of(name: str, rows: Sequence[tuple[int, dict[str, Any]]], type_: TensorType, shown: str) -> NumpyArray:
    """The values of some rows, masked where one is missing. Raises RunError E405 for half a character, E402 for what is
    beyond float64.
    """
    values = [row.get(name) for _, row in rows]
    missing = np.array([value is None for value in values])
    is_text = type_.dtype == "str"
    if type_.shape:
        found = [item for value in values for item in flat(value)]
    else:
        found = ["" if is_text else 0] * len(values) if missing.all() else values
        if missing.any():
            found = [("" if is_text else 0) if value is None else value for value in found]
    if is_text:
        found = [value if isinstance(value, str) else str(value) for value in found]
    try:
        array = np.array(found, np.dtypes.StringDType() if is_text else type_.dtype)
    except OverflowError:
        line = next(line for line, row in rows if is_beyond(row.get(name)))
        message = f"`{name}` has an integer beyond all numbers of float64, in line {line} of {shown!r}"
        raise RunError("E402", message, helps=ways(name)[:1]) from None
    except UnicodeEncodeError:
        line = next(line for line, row in rows if not encodable(row.get(name)))
        message = f"`{name}` has half a character, an escape such as `\\ud83d` alone, in line {line} of {shown!r}"
        raise RunError("E405", message, helps=("write the character itself, in UTF-8",)) from None
    array = array.reshape(len(values), *type_.shape)
    return np.ma.MaskedArray(array, missing) if missing.any() and not type_.shape else array


def flat(value: Any) -> list[Any]:
    """All that is in lists of one shape."""
    found = flattened(value)
    assert found is not None, "the shapes have been compared"
    return found[1]


def is_beyond(value: Any) -> bool:
    """Whether a number, or one in a list, is beyond float64."""
    try:
        np.array(value, float)
    except OverflowError:
        return True
    return False


def encodable(value: Any) -> bool:
    """Whether a text, or all in a list, can be written."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def type_of(name: str, seen: Seen, declared: Kind | None, trained: Kind | None) -> TensorType | Refusal:
    """The type of one row of a column."""
    if seen.has("objects"):
        return Refusal(("objects",), "has objects", (f"the values in them are columns of their own: `{name}.KEY`",))
    if (-1,) in seen.shapes:
        what = f"has lists in which others differ in length, or more than {MOST_AXES} in each other"
        return Refusal((), what, PADDED)
    if len(seen.shapes) > 1:
        (first, one), (other, later) = list(seen.shapes.items())[:2]
        what = f"has rows of different shapes, {list(first)} {one} and {list(other)} {later}"
        return Refusal((), what, PADDED)
    shape = next(iter(seen.shapes), ())
    if shape and (0 in shape or seen.has("missing")):
        what = "has missing values in its lists" if seen.has("missing") else "has empty lists"
        return Refusal((), what, PADDED)
    kind = kind_of(name, seen, declared, trained)
    return kind if isinstance(kind, Refusal) else TensorType(shape, "bool" if kind == "boolean" else DTYPES[kind])


PADDED = ("write lists of one length, filled up with a value of your own",)


def kind_of(name: str, seen: Seen, declared: Kind | None, trained: Kind | None) -> Any:
    """The kind of a column, `boolean` besides those of `Kind`, or why it has none."""
    wanted = declared or ("text" if trained == "text" else None)
    if wanted == "text":
        others = tuple(sort for sort in ("numbers", "booleans") if seen.has(sort))
        helps = ('write these values as texts: `"1.50"`',)
        return Refusal(others, "is text, and has others", helps) if others else "text"
    if not seen.has(*NUMBERS, "texts", "booleans"):
        return declared or trained or "number"
    if wanted is not None or trained is not None:
        not_whole = ("numbers",) if wanted == "integer" else ()
        others = tuple(sort for sort in ("texts", "booleans", *not_whole) if seen.has(sort))
        if others:
            was = f"is declared as `{wanted}` in `types`" if wanted else "was numbers in the training rows"
            return Refusal(others, f"{was}, and has others", ("correct these values; a missing one is `null`",))
    kinds = {IN_WORDS[sort] for sort in seen.counts if sort != "missing"}
    if len(kinds) > 1:
        first, other, *_ = sorted(kinds)
        helps = (f"write all of one kind, or write `types: {{{name}: text}}`, where numbers are integers",)
        return Refusal(("texts", "booleans"), f"has both {first} and {other}", helps)
    if seen.has("texts"):
        return "text"
    if seen.has("booleans"):
        return "boolean"
    return kind_of_numbers(name, seen, wanted)


def kind_of_numbers(name: str, seen: Seen, wanted: Kind | None) -> Any:
    """The kind of a column of numbers alone, or why it has none."""
    if wanted == "number":
        return "number"
    if not seen.has("numbers", "wide", "huge"):
        return "integer"
    rounded = tuple(sort for sort in ("long", "huge", *(("wide",) if wanted == "integer" else ())) if seen.has(sort))
    if rounded:
        beside = "beside numbers with a fraction" if seen.has("numbers") else "or that int64 has no room for"
        return Refusal(rounded, f"has integers that float64 would round, {beside}", ways(name))
    return Refusal(("wide",), "has integers beyond int64", ways(name)) if wanted == "integer" else "number"


def refusal(name: str, found: Refusal, seen: Seen) -> RunError:
    """The error E402 for a column that cannot be read."""
    count = sum(seen.counts.get(sort, 0) for sort in found.sorts)
    places = [place for sort in found.sorts for place in seen.places.get(sort, ())][:MOST_KEPT]
    each = ", ".join(str(place) for place in places) + (", ..." if count > len(places) else "")
    after = f": {counted(count, 'value')}, {each}" if places else ""
    return RunError("E402", f"`{name}` {found.what}{after}", helps=found.helps)
