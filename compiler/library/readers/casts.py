"""Lossless casts: integers to floats that represent them exactly, integers to wide enough integers."""

from typing import NoReturn

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.type_checks import PlanError, TensorType
from modelc.compiler.library.contracts.data_source import Column, Reader
from modelc.compiler.library.readers.checks import all_finite

EXACT = {"bfloat16": 2**8, "float16": 2**11, "float32": 2**24, "float64": 2**53}
"""Up to which magnitude each float type holds every integer."""


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
            refuse_value((values < limits.min) | (values > limits.max), values, dtype, name, first_row)
    return values.astype(dtype)


def to_floats(values: NumpyArray, dtype: str, name: str, first_row: int = 0) -> NumpyArray:
    """A new array of `values` as the float `dtype`.

    Raises RunError E402 for integers that `dtype` would round, and for floats beyond its range; floats within it are
    rounded.
    """
    import ml_dtypes  # noqa: F401  # importing it teaches numpy the name bfloat16

    if values.dtype.kind in "iu" and values.size:
        limit, widest = EXACT[dtype], np.iinfo(values.dtype).max
        if widest > limit and (int(values.min()) < -limit or int(values.max()) > limit):
            # Comparisons of unsigned values with a negative bound are exact in numpy 2.
            refuse_value((values < -limit) | (values > limit), values, dtype, name, first_row)
    with np.errstate(over="ignore"):
        result = values.astype(np.dtype(dtype))
    if values.dtype.kind == "f" and values.dtype.itemsize > result.dtype.itemsize:
        refuse_infinite(result, values, dtype, name, first_row)
    return result


def refuse_infinite(result: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int) -> None:
    """Raise RunError E402 where finite `values` became infinite in `result`."""
    if not all_finite(result):
        refuse_value(~np.isfinite(result), values, dtype, name, first_row)


def refuse_value(bad: NumpyArray, values: NumpyArray, dtype: str, name: str, first_row: int) -> NoReturn:
    """Raise RunError E402 for the first of the `bad` places in `values`."""
    where = tuple(np.argwhere(bad)[0])
    raise RunError(
        "E402",
        f"`{name}` has {values[where].item()} in row {first_row + int(where[0])}, which {dtype} cannot hold",
        notes=("values are never changed silently by a cast",),
        helps=("scale the column before saving it, or save it as floats",),
    )
