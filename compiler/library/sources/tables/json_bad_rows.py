"""The rows of files of JSON lines that are left out where a spec asks for it: lines that are no object, and rows with a value that
does not fit its column.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import np
from modelc.compiler.library.contracts.bad_row import BadRow, Fault, Skips, shown_value
from modelc.compiler.library.sources.tables.column_types import REASONS, Kind
from modelc.compiler.library.sources.tables.json_rows import flattened, rows_or_errors, sort_of
from modelc.compiler.library.sources.tables.table_file import TableFile, once, unchanged

FIT: Mapping[Kind, tuple[str, ...]] = {
    "integer": ("integers", "long", "booleans", "missing"),
    "number": ("integers", "long", "wide", "huge", "numbers", "booleans", "missing"),
    "text": ("texts", "missing"),
}
"""The sorts of values that are of a kind."""
USUAL = 0.9
"""A shape that as many rows have, in parts of one, is that which others are to have."""
RAGGED = (-1,)
"""What stands for the shape of lists in which others differ in length."""


class Fit(NamedTuple):
    """What the values of columns have to be, by name: of a kind, and of a shape."""

    kinds: tuple[tuple[str, Kind], ...]
    shapes: tuple[tuple[str, tuple[int, ...]], ...]


def fit_for(files: Sequence[TableFile], names: Collection[str], kinds: Mapping[str, Kind]) -> Fit:
    """What values of the columns called `names` have to be: of these `kinds`, and of the shape that nearly all rows have, where one is
    that.
    """

    def look() -> tuple[tuple[str, tuple[int, ...]], ...]:
        shapes: dict[str, Counter[tuple[int, ...]]] = {name: Counter() for name in names}
        for file in files:
            with unchanged(file) as opened:
                for _, row in rows_or_errors(opened, file.shown):
                    there = {} if isinstance(row, RunError) else row
                    for name in shapes.keys() & there.keys():
                        shapes[name][shape_of(there[name])] += 1
        usual = {name: counts.most_common(1)[0] for name, counts in shapes.items() if counts}
        return tuple(
            (name, shape)
            for name, (shape, count) in sorted(usual.items())
            if count >= USUAL * shapes[name].total() and shape != RAGGED
        )

    return Fit(tuple(sorted(kinds.items())), once(files, ("json shapes", *sorted(names)), look))


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a value, `RAGGED` of lists that have none."""
    if not isinstance(value, list):
        return ()
    found = flattened(value)
    return RAGGED if found is None else found[0]


def fitting_rows(file: BinaryIO, shown: str, unfit: Fit) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of an open file that can be read, each with its line. Raises RunError E405."""
    for line, row in rows_or_errors(file, shown):
        if not isinstance(row, RunError) and fault_in(row, unfit) is None:
            yield line, row


def bad_lines(file: TableFile, unfit: Fit) -> tuple[int, Mapping[int, BadRow]]:
    """How many rows a file has, and by their numbers those that cannot be read, or have a value that does not fit.

    Raises RunError E405 for what is no file of JSON lines at all.
    """

    def look() -> tuple[int, Mapping[int, BadRow]]:
        found: dict[int, BadRow] = {}
        count = 0
        with unchanged(file) as opened:
            for line, row in rows_or_errors(opened, file.shown):
                fault = fault_of(row, line, file.shown) if isinstance(row, RunError) else fault_in(row, unfit)
                if fault is not None:
                    found[count] = BadRow(count, fault, file.shown, line)
                count += 1
        return count, found

    return once([file], ("bad json rows", unfit), look)


def fault_of(error: RunError, line: int, shown: str) -> Fault:
    """What is wrong with a line, whose place is said beside it."""
    message = error.message.removeprefix(f"line {line} of {shown!r} ").removeprefix(f"{shown!r} ")
    return Fault(message.replace(f": line {line} has", ": it has"))


def fault_in(row: Mapping[str, Any], fit: Fit) -> Fault | None:
    """The first value of a row that is none of the kind of its column, or of another shape."""
    for name, kind in fit.kinds:
        value = row.get(name)
        if value is not None and any(sort_of(item) not in FIT[kind] for item in items_of(value)):
            return Fault(REASONS[kind], name, shown_json(value))
    for name, shape in fit.shapes:
        value = row.get(name)
        if value is None:
            if shape:
                return Fault("is missing", name)
        elif (own := shape_of(value)) != shape:
            which = "has lists of different lengths" if own == RAGGED else f"has shape {list(own)}"
            return Fault(f"{which}, and others {list(shape)}", name, shown_json(value))
        elif shape and None in items_of(value):
            return Fault("has a missing value in its list", name)
    return None


def items_of(value: Any) -> Sequence[Any]:
    """All that is in a list, or a value itself; nothing of lists in which others differ in length."""
    if not isinstance(value, list):
        return [value]
    found = flattened(value)
    return [] if found is None else found[1]


def shown_json(value: Any) -> str:
    return shown_value(json.dumps(value, ensure_ascii=False))


def skips_in(files: Sequence[TableFile], unfit: Fit) -> Skips:
    """The rows that are left out of files."""
    bad: list[BadRow] = []
    passed = 0
    for file in files:
        count, found = bad_lines(file, unfit)
        bad += [one._replace(row=one.row + passed) for one in found.values()]
        passed += count
    if not bad:
        return Skips()
    kept = np.ones(passed, bool)
    kept[[one.row for one in bad]] = False
    return Skips(tuple(bad), np.flatnonzero(kept))
