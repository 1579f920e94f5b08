"""What the types of Parquet, as the engine calls them, are as columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import FLOATS, INTEGERS, TensorType

DTYPES: Mapping[str, str] = {
    "BOOLEAN": "bool",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "VARCHAR": "str",
    "UUID": "str",
    "JSON": "str",
}
"""The dtype of a column by the name of its type."""
TIMES = (
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIME WITH TIME ZONE",
    "TIME_NS",
    "TIMESTAMP_S",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP WITH TIME ZONE",
)
"""Types of dates and times, which become text in the notation of ISO 8601."""
OTHERS = {
    "BLOB": "bytes",
    "STRUCT": "structures",
    "MAP": "maps",
    "INTERVAL": "lengths of time",
    "UNION": "values of several types",
    "VARIANT": "values of several types",
    "GEOMETRY": "shapes",
}
"""What columns of other types hold, in messages."""
DECIMAL = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)")
SURE = 15
"""Any decimal of so many digits is itself after it was a float64."""


@dataclass(frozen=True, slots=True)
class ParquetType:
    """How a column is read: the type of one row, which of lists is known once their lengths are.

    `depth` says how many lists are in each other, `is_cast` that values become text, `decimal` is the engine's name of a
    type of decimals that float64 may not hold.
    """

    type: TensorType
    depth: int = 0
    is_cast: bool = False
    decimal: str = ""

    def value_of(self, column: str) -> str:
        """SQL for the values of a column."""
        if self.depth:
            return flat(column, self.depth)
        if self.is_cast:
            return (
                f"replace(cast({column} as varchar), ' ', 'T')"
                if self.type.dtype == "str"
                else f"cast({column} as double)"
            )
        return f"cast({column} as varchar)" if self.type.dtype == "str" else column

    def array_of(self, values: NumpyArray) -> NumpyArray:
        """The rows of a part of a column."""
        if not self.depth:
            return values
        dtype = object if self.type.dtype == "str" else self.type.dtype
        flat_rows = [np.asarray(np.ma.getdata(row), dtype) for row in np.ma.getdata(values)]
        return np.stack(flat_rows).reshape(len(values), *self.type.shape)

    def as_text(self) -> "ParquetType":
        """The same, of integers, as text."""
        return replace(self, type=TensorType((), "str"))

    def lengths(self, depth: int, column: str, relation: str) -> str:
        """SQL for the least and the greatest length of the lists that are in `depth - 1` others, and whether one, or a value in
        one, is missing.
        """
        lists = (
            f"select unnest({flat(column, depth - 1)}) as l from {relation}"
            if depth > 1
            else f"select {column} as l from {relation}"
        )
        return (
            "select min(len(l)), max(len(l)), count(*) filter (l is null), "
            f"count(*) filter (list_count(l) < len(l)) from ({lists})"
        )

    def of_length(self, name: str, depth: int, found: Sequence[Any], shown: str) -> "ParquetType":
        """The type once the lengths of its lists are known. Raises RunError E402 where they differ."""
        least, most, missing, holes = found
        message = ""
        if missing or holes:
            message = f"`{name}` has missing values in its lists in {shown!r}"
        elif least != most:
            message = f"`{name}` has lists of different lengths in {shown!r}, from {least:,} to {most:,}"
        elif not most:
            message = f"`{name}` has empty lists in {shown!r}"
        elif len(self.type.shape) >= depth and self.type.shape[depth - 1] != most:
            message = f"`{name}` has lists of {self.type.shape[depth - 1]:,} values, and in {shown!r} of {most:,}"
        if message:
            raise RunError("E402", message, helps=("save lists of one length, filled up with a value of your own",))
        shape = self.type.shape if len(self.type.shape) >= depth else (*self.type.shape, most)
        return replace(self, type=self.type.with_shape(*shape))


def flat(column: str, depth: int) -> str:
    """SQL for lists in `depth` others as one list."""
    for _ in range(depth - 1):
        column = f"flatten({column})"
    return column


def parsed_type(text: str) -> ParquetType | None:
    """How a column of the type called `text` is read; None for one that is not."""
    inner = text
    while inner.endswith("[]"):
        inner = inner.removesuffix("[]")
    depth = (len(text) - len(inner)) // 2
    if inner in DTYPES:
        return ParquetType(TensorType((), DTYPES[inner]), depth)
    if (found := DECIMAL.fullmatch(inner)) and not depth:
        return ParquetType(TensorType((), "float64"), 0, is_cast=True, decimal=inner if int(found[1]) > SURE else "")
    if (inner in TIMES or inner.startswith("ENUM")) and not depth:
        return ParquetType(TensorType((), "str"), 0, is_cast=inner in TIMES)
    return None


def unread_type(name: str, text: str, shown: str) -> RunError:
    """The error E402 for a column of a type that is not read."""
    what = next((words for word, words in OTHERS.items() if text.startswith(word)), f"values of the type {text}")
    if text.endswith("[]"):
        what = f"lists of the type {text}"
    return RunError(
        "E402",
        f"`{name}` has {what} in {shown!r}, expected numbers, text or lists of them",
        helps=("save its parts as columns of their own",),
    )


def type_in_all_files(name: str, types: Sequence[tuple[str, str]]) -> ParquetType:
    """How a column is read that has a type in each file, by the names of both. Raises RunError E402."""
    found: list[ParquetType] = []
    for shown, text in types:
        parsed = parsed_type(text)
        if parsed is None:
            raise unread_type(name, text, shown)
        found.append(parsed)
    first = found[0]
    for (shown, text), other in zip(types[1:], found[1:], strict=True):
        if other == first:
            continue
        dtypes = (first.type.dtype, other.type.dtype)
        same = any(all(dtype in kind for dtype in dtypes) for kind in (FLOATS, SIGNED, UNSIGNED))
        if not same or first.depth != other.depth or first.is_cast != other.is_cast:
            raise RunError(
                "E402",
                f"`{name}` has the type {types[0][1]} in {types[0][0]!r}, and {text} in {shown!r}",
                helps=("files that are read as one table have the same types",),
            )
        first = replace(first, type=first.type.with_dtype(str(np.result_type(*dtypes))))
    return first


SIGNED = tuple(dtype for dtype in INTEGERS if dtype.startswith("int"))
UNSIGNED = tuple(dtype for dtype in INTEGERS if dtype.startswith("uint"))
