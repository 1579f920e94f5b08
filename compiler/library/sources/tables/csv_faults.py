"""What is wrong with a csv file, with line, column and value: it is read once more by the standard library, row by row."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.library.sources.tables.headers import Dialect, any_length, no_text

SHOWN = 3
"""As many faults of one kind a message shows."""
LONGEST = 40
"""Characters of a value that a message shows."""


class Record(NamedTuple):
    """One row of a csv file, and the line in which it begins, counted from 1."""

    line: int
    fields: list[str]


def records(file: BinaryIO, dialect: Dialect, width: int) -> Iterator[Record]:
    """The rows of an open csv file of `width` columns without its header and empty lines; of a single column, an empty line is an
    empty field. Raises csv.Error, UnicodeError.
    """
    file.seek(0)
    stream = io.TextIOWrapper(file, dialect.codec, dialect.errors, newline="")
    try:
        reader = csv.reader(stream, delimiter=dialect.delimiter, strict=True)
        begin, header = 1, dialect.column_names is None
        for fields in reader:
            if fields and header:
                header = False
            elif fields or (width == 1 and not header):
                yield Record(begin, fields or [""])
            begin = reader.line_num + 1
    finally:
        stream.detach()


def fault_of(file: BinaryIO, shown: str, dialect: Dialect, width: int) -> RunError | None:
    """The error E405 for rows that have not as many fields as there are columns, a quote that does not end, or bytes that are no
    text; None where nothing is wrong.
    """
    ragged: list[Record] = []
    count, line = 0, 0
    with any_length():
        try:
            for record in records(file, dialect, width):
                line = record.line
                if any("\0" in text for text in record.fields):
                    return no_text(shown, line)
                if len(record.fields) != width:
                    count += 1
                    ragged += [record][: SHOWN - len(ragged)]
        except UnicodeError:
            return undecodable(file, shown, dialect)
        except csv.Error as error:
            return (
                malformed(str(error), shown, after=line)
                if not ragged
                else ragged_rows(ragged, count, shown, dialect, width)
            )
    return ragged_rows(ragged, count, shown, dialect, width) if ragged else None


ESCAPED = re.compile("[\udc80-\udcff]")
"""A byte that is no text, see `Dialect.errors`."""


def what_is_wrong(record: Record, width: int) -> str:
    """Why a row of a file of `width` columns is left out where that is asked for; empty for one that can be read."""
    if len(record.fields) != width:
        return f"has {counted(len(record.fields), 'field')}, and there are {counted(width, 'column')}"
    for text in record.fields:
        if "\0" in text:
            return "has a character that is 0"
        if not text.isascii() and ESCAPED.search(text):
            return "has bytes that are no text in the encoding of the file"
    return ""


def ragged_rows(ragged: Sequence[Record], count: int, shown: str, dialect: Dialect, width: int) -> RunError:
    """The error for rows that are longer or shorter than the header, or than `column_names` says."""
    lines = ", ".join(
        f"line {record.line} has {counted(len(record.fields), 'field')} ({excerpt(record.fields)})" for record in ragged
    )
    helps = ['correct these lines: a value with the delimiter in it stands in double quotes, `"a, b"`']
    widths = {len(record.fields) for record in ragged}
    if dialect.column_names is not None and len(widths) == 1:
        helps.append(f"or, if all lines have {counted(widths.pop(), 'field')}, say so in `column_names`")
    return RunError(
        "E405",
        f"{counted(count, 'row')} of {shown!r} {'is' if count == 1 else 'are'} not of {counted(width, 'field')}, as "
        f"{'the first line' if dialect.column_names is None else '`column_names`'} has: {lines}"
        + (", ..." if count > len(ragged) else ""),
        helps=tuple(helps),
    )


def malformed(reason: str, shown: str, after: int) -> RunError:
    """The error for quotes that cannot be read, somewhere behind the row that begins in line `after`."""
    where = f"behind the row of line {after}" if after else "in its first row"
    if reason.startswith("unexpected end"):
        message = f"a quote in {shown!r} does not end: it begins {where}, and takes in all that follows"
    elif "expected after" in reason:
        message = f"a quote in {shown!r} ends within a field, {where}"
    else:
        message = f"{shown!r} cannot be read {where}: {reason}"
    return RunError("E405", message, helps=('a quote inside of a quoted field is written twice: `"5"" pipe"`',))


def undecodable(file: BinaryIO, shown: str, dialect: Dialect) -> RunError:
    """The error for bytes that are no text in the encoding of the file."""
    place = ""
    if not dialect.encoding.startswith(("utf-16", "utf-32")):
        file.seek(0)
        for number, line in enumerate(file, 1):
            try:
                line.decode(dialect.encoding)
            except UnicodeDecodeError as error:
                place = f": line {number} has {line[error.start : error.start + 1]!r}, behind {excerpt_of(line[: error.start], dialect)}"
                break
    others = "`encoding: latin-1`, `encoding: cp1252`" if dialect.encoding == "utf-8" else "`encoding: utf-8`"
    return RunError(
        "E405",
        f"{shown!r} is not in {dialect.encoding}{place}",
        helps=(f"say in the source which encoding it has, such as {others}",),
    )


def excerpt_of(line: bytes, dialect: Dialect) -> str:
    """The end of a part of a line, as a message shows it."""
    return repr(line.decode(dialect.encoding, "replace")[-20:])


def excerpt(fields: Sequence[str]) -> str:
    """The fields of a row, as a message shows them."""
    text = repr(fields)[1:-1]
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


class Found(NamedTuple):
    """A value that is not as it should be."""

    line: int
    value: str


def first_values(file: BinaryIO, dialect: Dialect, width: int, place: int, wrong: Callable[[str], bool]) -> list[Found]:
    """The first in the column at a place, counted from 0, of `width` columns that are `wrong`."""
    found: list[Found] = []
    with any_length():
        for record in records(file, dialect, width):
            if len(record.fields) == width and wrong(record.fields[place]):
                found.append(Found(record.line, record.fields[place]))
                if len(found) == SHOWN:
                    break
    return found


def longest_row(file: BinaryIO, dialect: Dialect, width: int) -> tuple[int, int]:
    """The line in which the longest row begins, and how many bytes of UTF-8 are in its fields."""
    with any_length():
        sizes = (
            (record.line, sum(len(text.encode(errors="surrogateescape")) for text in record.fields))
            for record in records(file, dialect, width)
        )
        return max(sizes, key=itemgetter(1), default=(0, 0))


def shown_values(found: Sequence[Found], count: int) -> str:
    """Values and their lines, as a message has them, of `count` in all."""
    each = ", ".join(f"{excerpt([item.value])} in line {item.line}" for item in found)
    return each + (", ..." if count > len(found) else "")
