"""Lossless casts: integers to floats that represent them exactly, integers to wide enough integers."""

from collections.abc import Mapping
from math import floor
from typing import NoReturn

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import PlanError, TensorType
from modelc.compiler.library.contracts.data_source import column_of
from modelc.compiler.library.contracts.reader import Arrays, Reader
from modelc.compiler.library.readers.checks import all_finite

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
"""The binary digits of each float type: up to 2 to the power of them it holds every integer."""
ABOVE = ("threshold", "bound", "binarize", "cutoff")
"""What others call the bound `above`."""
COUNTED = 2.0**53
"""Up to which magnitude float64 holds every integer: what is larger has been rounded already."""
BLOCK = 2**20
"""As many values are looked at together where a temporary array of all would be large."""


def plan_arrays(reader: Reader, columns: Arrays, wanted: TensorType | None) -> TensorType:
    """What `reader` makes of `columns`; its `PlanError` as the RunError that `read` raises."""
    try:
        planned = reader.plan({name: column_of(columns[name]) for name in reader.names_among(columns)}, wanted)
    except PlanError as error:
        row = first_fraction(reader, columns, wanted)
        where = "" if row is None else f", the first in row {row}"
        helps = (error.help,) if error.help else ()
        raise RunError(error.code, error.message + where, helps=helps, row=row) from None
    assert planned is not None, "a known column has a known type"
    return planned


def first_fraction(reader: Reader, columns: Arrays, wanted: TensorType | None) -> int | None:
    """The first row with a fraction where `reader` makes integers of its column; None where there is none."""
    column = columns.get(reader.subject)
    if wanted is None or not wanted.is_integer or column is None or column.dtype.kind != "f":
        return None
    with np.errstate(invalid="ignore"):
        fractions = np.ma.getdata(column).reshape(len(column), -1) % 1 != 0
    rows = np.flatnonzero(fractions.any(axis=1))
    return int(rows[0]) if rows.size else None


def to_integers(values: NumpyArray, dtype: str, name: str, first_row: int = 0) -> NumpyArray:
    """Integer or bool `values` as `dtype`. Raises RunError E402 for a value that `dtype` does not hold."""
    if values.dtype.kind != "b" and values.size:
        limits = np.iinfo(dtype)
        if int(values.min()) < limits.min or int(values.max()) > limits.max:
            bad = (values < limits.min) | (values > limits.max)
            help = (
                f"save integers from {limits.min:,} to {limits.max:,}, such as the differences from the least of them"
            )
            refuse_value(bad, values, dtype, name, first_row, help)
    return values.astype(dtype)


def marks_above(values: NumpyArray, bound: float, dtype: str) -> NumpyArray:
    """1 in `dtype` for each of `values` that is above the `bound`, 0 for others."""
    import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

    # An integer is above a bound if it is above the integer below that; so compared it is never rounded.
    return (values > (floor(bound) if values.dtype.kind in "iu" else bound)).astype(np.dtype(dtype))


def to_floats(
    values: NumpyArray,
    dtype: str,
    name: str,
    first_row: int = 0,
    wanted: TensorType | None = None,
    measured: NumpyArray | None = None,
) -> NumpyArray:
    """A new array of `values` as the float `dtype`. `wanted` is the model input that they are for, None for a target.

    Raises RunError E402 for integers that `dtype` would round (see `rounded`), and for numbers beyond its range;
    others are rounded to the nearest.
    """
    import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

    refuse_rounded(values, dtype, name, first_row, wanted, measured)
    with np.errstate(over="ignore"):
        result = values.astype(np.dtype(dtype))
    if values.dtype.kind != "b" and values.dtype.itemsize > result.dtype.itemsize:
        refuse_infinite(result, values, dtype, name, first_row)
    return result


def beyond(values: NumpyArray, dtype: str) -> NumpyArray:
    """Where numbers are beyond the magnitude up to which the float `dtype` holds every integer."""
    limit = 2 ** DIGITS[dtype]
    if values.dtype.kind == "f":
        values, limit = values.astype("float64", copy=False), float(limit)
    # Comparisons of unsigned values with a negative bound are exact in numpy 2.
    found: NumpyArray = (values < -limit) | (values > limit)
    return found


def in_range(values: NumpyArray, dtype: str) -> bool:
    """Whether no number is beyond the magnitude up to which the float `dtype` holds every integer."""
    if not values.size:
        return True
    limit, low, high = 2 ** DIGITS[dtype], values.min().item(), values.max().item()
    return bool(low >= -limit and high <= limit)


def measured_places(values: NumpyArray) -> NumpyArray:
    """For each place of the last axis of `values` `[rows, ..., places]`, whether numbers beyond 2**24 are measured there,
    not counted: where one has a fraction, or where narrower floats have rounded them. A boolean `[places]`; `[1]` for all
    places alike.
    """
    if values.dtype.kind != "f" or in_range(values, "float32"):
        return np.zeros(1, bool)
    found, wide = np.zeros(places_of(values), bool), values.dtype.itemsize > 4
    step = max(1, BLOCK // max(1, values[0].size))
    for start in range(0, len(values), step):
        block = values[start : start + step].reshape(-1, len(found))
        large = beyond(block, "float32")
        found |= (large & (block != np.trunc(block)) if wide else large).any(axis=0)
    return found


def places_of(values: NumpyArray) -> int:
    """The size of the last axis of `values` `[rows, ..., places]`, 1 where a row is a single number."""
    return int(values.shape[-1]) if values.ndim > 1 else 1


def rounded(values: NumpyArray, dtype: str, measured: NumpyArray | None = None) -> NumpyArray | None:
    """Where the float `dtype` would change an integer; None where it changes none.

    Of float64 for float32 it is one up to 2**53 where it is not `measured`, as `measured_places` says (of `values`
    themselves by default): what is measured is rounded to the nearest as all fractions are.
    """
    wide = (values.dtype.kind, values.dtype.itemsize, dtype) == ("f", 8, "float32")
    if not (values.dtype.kind in "iu" or wide) or in_range(values, dtype):
        return None
    if wide:
        places = measured_places(values) if measured is None else measured
        with np.errstate(over="ignore"):
            bad: NumpyArray = values.astype(dtype) != values
        bad &= values == np.trunc(values)
        bad &= beyond(values, dtype) & (np.abs(values) <= COUNTED)
        bad &= ~places
    else:
        # The magnitude without its trailing zeros must fit in the digits; that of the least int64 wraps to itself, rightly.
        sizes = values if values.dtype.kind == "u" else np.abs(values.astype("int64"))
        sizes = sizes.astype("uint64")
        bad = sizes // np.maximum(sizes & (~sizes + np.uint64(1)), 1) >= 2 ** DIGITS[dtype]
    return bad if bad.any() else None


class RoundedIntegers(RunError):
    """E402 for integers that a float would round. `ways` has what to do about it, by kind: `shift` and `integers` keep
    them, `scale` and `nearest` ask for rounding.
    """

    def __init__(self, message: str, note: str, ways: Mapping[str, str], at: Path = (), row: int | None = None) -> None:
        super().__init__("E402", message, notes=(note,), helps=tuple(ways.values()), at=at, row=row)
        self.ways = ways

    def only(self, *kinds: str) -> "RoundedIntegers":
        """The same error with the ways of these kinds alone."""
        return self.with_ways({kind: way for kind, way in self.ways.items() if kind in kinds})

    def with_ways(self, ways: Mapping[str, str]) -> "RoundedIntegers":
        """The same error with other ways."""
        return RoundedIntegers(self.message, self.notes[0], ways, self.at, self.row)

    def placed(self, at: Path) -> "RoundedIntegers":
        return self if self.at else RoundedIntegers(self.message, self.notes[0], self.ways, at, self.row)


def refuse_rounded(
    values: NumpyArray,
    dtype: str,
    name: str,
    first_row: int = 0,
    wanted: TensorType | None = None,
    measured: NumpyArray | None = None,
) -> None:
    """Raise RoundedIntegers for integers among `values`, of the column called `name`, that the float `dtype` would round."""
    bad = rounded(values, dtype, measured)
    if bad is not None:
        raise cannot_hold(bad, values, dtype, f"`{name}`", first_row, exact_ways(values, dtype, name, wanted))


def refuse_shifted(
    values: NumpyArray, offset: float, dtype: str, name: str, first_row: int, measured: NumpyArray
) -> None:
    """Raise RoundedIntegers for integers among `values` that are lost when the `offset` is added in the float `dtype`:
    where the sum is rounded by half or more, two of them may become one.
    """
    refuse_rounded(values, "float64", name, first_row)
    shifted = values.astype("float64") + offset
    with np.errstate(over="ignore", invalid="ignore"):
        bad = np.abs(shifted.astype(dtype).astype("float64") - shifted) >= 0.5
    if values.dtype.kind == "f":
        bad &= (values == np.trunc(values)) & (np.abs(values) <= COUNTED) & ~measured
    if bad.any():
        what = f"`{name}` with its `offset`"
        raise cannot_hold(bad, shifted, dtype, what, first_row, exact_ways(values, dtype, name, None))


def cannot_hold(
    bad: NumpyArray,
    values: NumpyArray,
    dtype: str,
    what: str,
    first_row: int,
    ways: Mapping[str, str],
) -> RoundedIntegers:
    """The error for the `bad` ones of `values` `[rows, ...]`, which are `what`."""
    where, several = tuple(np.argwhere(bad)[0]), int(bad.sum())
    value = values[where].item()
    nearest = int(values[where].astype(np.dtype(dtype)))
    step = 2 ** max(0, abs(int(value)).bit_length() - DIGITS[dtype])
    found = f"{what} has " + (f"{several:,} integers that {dtype} cannot hold, the first is " if several > 1 else "")
    cannot = "" if several > 1 else f", which {dtype} cannot hold"
    note = (
        f"{dtype} holds every integer up to {2 ** DIGITS[dtype]:,}, and of this size the multiples of {step:,}; "
        "integers are never rounded unless you ask for it"
    )
    row = first_row + int(where[0])
    message = f"{found}{value} in row {row}{cannot}: it would become {nearest}"
    return RoundedIntegers(message, note, ways, row=row)


def exact_ways(values: NumpyArray, dtype: str, name: str, wanted: TensorType | None) -> dict[str, str]:
    """What to do about integers that the float `dtype` would round: what keeps them first, then how to ask for it."""
    low, high = int(values.min()), int(values.max())
    ways = {}
    if high - low <= 2 ** DIGITS[dtype] and max(high, -low) <= COUNTED:
        shift = f"`array: {{column: {name}, offset: {-low}}}`"
        ways["shift"] = f"subtract a number from all of them, which is exact: {shift}"
    if wanted is not None and values.dtype.kind in "iu" and low >= -(2**31) and high < 2**31:
        ways["integers"] = (
            "give the input `dtype: int32`, for layers that keep integers: `embedding`, `integer_lookup`, and "
            "`discretization` with `bin_boundaries`"
        )
    ways["scale"] = f"ask for rounded numbers by a scale, such as `array: {{column: {name}, scale: 1/1000}}`"
    if dtype == "float32":
        ways["nearest"] = "ask for the nearest ones: save the column as float32"
    return ways


def refuse_infinite(result: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int) -> None:
    """Raise RunError E402 where finite `values` became infinite in `result`."""
    if not all_finite(result):
        refuse_value(~np.isfinite(result), values, dtype, name, first_row, "scale the column before saving it")


def refuse_value(bad: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int, help: str) -> NoReturn:
    """Raise RunError E402 for the first of the `bad` places in `values`."""
    where = tuple(np.argwhere(bad)[0])
    row = first_row + int(where[0])
    raise RunError(
        "E402",
        f"`{name}` has {values[where].item()} in row {row}, which {dtype} cannot hold",
        notes=("values are never changed silently by a cast",),
        helps=(help,),
        row=row,
    )
