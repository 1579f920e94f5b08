"""Files of named columns: CSV, Parquet and JSON lines as tables, NPZ with whole arrays. Knows nothing of what is in them."""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import Any, BinaryIO

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.library.sources.tables.engine import EngineError, engine, named, numbered, quoted
from modelc.runtime.data.arrays import Array, Arrays, rows_of

FORMS = {".csv": "csv", ".npz": "npz", ".parquet": "parquet", ".pq": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""The form of a file by the ending of its name."""
ROWS_AT_ONCE = 4096
FORMULA = re.compile(r"""^(?=[\t\r\n])|(^|[;|\t\r\n])(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""Where a cell begins that a spreadsheet may compute, full-width forms too, also one that takes another separator than the
comma: for it a name with a semicolon is two cells. See https://owasp.org/www-community/attacks/CSV_Injection.
"""


def write_columns(file: BinaryIO, form: str, columns: Arrays, *, spreadsheet: bool = False) -> None:
    """Write `columns` `[rows, ...]` in a `form` of FORMS to an open file. Raises RunError E604."""
    if form == "npz":
        write_arrays(file, columns)
    elif form == "parquet":
        write_parquet(file, columns)
    else:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        if form == "csv":
            write_csv(csv.writer(text), columns, without_formula if spreadsheet else str)
        else:
            text.writelines(json_lines(columns))
        text.flush()
        text.detach()


def write_arrays(file: Any, columns: Arrays) -> None:
    """An .npz file of arrays by name; equal arrays give equal bytes. Raises RunError E604."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in columns.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                found = without_mask(name, array)
                np.lib.format.write_array(member, np.asarray(found, order="C"), allow_pickle=False)


def without_mask(name: str, array: Array) -> Array:
    """A column as an array of a file: where it is masked, booleans are numbers and -1, numbers NaN and texts empty.

    Raises RunError E604 for integers, none of which means that there is none.
    """
    kind = array.dtype.kind
    found: Array = array
    if np.ma.is_masked(array):
        if kind in "iu":
            message = f"`{name}` has missing values, which integers of an array cannot say"
            raise RunError("E604", message, helps=("write a `.csv`, `.parquet` or `.jsonl`",))
        fill = {"b": -1, "f": np.nan}.get(kind, "")
        found = np.ma.filled(array.astype(np.int8) if kind == "b" else array, fill)
    found = np.ma.getdata(found)
    return np.array(found.tolist(), dtype=str) if kind == "T" else found


def write_csv(writer: Any, columns: Arrays, shown: Callable[[str], str]) -> None:
    """A header and a line for each row; names in both are written as `shown` gives them."""
    writer.writerow([shown(name) for name in columns])
    for start in parts_of(columns):
        cells = [cells_of(column[start : start + ROWS_AT_ONCE], shown) for column in columns.values()]
        writer.writerows(zip(*cells, strict=True))


def parts_of(columns: Arrays) -> range:
    """The first of some rows that are written together, for all rows."""
    return range(0, rows_of(columns), ROWS_AT_ONCE)


def cells_of(column: Array, shown: Callable[[str], str]) -> list[str]:
    """Values as CSV cells: the shortest digits that round-trip, `true` and `false`, nothing for what is masked, names as
    `shown` gives them.
    """
    values = np.ma.getdata(column)
    if values.dtype.kind == "b":
        cells = np.where(values, "true", "false").tolist()
    elif values.dtype.kind in "UT":
        cells = [shown(str(value)) for value in values.tolist()]
    else:
        cells = values.astype(str).tolist()
    gone = np.ma.getmaskarray(column).tolist()
    return ["" if absent else cell for cell, absent in zip(cells, gone, strict=True)]


def without_formula(name: str) -> str:
    """`name` with an apostrophe before all that a spreadsheet would take for a formula."""
    return FORMULA.sub(r"\1'", name)


def json_lines(columns: Arrays) -> Iterator[str]:
    """The lines of JSON, some together: an object for each row, with `null` for what is masked or no finite number."""
    for start in parts_of(columns):
        values = [plain(column[start : start + ROWS_AT_ONCE]) for column in columns.values()]
        lines = (json_text(dict(zip(columns, row, strict=True)), indent=None) for row in zip(*values, strict=True))
        yield "".join(f"{line}\n" for line in lines)


def plain(column: Array) -> list[Any]:
    """Values as plain data: numbers with the shortest digits that round-trip, None for what is masked."""
    values = np.ma.getdata(column)
    if values.dtype.kind == "f":
        values = values.astype(str).astype("float64")
    found = values.astype(object)
    found[np.ma.getmaskarray(column)] = None
    return list(found.tolist())


def write_parquet(file: BinaryIO, columns: Arrays) -> None:
    """A Parquet file, written by the table engine; NaN becomes a missing value. Raises RunError E604."""
    given = {number: as_given(column) for number, column in zip(numbered(len(columns)), columns.values(), strict=True)}
    chosen = ", ".join(f"{number} as {named(name)}" for number, name in zip(given, columns, strict=True))
    try:
        with engine(file) as table:
            table.connection.register("given", given)
            table.rows(
                f"copy (select {chosen} from given) to {quoted(table.path)} (format parquet, use_tmp_file false)"
            )
    except EngineError as error:
        raise RunError("E604", f"the table engine cannot write these columns: {error}") from None


def as_given(column: Array) -> Array:
    """A column as the table engine takes it."""
    if np.ma.getdata(column).dtype.kind not in "UT":
        return column
    found = np.ma.getdata(column).astype(object)
    found[np.ma.getmaskarray(column)] = None
    return np.asarray(found)
