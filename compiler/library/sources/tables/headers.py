"""The first lines of csv files: their delimiter, and the names of their columns. Standard library only."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.sources.tables.table_file import refuse_packed

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are looked for, in the order in which they are taken where several would do."""
OTHERS = {" ": "spaces", ":": "colons", "~": "`~`", "^": "`^`", "\x01": "the character 1"}
"""What separates fields in other files, which is only used where the spec says so."""
LOOKED_AT = 20
"""As many rows are compared with the header to find the delimiter."""
BEGINNING = 2**20
"""So many bytes of a file may have the rows that are compared; a header may be longer."""
LONGEST_HEADER = 2**24


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a csv file is written: its delimiter, its encoding, its column names where no header has them, and how many empty
    lines are above the header. Where it is `lenient`, bytes that are no text are read as surrogates: their row is left out.
    """

    delimiter: str
    encoding: str = "utf-8"
    column_names: tuple[str, ...] | None = None
    above: int = 0
    lenient: bool = False

    @property
    def errors(self) -> str:
        """What the codec does about bytes that are no text. Where a character has several bytes at least, so has a line end."""
        return "surrogateescape" if self.lenient and not self.encoding.startswith(WIDE) else "strict"

    @property
    def codec(self) -> str:
        """The codec of Python for `encoding`; a mark at the beginning of UTF-8 is no character."""
        return "utf-8-sig" if self.encoding == "utf-8" else self.encoding


@contextmanager
def any_length() -> Iterator[None]:
    """Let the standard library read fields of any length in the block; its own limit is that of the process."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def read_header(
    file: BinaryIO,
    shown: str,
    delimiter: str | None,
    encoding: str,
    column_names: tuple[str, ...] | None,
    *,
    lenient: bool = False,
) -> tuple[Dialect, tuple[str, ...]]:
    """The dialect of the open csv `file`, called `shown` in messages, and the names of its columns. Where it is `lenient`, rows may be
    no text.

    Raises RunError E405 where it is no csv file, has no header, or its header names columns twice or not at all.
    """
    text, whole = beginning(file, shown, Dialect("", encoding, lenient=lenient))
    if not text.strip("\r\n"):
        helps = ("a csv file begins with a line of column names",) if column_names is None else ()
        raise RunError("E405", f"{shown!r} is empty", helps=helps)
    if delimiter is None:
        delimiter = delimiter_of(text, shown, whole=whole)
    if column_names is not None:
        return Dialect(delimiter, encoding, column_names, lenient=lenient), column_names
    above = len(text[: len(text) - len(text.lstrip("\r\n"))].splitlines())
    names = next(rows_of(text, delimiter), [])
    check_names(names, shown)
    return Dialect(delimiter, encoding, above=above, lenient=lenient), tuple(names)


def beginning(file: BinaryIO, shown: str, dialect: Dialect) -> tuple[str, bool]:
    """The beginning of a csv file as text, and whether that is all of it. Raises RunError E405 for what is no text."""
    file.seek(0)
    raw = file.read(BEGINNING)
    refuse_packed(raw, shown)
    if b"\n" not in raw and b"\r" not in raw and len(raw) == BEGINNING:
        raw += file.read(LONGEST_HEADER - BEGINNING)
    whole = not file.read(1)
    other = next((other for mark, other in MARKS.items() if raw.startswith(mark)), None)
    if other is not None and dialect.encoding == "utf-8":
        raise RunError("E405", f"{shown!r} is in {other.upper()}", helps=(f"write `encoding: {other}` in the source",))
    if b"\0" in raw and not dialect.encoding.startswith(WIDE):
        halves = {"utf-16-le": (raw[:200:2], raw[1:200:2]), "utf-16-be": (raw[1:200:2], raw[:200:2])}
        if wide := [name for name, (signs, zeros) in halves.items() if all(signs) and not any(zeros)]:
            raise RunError(
                "E405", f"{shown!r} seems to be in UTF-16", helps=(f"write `encoding: {wide[0]}` in the source",)
            )
        line = len((raw[: raw.index(b"\0")] + b".").splitlines())
        if line == 1 or not dialect.lenient:
            raise no_text(shown, line)
    if other is None and dialect.encoding in WIDE:
        message = f"{shown!r} does not begin with the mark of {dialect.encoding.upper()}"
        raise RunError(
            "E405",
            message,
            helps=(f"say the order of its bytes: `encoding: {dialect.encoding}-le`, or `{dialect.encoding}-be`",),
        )
    with io.TextIOWrapper(io.BytesIO(raw), dialect.codec, errors="replace", newline="") as stream:
        return stream.read(), whole


WIDE = ("utf-16", "utf-32")
"""Encodings whose files begin with a mark that says the order of their bytes."""
MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""What the mark of each of these is."""


def no_text(shown: str, line: int) -> RunError:
    """The error E405 for a file with a byte that is 0 in a `line`."""
    help = "a csv file is a text with a line for each row; other files have sources of their own: `parquet`, `jsonl`, `npz`"
    return RunError("E405", f"{shown!r} is no text: line {line} has a character that is 0", helps=(help,))


def rows_of(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows at the beginning of `text` that are not empty lines."""
    with any_length(), suppress(csv.Error):
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)


def delimiter_of(text: str, shown: str, *, whole: bool) -> str:
    """The delimiter with which the first rows have as many fields as the header, and the header most.

    Raises RunError E405 where there is none, and the rows are separated by something else.
    """
    best, most = ",", (False, 1)
    for delimiter in DELIMITERS:
        rows = list(islice(rows_of(text, delimiter), LOOKED_AT + 2))
        # The last row may be cut off.
        kept = rows if whole and len(rows) < LOOKED_AT + 2 else rows[:-1] or rows
        widths = {len(row) for row in kept}
        found = (len(widths) == 1, len(rows[0]) if rows else 0)
        if found[1] > 1 and found > most:
            best, most = delimiter, found
    if most[1] > 1:
        return best
    lines = [line for line in text.splitlines() if line.strip()][: LOOKED_AT + 1]
    for sign, called in OTHERS.items():
        counts = {line.strip().count(sign) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            raise RunError(
                "E405",
                f"no delimiter found in {shown!r}: its lines have no comma, semicolon, tab or `|`, but {called}",
                helps=(
                    f"write `delimiter: {sign!a}` in the source".replace("'", '"'),
                    'or, if each line is one value, `delimiter: ","`',
                ),
            )
    return best


def check_names(names: Sequence[str], shown: str) -> None:
    """Raise RunError E405 unless each column has a name of its own."""
    if [*names] == ["sep=", ""]:
        message = f"the first line of {shown!r} is no header: it tells Excel which character separates fields"
        raise RunError("E405", message, helps=("remove this line: the delimiter is found without it",))
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise RunError(
            "E405",
            f"the header of {shown!r} names {listed(twice)} twice",
            helps=("give each column a name of its own in its first line",),
        )
    empty = [place for place, name in enumerate(names, 1) if not name.strip()]
    if empty:
        places = ", ".join(str(place) for place in empty[:5]) + (", ..." if len(empty) > 5 else "")
        which = "column" if len(empty) == 1 else "columns"
        after = f", after {names[empty[0] - 2]!r}" if len(empty) == 1 and empty[0] > 1 else ""
        raise RunError(
            "E405",
            f"the header of {shown!r} has no name for {which} {places} of {len(names)}{after}",
            helps=("name it in the first line, or remove it",),
        )
    numbers = [name for name in names if is_number(name)]
    # Integers may be names: pandas numbers the columns that have none.
    if 2 * len(numbers) >= len(names) and any("." in name for name in numbers):
        raise RunError(
            "E405",
            f"the first line of {shown!r} has numbers in place of names: {listed(names[:5])}",
            helps=(
                "if it has no header, give the names: `column_names: [a, b, c]`",
                f"or how many columns there are: with `column_names: {len(names)}` they are `column_1`, `column_2` and so on",
            ),
        )


def is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
