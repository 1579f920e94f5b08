"""Reads a table of which nothing is known but its path: with which arguments of its source, and why these."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.base.number_notation import number_pattern
from modelc.compiler.library.contracts.bad_row import shown_value
from modelc.compiler.library.readers.names import names_in
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.endings import source_of_file
from modelc.compiler.library.sources.tables.table_source import TableSource
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.drafting.columns import DIGITS

MISSING = (
    "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "#N/A", "null", "NULL", "Null", "None", "none", "?", "-", "--", ".", "missing",
)  # fmt: skip
"""What people write for a missing value."""

HELP_FOR_NO_ROWS = ("add rows: what columns are, and how they go together, is seen in these",)
FEW = 20
"""Of a column of texts that are numbers but for one in so many, those are mistakes rather than names."""
CHUNK = 2**20
UNUSED = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that no letter of `cp1252` has."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file, each a MaskedArray where values are missing, with the source that reads it, the arguments that this
    is given, and for each argument why.
    """

    kind: str
    arguments: Mapping[str, Any]
    columns: Arrays
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def read_table(root: Root, path: str) -> Table:
    """The table in the file at `path` below `root`. Raises RunError E404, E405."""
    kind = source_of_file(path)
    found = SOURCES.find(kind) if kind else None
    if found is None or not issubclass(found, TableSource):
        ways = "a table has the ending of its kind: `.csv`, `.parquet` or `.jsonl`"
        raise RunError("E405", f"`{path}` is no table", helps=(ways, "or `modelc init` lists templates for other data"))
    arguments: dict[str, Any] = {"train": path}
    reasons: dict[str, str] = {}
    if kind == "csv" and (encoding := encoding_of(root, path)) != "utf-8":
        arguments["encoding"] = encoding
        reasons["encoding"] = (
            "The file is not in UTF-8. Look at letters with accents: where they are wrong, it is another one."
        )
    table = Table(kind, arguments, loaded(root, kind, arguments), reasons)
    if kind != "csv":
        return table
    if has_decimal_comma(table.columns):
        arguments["decimal"] = ","
        reasons["decimal"] = "Fractions begin with a comma, as in `1,5`."
        table = Table(kind, arguments, loaded(root, kind, arguments), reasons)
    if markers := missing_markers(table.columns, arguments.get("decimal", ".")):
        arguments["missing_values"] = ["", *markers]
        reasons["missing_values"] = "What stands for a missing value in columns that are numbers else, in all columns."
        table = Table(kind, arguments, loaded(root, kind, arguments), reasons)
    return table


def loaded(root: Root, kind: str, arguments: Mapping[str, Any]) -> Arrays:
    """All columns, in the order of the file. Raises RunError."""
    source = SOURCES.find(kind)
    assert source is not None
    given = {name: (value,) if name == "train" else value for name, value in arguments.items()}
    try:
        columns = source.model_validate(given).load(root).train
    except RunError as error:
        raise error.replaced(helps=error.helps or HELP_FOR_NO_ROWS) if error.code == "E404" else error from None
    if not columns or not len(next(iter(columns.values()))):
        raise RunError("E404", f"`{arguments['train']}` has no rows", helps=HELP_FOR_NO_ROWS)
    return columns


def encoding_of(root: Root, path: str) -> str:
    """The encoding of a text: UTF-8 where it can be that, UTF-16 where it is marked so, else one that has every byte.

    Raises RunError E405.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with root.open(path) as file:
        begin = file.read(CHUNK)
        if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        is_utf_8, found = True, set[int]()
        while begin:
            try:
                decoder.decode(begin)
            except UnicodeDecodeError:
                is_utf_8 = False
            found.update(begin)
            begin = file.read(CHUNK)
    return "utf-8" if is_utf_8 else "latin-1" if found & UNUSED else "cp1252"


def as_text(root: Root, table: Table, name: str) -> Table:
    """`table` with the column called `name` read as text, where its source can be told so."""
    source = SOURCES.find(table.kind)
    assert source is not None
    if "types" not in source.model_fields:
        return table
    arguments = {**table.arguments, "types": {name: "text"}}
    reasons = {**table.reasons, "types": f"The values of `{name}` are names of classes, though they look like numbers."}
    return Table(table.kind, arguments, loaded(root, table.kind, arguments), reasons)


def texts_of(column: Array) -> Array | None:
    """The distinct texts in a column that are there; None for a column of others."""
    values = np.ma.getdata(column)
    if values.ndim != 1 or values.dtype.kind not in "UT":
        return None
    return distinct(values[~np.ma.getmaskarray(column)]).values


def has_decimal_comma(columns: Arrays) -> bool:
    """Whether there is a column all of whose texts are numbers with a decimal comma."""
    pattern = re.compile(number_pattern(","))
    return any(
        texts is not None and len(texts) > 0 and all(pattern.fullmatch(text) or text in MISSING for text in texts)
        and any("," in text for text in texts)
        for texts in map(texts_of, columns.values())
    )  # fmt: skip


def missing_markers(columns: Arrays, decimal: str) -> Sequence[str]:
    """The words for a missing value but for which a column would be of numbers, in any such column."""
    pattern = re.compile(number_pattern(decimal))
    found: set[str] = set()
    for texts in map(texts_of, columns.values()):
        if texts is None:
            continue
        others = [text for text in texts if not pattern.fullmatch(text)]
        if len(others) < len(texts) and others and all(text in MISSING for text in others):
            found.update(others)
    return sorted(found)


def mistake_in(root: Root, table: Table, name: str) -> str:
    """How many values of a column of a csv file, which are numbers but for these few, are none, and where the first is; empty for others:
    files of other kinds say what they have.
    """
    column = table.columns[name]
    values, gone = np.ma.getdata(column), np.ma.getmaskarray(column)
    if table.kind != "csv" or values.dtype.kind not in "UT":
        return ""
    pattern = re.compile(number_pattern(table.arguments.get("decimal", ".")))
    texts, among = names_in(values)
    odd = np.isin(among, [place for place, text in enumerate(texts) if not pattern.fullmatch(text)]) & ~gone
    count, there = int(odd.sum()), int((~gone).sum())
    if not 0 < count * FEW <= there or all(DIGITS.fullmatch(texts[place]) for place in {*among[odd]}):
        return ""
    row = int(np.flatnonzero(odd)[0])
    source = SOURCES.find(table.kind)
    assert source is not None
    place = source.model_validate({**table.arguments, "train": (table.arguments["train"],)}).place_of(root, row)
    of = (
        f"one of its {there:,} values is no number"
        if count == 1
        else f"{count:,} of its {there:,} values are no numbers"
    )
    return f"{of}: {shown_value(values[row])!r} in {place or f'row {row}'}"
