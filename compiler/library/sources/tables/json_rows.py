"""Rows of JSON lines, one object in each line, by the standard library: every number is as it is written, every fault has its line."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources.tables.table_file import refuse_packed

ROWS_AT_ONCE = 2**14
"""As many rows are in memory as Python has them, beside the arrays that they are put into."""
MOST_KEPT = 3
"""As many places are kept of each sort of value."""
MOST_AXES = 32
"""As many lists are in each other at most."""
LONGEST = 40
"""Characters of a value that a message shows."""


class Repeated(ValueError):
    """An object has a key twice."""


def rows_of(file: BinaryIO, shown: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of an open file, each with its line, counted from 1. Empty lines are none. Raises RunError E405."""
    for number, row in rows_or_errors(file, shown):
        if isinstance(row, RunError):
            raise row from None
        yield number, row


def rows_or_errors(file: BinaryIO, shown: str) -> Iterator[tuple[int, dict[str, Any] | RunError]]:
    """The same, with the error E405 of a line in place of a row where it is none. Raises RunError E405 for what is no file of JSON
    lines at all.
    """
    file.seek(0)
    refuse_packed(file.read(8), shown)
    file.seek(0)
    decoder = json.JSONDecoder(object_pairs_hook=without_repeats)
    for number, line in enumerate(file, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip(" \t\r\n")
            if not text:
                continue
            row = decoder.decode(text)
        except (ValueError, RecursionError) as error:
            yield number, error_of_line(error, number, line, shown)
            continue
        if not isinstance(row, dict):
            if isinstance(row, list) and number == 1:
                raise refused(f"line {number} of {shown!r} is {kind_in_words(row)}, not an object", IN_LINES)
            yield number, refused(f"line {number} of {shown!r} is {kind_in_words(row)}, not an object", ONE_ROW)
            continue
        yield number, with_inner_values(row)


def with_inner_values(row: dict[str, Any]) -> dict[str, Any]:
    """A row, and the values of the objects in it as columns of their own, such as `place.city`; a key that is called so is that."""
    inner, found = row, dict[str, Any]()
    while dict in map(type, inner.values()):
        objects = [(name, value) for name, value in inner.items() if isinstance(value, dict)]
        inner = {f"{name}.{key}": item for name, value in objects for key, item in value.items()}
        found = {**inner, **found}
    return {**row, **{name: value for name, value in found.items() if name not in row}} if found else row


def error_of_line(error: ValueError | RecursionError, number: int, line: bytes, shown: str) -> RunError:
    """The error E405 for a line that cannot be decoded. Raises it for a first line that is only a part of JSON."""
    if isinstance(error, UnicodeDecodeError):
        place = f"line {number} has {line[error.start : error.start + 1]!r}"
        return refused(f"{shown!r} is not in UTF-8: {place}", "save it in UTF-8, as JSON is")
    if isinstance(error, json.JSONDecodeError):
        if b"\0" in line:
            place = f"line {number} has a character that is 0"
            return refused(f"{shown!r} is not in UTF-8: {place}", "save it in UTF-8, as JSON is")
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip(" \t\r\n")
        goes_on = line.endswith(b"\n") and text.startswith(("[", "{")) and not text.endswith(("]", "}"))
        if number == 1 and goes_on:
            raise refused(f"{shown!r} is JSON of several lines, not of one row in each", IN_LINES) from None
        return refused(
            f"line {number} of {shown!r} is no JSON: {error.msg.lower()}, at its character {error.colno}", ONE_ROW
        )
    if isinstance(error, Repeated):
        return refused(f"line {number} of {shown!r} has the key `{error}` twice", "leave one of them out")
    return refused(f"line {number} of {shown!r} cannot be read: too deep, or a number too long", ONE_ROW)


ONE_ROW = 'a file of JSON lines has an object in each line: `{"rooms": 3, "price": 210}`'
IN_LINES = "write a line for each row: `jq -c '.[]' FILE`, or `frame.to_json(FILE, orient=\"records\", lines=True)`"


def refused(message: str, help: str) -> RunError:
    return RunError("E405", message, helps=(help,))


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with these entries. Raises Repeated."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Repeated(key)
            seen.add(key)
    return found


def kind_in_words(value: Any) -> str:
    """What a value of JSON is, in words."""
    if value is None:
        return "null"
    kinds = {
        bool: "a truth value",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds[type(value)]


class Place(NamedTuple):
    """Where something is, and what."""

    line: int
    shown: str
    text: str = ""

    def __str__(self) -> str:
        text = self.text if len(self.text) <= LONGEST else self.text[: LONGEST - 3] + "..."
        return f"{text} in line {self.line} of {self.shown!r}".lstrip()


@dataclass(slots=True)
class Seen:
    """What was seen of a column: how many values of each sort, the first places of each, and the shapes of its rows."""

    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    shapes: dict[tuple[int, ...], Place] = field(default_factory=dict)
    size: int = 0
    rows: int = 0

    def add(self, value: Any, line: int, shown: str) -> None:
        """Look at the value of one row."""
        self.rows += 1
        shape: tuple[int, ...] = ()
        values = [value]
        if isinstance(value, list):
            found = flattened(value)
            shape, values = ((-1,), []) if found is None else found
        if value is not None and shape not in self.shapes:
            self.shapes[shape] = Place(line, shown)
        for item in values:
            sort = sort_of(item)
            if isinstance(item, str):
                self.size += len(item)
            count = self.counts.get(sort, 0)
            self.counts[sort] = count + 1
            if count < MOST_KEPT:
                self.places.setdefault(sort, []).append(Place(line, shown, json.dumps(item, ensure_ascii=False)))

    def add_all(self, lines: Sequence[int], values: Sequence[Any], shown: str) -> None:
        """Look at the values of many rows, which begin in these lines; quickly where all are of one simple sort."""
        sort = sort_of_all(values)
        if not sort:
            for line, value in zip(lines, values, strict=True):
                self.add(value, line, shown)
            return
        before = self.counts.get(sort, 0)
        for line, value in zip(lines[:MOST_KEPT], values[:MOST_KEPT], strict=True):
            self.add(value, line, shown)
        rest = values[MOST_KEPT:]
        self.rows += len(rest)
        self.counts[sort] = before + len(values)
        if sort == "texts":
            self.size += sum(map(len, rest))

    def has(self, *sorts: str) -> bool:
        """Whether there are values of one of the `sorts`."""
        return any(sort in self.counts for sort in sorts)


def sort_of_all(values: Sequence[Any]) -> str:
    """The sort of all `values`, where it is one of the usual ones; empty for others."""
    kinds = set(map(type, values))
    if len(kinds) != 1:
        return ""
    (kind,) = kinds
    if kind is int:
        return "integers" if min(values) >= -(2**53) and max(values) <= 2**53 else ""
    return {float: "numbers", str: "texts", bool: "booleans"}.get(kind, "")


def sort_of(value: Any) -> str:
    """What a value that is no list counts as; the words for integers are those of `column_types.Counts`."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "booleans"
    if isinstance(value, int):
        if -(2**53) <= value <= 2**53:
            return "integers"
        is_exact = abs(value) < 2**127 and int(float(value)) == value
        if -(2**63) <= value < 2**63:
            return "integers" if is_exact else "long"
        return "wide" if is_exact else "huge"
    return {float: "numbers", str: "texts"}.get(type(value), "objects")


def flattened(value: Sequence[Any], axes: int = MOST_AXES) -> tuple[tuple[int, ...], list[Any]] | None:
    """The shape of lists in lists, and all that is in them; None where they differ in length, or have more than so many `axes`."""
    if not any(isinstance(item, list) for item in value):
        return (len(value),), list(value)
    if axes == 1:
        return None
    parts = [flattened(item, axes - 1) if isinstance(item, list) else None for item in value]
    first, flat = parts[0], []
    for part in parts:
        if part is None or first is None or part[0] != first[0]:
            return None
        flat += part[1]
    assert first is not None
    return (len(value), *first[0]), flat


def seen_in(
    rows_read: Iterator[tuple[int, dict[str, Any]]], shown: str, seen: dict[str, Seen], names: Collection[str] | None
) -> int:
    """Add what the rows of a file have of the columns called `names`, or of all, to `seen`, and of others that they are there; the
    number of its rows. Raises RunError E405.
    """
    count = 0
    for part in parts_of(rows_read):
        count += len(part)
        lines, rows = [line for line, _ in part], [row for _, row in part]
        for name in dict.fromkeys(chain.from_iterable(rows)):
            found = seen.setdefault(name, Seen())
            if names is None or name in names:
                values = [row[name] for row in rows if name in row]
                if len(values) < len(rows):
                    lines_there = [line for line, row in part if name in row]
                    found.add_all(lines_there, values, shown)
                else:
                    found.add_all(lines, values, shown)
    return count


def parts_of(rows: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """Rows, many together."""
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield part


def count_absent(seen: Mapping[str, Seen], rows: int) -> None:
    """Count the rows that have not the key of a column as missing values of it."""
    for found in seen.values():
        if found.rows < rows:
            found.counts["missing"] = found.counts.get("missing", 0) + rows - found.rows
