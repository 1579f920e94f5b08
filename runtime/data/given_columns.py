"""Columns that a Python program gives: a mapping of names to arrays or lists, or a data frame of any library.

Libraries of data frames are not imported: their columns are asked by the methods that they share.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import numpy as np

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.contracts.data_source import FileColumns, column_of
from modelc.compiler.library.readers.casts import COUNTED
from modelc.runtime.data.arrays import Array, Arrays

ABSENT = ("NAType", "NaTType")
"""The types of what pandas has in place of a value, by name."""
WORDS = {str: "texts", int: "integers", float: "numbers", bool: "booleans", bytes: "bytes"}


def columns_given(data: object) -> tuple[FileColumns, Arrays]:
    """What is known of the columns of `data`, and their arrays, masked where values are missing.

    A column that can be none is refused when it is read. Raises TypeError for what has no columns, RunError E404, E405 for
    columns whose names or lengths cannot be.
    """
    arrays: dict[str, Array] = {}
    refused: dict[str, RunError] = {}
    for name, values in named_values(data):
        try:
            arrays[name] = array_of(name, values)
        except RunError as error:
            refused[name] = error
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        first, *others = lengths
        other = next(name for name in others if lengths[name] != lengths[first])
        message = (
            f"the columns differ in length: `{first}` has {lengths[first]:,} rows, `{other}` has {lengths[other]:,}"
        )
        raise RunError("E404", message)
    if not any(lengths.values()) and not refused:
        raise RunError("E404", "the data has no rows")
    return FileColumns({name: column_of(array) for name, array in arrays.items()}, refused), arrays


def named_values(data: object) -> Iterator[tuple[str, Any]]:
    """The columns of `data` with their names. Raises TypeError, RunError E405."""
    names: list[Any]
    if isinstance(data, Mapping):
        names = list(data)
    elif isinstance(data, np.ndarray) and data.dtype.names:
        names = list(data.dtype.names)
    else:
        # `columns` of a table of pyarrow are the columns themselves.
        found = getattr(data, "column_names", None)
        found = getattr(data, "columns", None) if found is None else found
        if found is None or callable(found) or not hasattr(data, "__getitem__"):
            what = type(data).__name__
            raise TypeError(f"data is a mapping of names to columns, or a data frame, not {what}")
        names = list(found)
    for name in names:
        if not isinstance(name, str) or not name:
            message = f"a column is called `{name!r}`, and names of columns are texts"
            raise RunError("E405", message, helps=("rename the columns: `frame.columns = [...]`",))
    again = next((name for name, count in Counter(names).items() if count > 1), None)
    if again is not None:
        raise RunError("E405", f"the data has the column `{again}` twice", helps=("leave one of them out",))
    for name in names:
        yield name, data[name]


def array_of(name: str, values: Any) -> Array:
    """One column as an array `[rows, ...]`. Raises RunError E402, E404, TypeError."""
    if isinstance(values, np.ndarray):
        return of_array(name, values)
    if isinstance(values, list | tuple):
        return of_list(name, values)
    if callable(getattr(values, "isna", None)) and callable(getattr(values, "to_numpy", None)):
        # As pandas has it, NaN is a missing value.
        absent = np.asarray(values.isna(), dtype=bool)
        if absent.any() and not isinstance(getattr(values, "dtype", None), np.dtype | None):
            # As an array, integers of its own types become floats beside what is missing.
            pairs = zip(values.tolist(), absent.tolist(), strict=True)
            return of_list(name, [None if gone else value for value, gone in pairs])
        return of_array(name, np.asarray(values.to_numpy()), absent)
    count = getattr(values, "null_count", None)
    if count is not None:
        as_list = getattr(values, "to_pylist", None) or getattr(values, "to_list", None)
        if (count() if callable(count) else count) and as_list is not None:
            return of_list(name, as_list())
        return of_array(name, np.asarray(values.to_numpy()))
    if hasattr(values, "__array__"):
        return of_array(name, np.asarray(values))
    if isinstance(values, Sequence) and not isinstance(values, str | bytes):
        return of_list(name, list(values))
    raise TypeError(f"the column `{name}` is {type(values).__name__}: give an array, or a list of values")


def of_array(name: str, values: Array, absent: Array | None = None) -> Array:
    """An array as a column, with missing values where `absent` is true. Raises RunError E402, E404."""
    if values.ndim == 0:
        raise RunError("E404", f"the column `{name}` is a single value and has no rows")
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else np.zeros(values.shape, bool)
    values = np.ma.getdata(values)
    if absent is not None:
        mask = mask | absent.reshape(absent.shape + (1,) * (values.ndim - absent.ndim))
    kind = values.dtype.kind
    if kind == "O":
        gone = mask.reshape(len(values), -1).all(axis=1) if values.size else np.zeros(len(values), bool)
        return of_list(
            name, [None if missing else value for value, missing in zip(values, np.asarray(gone), strict=True)]
        )
    if kind == "M":
        mask, values = mask | np.isnat(values), texts_of(values)
    elif kind == "V" and values.dtype.names is None and np.issubdtype(values.dtype, np.generic):
        # The floats that jax has beside those of numpy.
        values = values.astype("float32")
    elif kind not in "biufUTS":
        raise RunError("E402", f"`{name}` is of {values.dtype}, expected numbers, texts or booleans")
    return np.ma.MaskedArray(values, mask) if mask.any() else values


def texts_of(dates: Array) -> Array:
    """Dates as texts of ISO 8601: days as such, times to the second, or to the microsecond where one has a fraction."""
    unit = np.datetime_data(dates.dtype)[0]
    if unit in ("Y", "M", "W", "D"):
        texts = np.datetime_as_string(dates, unit="D")
    else:
        there = dates[~np.isnat(dates)]
        whole = bool((there == there.astype("datetime64[s]")).all())
        texts = np.datetime_as_string(dates, unit="s" if whole else "us")
    return np.asarray(texts.astype(np.dtypes.StringDType()))


def of_list(name: str, values: Sequence[Any]) -> Array:
    """A list of values as a column; None is a missing one. Raises RunError E402."""
    plain = [plain_of(value) for value in values]
    missing = np.array([value is None for value in plain], bool)
    there = [value for value in plain if value is not None]
    if any(isinstance(value, list | tuple | np.ndarray) for value in there):
        return of_lists(name, plain, missing)
    kinds = {type(value) for value in there}
    if kinds == {int, float} and all(type(value) is float or abs(value) <= COUNTED for value in there):
        kinds = {float}
    if len(kinds) > 1 or not kinds <= WORDS.keys():
        raise mixed(name, plain)
    kind: Any = next(iter(kinds), float)
    stand_in: Any = {str: "", bytes: b""}.get(kind, 0)
    dtype: Any = {str: np.dtypes.StringDType(), int: "int64", float: "float64", bool: "bool", bytes: "S"}[kind]
    try:
        array = np.array([stand_in if value is None else value for value in plain], dtype)
    except OverflowError:
        message = f"`{name}` has integers beyond those of 64 bits"
        raise RunError("E402", message, helps=("give them as texts, or as numbers with a fraction",)) from None
    except UnicodeEncodeError:
        raise RunError("E402", f"`{name}` has half a character") from None
    return np.ma.MaskedArray(array, missing) if missing.any() else array


def plain_of(value: Any) -> Any:
    """A value as Python has it: dates as texts of ISO 8601, None for what stands for a missing value."""
    if isinstance(value, np.generic):
        value = None if isinstance(value, np.datetime64) and np.isnat(value) else value.item()
    if type(value).__name__ in ABSENT:
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


def of_lists(name: str, values: Sequence[Any], missing: Array) -> Array:
    """A list of rows of several values as a column `[rows, ...]`. Raises RunError E402."""
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise RunError("E402", f"`{name}` has lists, and a missing value in row {row}", row=row)
    rows = [array_of(name, value) if isinstance(value, list | tuple | np.ndarray) else None for value in values]
    shapes = {None if row is None else (row.shape, row.dtype.kind) for row in rows}
    if len(shapes) > 1 or any(isinstance(row, np.ma.MaskedArray) for row in rows):
        lengths = sorted({str(list(row.shape)) for row in rows if row is not None})
        message = f"`{name}` has rows of different shapes or kinds: {listed(lengths)}"
        raise RunError("E402", message, helps=("pad them to one length, or give texts",))
    return np.stack([row for row in rows if row is not None])


def mixed(name: str, values: Sequence[Any]) -> RunError:
    """The error for a column with values of several kinds, or of one that no column has."""
    first: dict[type, int] = {}
    for row, value in enumerate(values):
        if value is not None:
            first.setdefault(type(value), row)
    shown = [f"{WORDS.get(kind, kind.__name__)} ({values[row]!r:.40} in row {row})" for kind, row in first.items()]
    message = f"`{name}` has {' and '.join(shown)}"
    return RunError(
        "E402", message, helps=("give one kind of values: numbers, texts or booleans, and None for what is missing",)
    )
