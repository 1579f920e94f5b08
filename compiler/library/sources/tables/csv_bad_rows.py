"""The rows of csv files that are left out where a spec asks for it: of another length than the header, no text, or with a value that
does not fit its column.
"""

import csv
from collections.abc import Mapping, Sequence

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import np
from modelc.compiler.library.contracts.bad_row import BadRow, Fault, Skips, shown_value
from modelc.compiler.library.sources.tables.column_types import REASONS, Counts, Kind, Notation
from modelc.compiler.library.sources.tables.csv_faults import malformed, records, undecodable, what_is_wrong
from modelc.compiler.library.sources.tables.headers import Dialect, any_length
from modelc.compiler.library.sources.tables.table_file import TableFile, once, unchanged

UNFIT: Mapping[Kind, tuple[str, ...]] = {
    "number": ("texts",),
    "integer": ("texts", "numbers", "wide", "huge"),
    "text": (),
}
"""The sorts of values, see `Counts`, that are none of a kind."""
KEPT_OUT = "`on_bad_row: skip` cannot leave this out: where a row ends is not known"
"""What is said of faults that no row can be told to have."""


def fitting(counts: Counts, kind: Kind | None) -> Counts:
    """`counts` of a column once the rows are left out whose values are none of a `kind`."""
    sorts = UNFIT[kind] if kind is not None else ()
    gone = sum(getattr(counts, sort) for sort in sorts)
    return counts._replace(**dict.fromkeys(sorts, 0), missing=counts.missing + gone)


def bad_records(
    file: TableFile,
    dialect: Dialect,
    names: Sequence[str],
    texts: Notation | None = None,
    unfit: Mapping[str, Kind] | None = None,
) -> Mapping[int, BadRow]:
    """By their numbers, the rows of a file with the columns `names` that cannot be read, or have a value that `unfit` has another
    kind for.

    Raises RunError E405 for quotes that do not end, and for bytes that are no text where these may be line ends.
    """
    key = (dialect, tuple(names), texts, *sorted((unfit or {}).items()))

    def look() -> Mapping[int, BadRow]:
        columns = {names.index(name): kind for name, kind in (unfit or {}).items()}
        found: dict[int, BadRow] = {}
        line = 0
        with unchanged(file) as opened, any_length():
            try:
                for row, record in enumerate(records(opened, dialect, len(names))):
                    line = record.line
                    fault = fault_in(record.fields, what_is_wrong(record, len(names)), names, texts, columns)
                    if fault is not None:
                        found[row] = BadRow(row, fault, file.shown, line)
            except UnicodeError:
                raise not_left_out(undecodable(opened, file.shown, dialect)) from None
            except csv.Error as error:
                raise not_left_out(malformed(str(error), file.shown, after=line)) from None
        return found

    return once([file], ("bad csv rows", *key), look)


def not_left_out(error: RunError) -> RunError:
    """`error` for what is no matter of one row."""
    return error.replaced(notes=(*error.notes, KEPT_OUT))


def fault_in(
    fields: Sequence[str], wrong: str, names: Sequence[str], texts: Notation | None, columns: Mapping[int, Kind]
) -> Fault | None:
    """What is wrong with a row: it is `wrong` as a whole, or has a value that is none of the kind of its column."""
    if wrong:
        return Fault(wrong)
    for place, kind in columns.items() if texts is not None else ():
        assert texts is not None
        if texts.sort_of(fields[place]) in UNFIT[kind]:
            return Fault(REASONS[kind], names[place], shown_value(fields[place]))
    return None


def skips_in(
    files: Sequence[tuple[TableFile, Dialect, Sequence[str]]],
    rows: Sequence[int],
    texts: Notation,
    unfit: Mapping[str, Kind],
) -> tuple[Skips, "np.ndarray | None", tuple[int, ...]]:
    """The rows that are left out of files with so many `rows` that can be read, which of these are kept, None for all, and how many
    those are in each file.
    """
    bad: list[BadRow] = []
    numbers, chosen, kept = [], [], []
    passed = 0
    for (file, dialect, names), readable in zip(files, rows, strict=True):
        ragged = bad_records(file, dialect, names)
        unfitting = bad_records(file, dialect, names, texts, unfit) if unfit else ragged
        total = readable + len(ragged)
        is_kept, is_read = np.ones(total, bool), np.ones(total, bool)
        is_kept[[*unfitting]] = False
        is_read[[*ragged]] = False
        bad += [one._replace(row=one.row + passed) for one in unfitting.values()]
        numbers.append(np.flatnonzero(is_kept) + passed)
        chosen.append(is_kept[is_read])
        kept.append(int(is_kept.sum()))
        passed += total
    if not bad:
        return Skips(), None, tuple(rows)
    return Skips(tuple(bad), np.concatenate(numbers)), np.concatenate(chosen), tuple(kept)
