"""Lossless casts: integers to floats that represent them exactly, integers to wide enough integers."""

from typing import NoReturn

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import PlanError, TensorType
from modelc.compiler.library.contracts.data_source import Column, Reader
from modelc.compiler.library.readers.checks import all_finite

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
"""The binary digits of each float type: up to 2 to the power of them it holds every integer."""
COUNTED = 2.0**53
"""Up to which magnitude float64 holds every integer: what is larger has been rounded already."""


def column_of(array: NumpyArray) -> Column:
    """The `Column` that `array`, with its rows on the first axis, is."""
    dtype = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)
    return Column(TensorType(array.shape[1:], dtype), rows=len(array))


def plan_array(reader: Reader, array: NumpyArray, wanted: TensorType | None) -> TensorType:
    """What `reader` makes of `array`; its `PlanError` as the RunError that `read` raises."""
    try:
        planned = reader.plan(column_of(array), wanted)
    except PlanError as error:
        raise RunError(error.code, error.message, helps=(error.help,) if error.help else ()) from None
    assert planned is not None, "a known column has a known type"
    return planned


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


def to_floats(
    values: NumpyArray, dtype: str, name: str, first_row: int = 0, wanted: TensorType | None = None
) -> NumpyArray:
    """A new array of `values` as the float `dtype`. `wanted` is the model input that they are for, None for a target.

    Raises RunError E402 for integers that `dtype` would round (see `rounded`), and for numbers beyond its range;
    others are rounded to the nearest.
    """
    import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

    refuse_rounded(values, dtype, name, first_row, wanted)
    with np.errstate(over="ignore"):
        result = values.astype(np.dtype(dtype))
    if values.dtype.kind != "b" and values.dtype.itemsize > result.dtype.itemsize:
        refuse_infinite(result, values, dtype, name, first_row)
    return result


def beyond(values: NumpyArray, dtype: str) -> NumpyArray:
    """Where numbers are beyond the magnitude up to which the float `dtype` holds every integer."""
    limit = 2 ** DIGITS[dtype]
    if values.dtype.kind == "f":
        values, limit = values.astype("float64"), float(limit)
    # Comparisons of unsigned values with a negative bound are exact in numpy 2.
    found: NumpyArray = (values < -limit) | (values > limit)
    return found


def rounded(values: NumpyArray, dtype: str) -> NumpyArray | None:
    """Where the float `dtype` would change an integer; None where it changes none.

    Of float64 for float32 it is one up to 2**53, unless numbers of that size with a
    fraction stand beside it: those are measured, not counted, and rounded to the nearest as all fractions are.
    """
    counted, measured = (
        values.dtype.kind in "iu",
        (values.dtype.kind, values.dtype.itemsize, dtype) == ("f", 8, "float32"),
    )
    if not values.size or not (counted or measured):
        return None
    limit = 2 ** DIGITS[dtype]
    if values.min() >= -limit and values.max() <= limit:
        return None
    if measured:
        large = beyond(values, dtype)
        if (large & (values != np.trunc(values))).any():
            return None
        with np.errstate(over="ignore"):
            bad: NumpyArray = large & (np.abs(values) <= COUNTED) & (values.astype(dtype) != values)
    else:
        # The magnitude without its trailing zeros must fit in the digits; that of the least int64 wraps to itself, rightly.
        sizes = values if values.dtype.kind == "u" else np.abs(values.astype("int64"))
        sizes = sizes.astype("uint64")
        bad = sizes // np.maximum(sizes & (~sizes + np.uint64(1)), 1) >= limit
    return bad if bad.any() else None


def refuse_rounded(
    values: NumpyArray,
    dtype: str,
    name: str,
    first_row: int = 0,
    wanted: TensorType | None = None,
    offset: float | None = None,
) -> None:
    """Raise RunError E402 for integers among `values` that the float `dtype` would round.

    `values` are of the column called `name`, with the `offset` of its reader added where that is given.
    """
    bad = rounded(values, dtype)
    if bad is None:
        return
    where, several = tuple(np.argwhere(bad)[0]), int(bad.sum())
    value = values[where].item()
    nearest = int(values[where].astype(np.dtype(dtype)))
    step = 2 ** (abs(int(value)).bit_length() - DIGITS[dtype])
    found = f"`{name}`" if offset is None else f"`{name}` with its `offset`"
    found += " has " + (f"{several:,} integers that {dtype} cannot hold, the first is " if several > 1 else "")
    cannot = "" if several > 1 else f", which {dtype} cannot hold"
    note = (
        f"{dtype} holds every integer up to {2 ** DIGITS[dtype]:,}, and of this size the multiples of {step:,}; "
        "integers are never rounded unless you ask for it"
    )
    raise RunError(
        "E402",
        f"{found}{value} in row {first_row + int(where[0])}{cannot}: it would become {nearest}",
        notes=(note,),
        helps=exact_ways(values, dtype, name, wanted, offset or 0.0),
    )


def exact_ways(values: NumpyArray, dtype: str, name: str, wanted: TensorType | None, offset: float) -> tuple[str, ...]:
    """What to do about integers that the float `dtype` would round: what keeps them first, then how to ask for it."""
    low, high = int(values.min()), int(values.max())
    helps = []
    if high - low <= 2 ** DIGITS[dtype] and max(high, -low) <= COUNTED and offset == int(offset):
        shift = f"`array: {{column: {name}, offset: {int(offset) - low}}}`"
        helps.append(f"subtract a number from all of them, which is exact: {shift}")
    if wanted is not None and values.dtype.kind in "iu" and low >= -(2**31) and high < 2**31:
        helps.append("give the input `dtype: int32`, for layers that take integers, such as `discretization`")
    helps.append(f"ask for rounded numbers by a scale, such as `array: {{column: {name}, scale: 1/1000}}`")
    if dtype == "float32":
        helps.append("ask for the nearest ones: save the column as float32")
    return tuple(helps)


def refuse_infinite(result: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int) -> None:
    """Raise RunError E402 where finite `values` became infinite in `result`."""
    if not all_finite(result):
        refuse_value(~np.isfinite(result), values, dtype, name, first_row, "scale the column before saving it")


def refuse_value(bad: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int, help: str) -> NoReturn:
    """Raise RunError E402 for the first of the `bad` places in `values`."""
    where = tuple(np.argwhere(bad)[0])
    raise RunError(
        "E402",
        f"`{name}` has {values[where].item()} in row {first_row + int(where[0])}, which {dtype} cannot hold",
        notes=("values are never changed silently by a cast",),
        helps=(help,),
    )
