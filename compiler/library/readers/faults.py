"""What readers say of rows that they cannot read, see `Reader.faults`."""

from collections.abc import Iterable, Mapping, Sequence

from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.contracts.bad_row import Fault, shown_value
from modelc.compiler.library.readers.checks import ENDLESS
from modelc.compiler.library.readers.names import look_up

MISSING = "is missing"
INFINITE = "is NaN or infinite"


def rows_with(bad: NumpyArray) -> list[int]:
    """The numbers of the rows of `bad` `[rows, ...]` in which something is true."""
    found: list[int] = np.flatnonzero(bad.any(axis=tuple(range(1, bad.ndim)))).tolist()
    return found


def missing_in(name: str, column: NumpyArray) -> dict[int, Fault]:
    """The rows in which a value of the column called `name` is masked."""
    return {row: Fault(MISSING, name) for row in rows_with(np.ma.getmaskarray(column))}


def infinite_in(name: str, values: NumpyArray, *, also_missing: bool) -> dict[int, Fault]:
    """The rows in which a value is infinite, or, where that is `also_missing`, none."""
    if values.dtype.kind != "f":
        return {}
    bad = ~np.isfinite(values) if also_missing else np.isinf(values)
    return {row: Fault(INFINITE, name) for row in rows_with(bad)}


def beyond_in(name: str, values: NumpyArray, dtype: str) -> dict[int, Fault]:
    """The rows with a finite number that the float `dtype` has no room for."""
    import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

    if values.dtype.kind != "f":
        return {}
    with np.errstate(over="ignore"):
        bad = np.isinf(values.astype(np.dtype(dtype))) & np.isfinite(values)
    return strange_in(name, values, bad, f"is beyond {dtype}")


def strange_in(name: str, column: NumpyArray, bad: NumpyArray, reason: str) -> dict[int, Fault]:
    """The rows of the column called `name` whose values are `bad` `[rows, ...]` for a `reason`, with the first of these values."""
    values = np.ma.getdata(column)
    found = {}
    for row in rows_with(bad):
        first = values[row][bad[row]].reshape(-1)[0] if bad.ndim > 1 else values[row]
        found[row] = Fault(reason, name, shown_value(first))
    return found


def no_labels_in(name: str, column: NumpyArray, classes: Sequence[str] | int | None) -> dict[int, Fault]:
    """The rows of the column called `name` with a value that is none of the names `classes`, or no integer below so many."""
    values = np.ma.getdata(column)
    if isinstance(classes, Sequence):
        bad, reason = look_up(values, classes, None) < 0, f"is none of the {len(classes)} `classes`"
    else:
        bad = (values < 0) | (values >= (classes or ENDLESS))
        reason = f"is no class from 0 to {classes - 1}" if classes else "is no class: these count from 0"
    return strange_in(name, column, bad & ~np.ma.getmaskarray(column), reason)


def first_faults(each: Iterable[Mapping[int, Fault]]) -> dict[int, Fault]:
    """The first fault of each row."""
    found: dict[int, Fault] = {}
    for faults in each:
        found = {**faults, **found}
    return found
