"""The array reader: scaling, casts that lose nothing, shapes, rows and values that are no numbers."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

FLOAT = TensorType((), "float32")
INT = TensorType((), "int32")


def read(array: Any, wanted: TensorType | None, **arguments: Any) -> np.ndarray:
    return READERS.build({"array": {"column": "x", **arguments}}).read({"x": np.asarray(array)}, wanted)


def refused(array: Any, wanted: TensorType | None, code: str, **arguments: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        read(array, wanted, **arguments)
    assert caught.value.code == code
    assert "`x`" in caught.value.message or "scaled" in caught.value.message
    return caught.value


def test_pixels_are_scaled_by_a_ratio() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 64)
    found = read(pixels, TensorType((64,)), scale="1/255")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, pixels / 255, rtol=1e-6)
    np.testing.assert_array_equal(pixels, np.arange(256).reshape(4, 64))


@pytest.mark.parametrize(
    ("array", "bound", "expected"),
    [
        (np.array([5, 6, 7]), 6, [0, 0, 1]),
        (np.array([5, 6, 7]), 6.5, [0, 0, 1]),
        (np.array([-2, -1, 0]), -1.5, [0, 1, 1]),
        (np.array([0, 200], np.uint8), -1, [1, 1]),
        (np.array([2**62, 2**62 + 1]), 2**62, [0, 1]),
        (np.array([0.1, 0.2], np.float32), 0.1, [0, 1]),
        (np.array([[0, 84], [85, 255]], np.uint8), 84, [[0, 0], [1, 1]]),
        (np.array(["0.5, 6", "[7, 1]"], np.dtypes.StringDType()), 5, [[0, 1], [1, 0]]),
    ],
)
def test_values_above_a_bound_become_1_and_others_0(array: np.ndarray, bound: Any, expected: list[Any]) -> None:
    more = {"separator": ",", "shape": [2]} if array.dtype.kind == "T" else {}
    for wanted in (None, *(TensorType(np.shape(expected[0]), dtype) for dtype in ("bool", "int32", "bfloat16"))):
        found = read(array, wanted, above=bound, **more)
        assert found.tolist() == expected
        assert found.dtype.name == ("uint8" if wanted is None else wanted.dtype)


def test_steps_are_those_of_the_first_axis_of_each_row() -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    np.testing.assert_array_equal(read(array, None, steps=[1, 3]), array[:, 1:3])
    np.testing.assert_array_equal(read(array, TensorType((6,)), steps=[2, 4], shape=[6]), array[:, 2:].reshape(2, 6))
    np.testing.assert_array_equal(read(array[:, :, 0], None, steps=[0, 2]), array[:, :2, 0])
    array[1, 3, 0] = np.inf
    reader = READERS.build({"array": {"column": "x", "steps": [0, 3]}})
    assert not reader.faults({"x": array}, None) and reader.read({"x": array}, None).shape == (2, 3, 3)
    assert "at most 4" in refused(array, None, "E404", steps=[1, 5]).helps[0]
    assert "single value" in refused(array[:, 0, 0], None, "E404", steps=[0, 1]).helps[0]


def test_a_bound_stands_beside_no_scale_and_takes_no_missing_value() -> None:
    assert refused([1.0, 2.0], FLOAT, "E402", above=1, scale=2).helps[0].startswith("write one of both")
    refused([1.0, np.nan], FLOAT, "E403", above=1)


def test_offset_comes_after_scale() -> None:
    np.testing.assert_allclose(read([1, 2], FLOAT, scale=2, offset="-1/2"), [1.5, 3.5])


def test_a_float_column_is_not_changed_in_place() -> None:
    column = np.array([1, 2], np.float32)
    read(column, FLOAT, scale=10.0)
    assert column.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("array", "wanted", "dtype"),
    [
        (np.array([0, 255], np.uint8), FLOAT, "float32"),
        (np.array([-(2**24), 2**24]), FLOAT, "float32"),
        (np.array([0, 2**24], np.uint64), FLOAT, "float32"),
        (np.array([0.1, 1e30]), FLOAT, "float32"),
        (np.array([True, False]), FLOAT, "float32"),
        (np.array([True, False]), INT, "int32"),
        (np.array([True, False]), TensorType((), "bool"), "bool"),
        (np.array([1, 2**31 - 1]), INT, "int32"),
        (np.array([0, 200], np.uint8), TensorType((), "float16"), "float16"),
        (np.array([1.5, 2.5]), None, "float32"),
        (np.array([1.5, 2.5], np.float16), None, "float32"),
        (np.array([1, 2]), None, "int32"),
        (np.array([1, 2], np.uint8), None, "uint8"),
        (np.array([True]), None, "bool"),
    ],
)
def test_casts_that_lose_nothing_are_made(array: np.ndarray, wanted: TensorType | None, dtype: str) -> None:
    found = read(array, wanted)
    assert found.dtype.name == dtype
    np.testing.assert_array_equal(found.astype(np.float64), array.astype(dtype).astype(np.float64))


def test_bytes_become_bfloat16_exactly() -> None:
    found = read(np.arange(256, dtype=np.uint8), TensorType((), "bfloat16"))
    assert found.dtype.name == "bfloat16"
    np.testing.assert_array_equal(found.astype(np.float32), np.arange(256))


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        ([1.0, 2.0], INT),
        ([1, 2], TensorType((), "bool")),
        ([True, False, 2.0], TensorType((), "bool")),
        (["a", "b"], FLOAT),
        ([b"a"], None),
        ([1j], FLOAT),
        ([0, 2**24 + 1], FLOAT),
        ([0, -(2**24) - 1], FLOAT),
        (np.array([0, 2**63 + 1], np.uint64), FLOAT),
        ([0, 2**31], INT),
        ([0, 2**31], None),
        ([0, -129], TensorType((), "int8")),
        ([0, -1], TensorType((), "uint8")),
        ([1.0, 1e39], FLOAT),
        ([1.0, 70000.0], TensorType((), "float16")),
        (np.array([0, 301], np.int16), TensorType((), "bfloat16")),
    ],
)
def test_casts_that_lose_something_are_refused(array: Any, wanted: TensorType | None) -> None:
    refused(array, wanted, "E402")


def test_the_row_of_a_value_that_does_not_fit_is_named() -> None:
    message = refused([0, 1, 2**40 + 1], FLOAT, "E402", rows=[1, 3]).message
    assert "1099511627777 in row 2" in message


def test_scaling_beyond_the_range_is_refused() -> None:
    refused([1.0, 1e30], FLOAT, "E402", scale=1e30)
    refused([1], FLOAT, "E402", scale=1e300)


def test_scaled_values_are_no_integers() -> None:
    assert "scale" in refused([1, 2], INT, "E402", scale=2).message
    assert read([1, 2], None, scale=2).dtype == np.float32


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_and_infinity_are_refused_with_column_row_and_count(bad: float, dtype: str) -> None:
    array = np.ones((10, 3), dtype)
    array[4, 1] = array[7, 0] = bad
    message = refused(array, TensorType((3,)), "E403").message
    assert "2 values" in message
    assert "row 4" in message
    assert "row 4" in refused(array, TensorType((3,)), "E403", rows=[2, 9]).message
    assert read(array, TensorType((3,)), rows=[0, 4]).shape == (4, 3)


def test_opposite_infinities_and_great_sums_are_told_apart() -> None:
    refused(np.array([np.inf, -np.inf], np.float32), FLOAT, "E403")
    assert read(np.full(4, 1e308), TensorType((), "float64")).tolist() == [1e308] * 4


def test_rows_are_half_open_and_shapes_arrange_one_row() -> None:
    array = np.arange(24).reshape(4, 6)
    found = read(array, TensorType((2, 3)), rows=[1, 3], shape=[2, 3])
    np.testing.assert_array_equal(found, array[1:3].reshape(2, 2, 3))
    assert read(np.arange(3).reshape(3, 1), INT, shape=[]).shape == (3,)


def test_rows_that_are_not_there_are_refused() -> None:
    message = refused(np.arange(4), INT, "E404", rows=[1, 5]).message
    assert "1 to 5" in message
    assert "has 4" in message


def test_plan_knows_what_read_gives() -> None:
    reader = READERS.build({"array": {"column": "x", "shape": [6], "rows": [0, 2]}})
    column = Column(TensorType((2, 3), "uint8"), rows=4)
    assert reader.subject == "x"
    assert reader.origin == "column"
    assert reader.class_names({"x": column}) is None
    assert reader.plan(None, FLOAT) is None
    assert reader.plan({"x": column}, TensorType((6,))) == TensorType((6,), "float32")
    assert reader.plan({"x": column}, None) == TensorType((6,), "uint8")


@pytest.mark.parametrize(
    ("arguments", "column", "wanted", "code", "argument"),
    [
        ({"shape": [7]}, TensorType((2, 3), "uint8"), None, "E402", "shape"),
        ({"rows": [0, 5]}, TensorType((), "uint8"), None, "E404", "rows"),
        ({"offset": 1}, TensorType((), "uint8"), INT, "E402", "offset"),
        ({}, TensorType((), "float64"), INT, "E402", ""),
        ({}, TensorType((), "str"), FLOAT, "E402", ""),
    ],
)
def test_plan_refuses_what_read_would_refuse(
    arguments: Any, column: TensorType, wanted: TensorType | None, code: str, argument: str
) -> None:
    with pytest.raises(PlanError) as caught:
        READERS.build({"array": {"column": "x", **arguments}}).plan({"x": Column(column, rows=4)}, wanted)
    assert (caught.value.code, caught.value.argument) == (code, argument)
    assert caught.value.help


@pytest.mark.parametrize(
    ("arguments", "at", "kind"),
    [
        ({}, "column", "missing"),
        ({"column": ""}, "column", "string_too_short"),
        ({"column": "x", "rows": [3, 3]}, "rows", "rows"),
        ({"column": "x", "rows": [-1, 3]}, "rows", "rows"),
        ({"column": "x", "rows": [0, 3.0]}, "rows", "rows"),
        ({"column": "x", "rows": [False, True]}, "rows", "rows"),
        ({"column": "x", "rows": 5}, "rows", "rows"),
        ({"column": "x", "rows": [1, 2, 3]}, "rows", "rows"),
        ({"column": "x", "scale": "1/0"}, "scale", "ratio_by_zero"),
        ({"column": "x", "dtype": "int32"}, "dtype", "extra_forbidden"),
    ],
)
def test_wrong_arguments_are_refused_at_their_place(arguments: Any, at: str, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        READERS.build({"array": arguments})
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (("array", at), kind)
