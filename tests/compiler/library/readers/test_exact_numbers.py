"""Integers become floats exactly or not at all: what is refused, what its helps do, and what is rounded as ever."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.readers import READERS
from modelc.runtime.data.dataset import complete
from modelc.runtime.data.new_inputs import read_inputs
from tests.cli.commands import modelc
from tests.runtime.small import ready, spec, write_rows

Numbers = np.ndarray[Any, Any]
FLOAT = TensorType(())
EDGE = 2**24


def read(column: Numbers, wanted: TensorType | None = FLOAT, **arguments: Any) -> Numbers:
    return READERS.build({"array": {"column": "x", **arguments}}).read({"x": column}, wanted)


def refused(column: Numbers, wanted: TensorType | None = FLOAT, **arguments: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        read(column, wanted, **arguments)
    assert caught.value.code == "E402"
    return caught.value


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.asarray([0, EDGE + 1]), "`x` has 16777217 in row 1, which float32 cannot hold: it would become 16777216"),
        (np.asarray([0.0, EDGE + 1]), "`x` has 16777217.0 in row 1, which float32 cannot hold: it would become 16777216"),
        (np.asarray([0.5, 1 - 2**25]), "`x` has -33554431.0 in row 1, which float32 cannot hold: it would become -33554432"),
        (np.asarray([EDGE + 3], np.uint64), "`x` has 16777219 in row 0, which float32 cannot hold: it would become 16777220"),
        (np.asarray([2**53 - 1.0]), "which float32 cannot hold: it would become 9007199254740992"),
        (np.asarray([2**63 - 1]), "which float32 cannot hold: it would become 9223372036854775808"),
        (np.asarray([1 - 2**63]), "`x` has -9223372036854775807 in row 0"),
        (np.asarray([2**64 - 1], np.uint64), "it would become 18446744073709551616"),
        (np.asarray([EDGE + 1], ">i8"), "`x` has 16777217 in row 0"),
        (np.asarray([1.0, EDGE + 1], ">f8"), "`x` has 16777217.0 in row 1"),
        (np.asarray([[1, 2], [EDGE + 1, EDGE + 3]]), "`x` has 2 integers that float32 cannot hold, the first is 16777217 in row 1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wanted", [FLOAT, None])
def test_integers_that_would_be_rounded_are_refused(column: Numbers, message: str, wanted: TensorType | None) -> None:
    # An integer target stays one: it is the loss that would round it.
    if wanted is None and column.dtype.kind != "f":
        return
    assert message in refused(column, wanted).message


@pytest.mark.parametrize(
    "column",
    [
        np.asarray([EDGE, -EDGE, EDGE + 2, 2**25 + 4, 2**40, -(2**62), -(2**63), 3 * 2**50]),
        np.asarray([2**63, 2**64 - 2**40], np.uint64),
        np.asarray([EDGE + 2.0, -(2.0**40)]),
        np.asarray([EDGE + 2.0, -(2.0**40)], ">f8"),
        np.asarray([True, False]),
        np.asarray([-128, 127], np.int8),
        np.asarray([0.1, 65504], np.float16),
        np.asarray([16777217.0, 123456789.0], np.float32),
    ],
)
def test_integers_that_float32_holds_are_taken(column: Numbers) -> None:
    found = read(column)
    assert found.dtype == np.float32
    assert [int(value) for value in found] == [int(value) for value in column]


@pytest.mark.parametrize(
    "column",
    [
        np.asarray([0.1, 1 / 3, 150000000.25, 1e30, 2.0**60 + 2.0**10]),
        # Measured, not counted: the whole ones are so by chance.
        np.asarray([123456789.0, 150000000.25, 1.5e8 + 1]),
        # Whole as any number of that size, and no count of anything.
        np.asarray([1e30, 6.02214076e23, 2.0**53 + 2]),
    ],
)
def test_fractions_and_what_is_measured_are_rounded_to_the_nearest(column: Numbers) -> None:
    np.testing.assert_array_equal(read(column), column.astype(np.float32))
    np.testing.assert_array_equal(read(column, None), column.astype(np.float32))


def followed(help: str, column: Numbers, wanted: TensorType | None = FLOAT) -> Numbers:
    """The column as the reader that a help writes reads it."""
    (written,) = re.findall(r"`(array: .*)`", help)
    return READERS.build(yaml.safe_load(written)).read({"x": column}, wanted)


@pytest.mark.parametrize("start", [EDGE + 1, 1_600_000_001, -1_700_000_000, 2**52 + 1, -(2**52) - 1])
@pytest.mark.parametrize("dtype", ["int64", "float64", ">i8"])
@pytest.mark.parametrize("wanted", [FLOAT, None])
def test_the_first_help_keeps_every_number(start: int, dtype: str, wanted: TensorType | None) -> None:
    column = (start + np.asarray([0, 1, 3, 70000, EDGE - 1])).astype(dtype)
    # An integer target stays one: it is the loss that would round it.
    help = refused(column, FLOAT if column.dtype.kind != "f" else wanted).helps[0]
    assert help.startswith("subtract a number from all of them, which is exact: ")
    assert followed(help, column, wanted).tolist() == [0, 1, 3, 70000, EDGE - 1]


def test_the_other_helps_do_what_they_say() -> None:
    column = np.asarray([5, 1_600_000_001])
    first, second, third = refused(column).helps
    assert first == (
        "give the input `dtype: int32`, for layers that keep integers: `embedding`, `integer_lookup`, and "
        "`discretization` with `bin_boundaries`"
    )
    assert read(column, TensorType((), "int32")).tolist() == column.tolist()
    np.testing.assert_allclose(followed(second, column), column / 1000, rtol=1e-7)
    assert third == "ask for the nearest ones: save the column as float32"
    np.testing.assert_array_equal(read(column.astype("float32")), column.astype("float32"))
    # No number is subtracted that would not do, and no integer of 32 bits holds what is wider.
    assert [help.split(" ")[0] for help in refused(np.asarray([5, 2**40 + 1])).helps] == ["ask", "ask"]


def test_an_offset_that_leads_out_of_range_is_refused_with_one_that_does_not() -> None:
    column = np.asarray([1, EDGE - 1])
    error = refused(column, offset=10)
    assert error.message == (
        "`x` with its `offset` has 16777225.0 in row 1, which float32 cannot hold: it would become 16777224"
    )
    assert followed(error.helps[0], column).tolist() == [0, EDGE - 2]
    # An offset that float32 does not hold is not rounded on its way either.
    assert read(np.asarray([5, 133]), offset=-1_600_000_005).tolist() == [-1_600_000_000, -1_599_999_872]


@pytest.mark.parametrize("offset", [0.5, 1e-3, -0.25])
def test_a_fraction_added_to_integers_does_not_make_them_measured(offset: float) -> None:
    for column in (EDGE + np.asarray([1, 3, 5]), EDGE + np.asarray([1.0, 3, 5])):
        error = refused(column, offset=offset)
        assert followed(error.helps[0], column).tolist() == [0, 2, 4]
    # Fractions that keep the integers apart are rounded to the nearest.
    np.testing.assert_array_equal(
        read(np.asarray([5, EDGE // 2 - 1]), offset=offset), np.float32(np.asarray([5, EDGE // 2 - 1]) + offset)
    )
    measured = np.asarray([EDGE + 1.0, EDGE + 5.5])
    np.testing.assert_array_equal(read(measured, offset=offset), np.float32(measured + offset))


def test_each_place_of_the_last_axis_is_counted_or_measured_by_itself() -> None:
    ids, prices = EDGE + np.asarray([0.0, 1, 2]), EDGE + np.asarray([1.0, 3.5, 7])
    error = refused(np.stack([prices, ids], axis=1), TensorType((2,)))
    assert "`x` has 16777217.0 in row 1" in error.message
    np.testing.assert_array_equal(
        read(np.stack([prices, prices], axis=1), TensorType((2,)))[:, 0], prices.astype(np.float32)
    )


def test_numbers_of_any_size_are_shifted_and_scaled_once() -> None:
    seconds = 1_600_000_000 + np.asarray([0.25, 1.5, 7.0, 100.125])
    assert read(seconds, offset=-1_600_000_000).tolist() == [0.25, 1.5, 7.0, 100.125]
    milliseconds = 1_600_000_000_000 + np.arange(5)
    found = read(milliseconds, scale=0.001, offset=-1_600_000_000)
    np.testing.assert_allclose(found, np.arange(5) * 0.001, rtol=0, atol=1e-6)
    # What a number becomes does not depend on those beside it.
    alone = [read(np.asarray([value]), scale=0.37, offset=2.5)[0] for value in (3.3, 4e7 + 1)]
    assert read(np.asarray([3.3, 4e7 + 1]), scale=0.37, offset=2.5).tolist() == alone


def test_smaller_numbers_are_scaled_in_float32_as_ever() -> None:
    column = np.random.default_rng(0).uniform(-EDGE, EDGE, 1000)
    for given in (column, column.astype(np.float32), column.astype(np.int32)):
        wanted = given.astype(np.float32) * np.float32(1 / 255) + np.float32(-0.3)
        np.testing.assert_array_equal(read(given, scale=1 / 255, offset=-0.3), wanted)


@pytest.mark.parametrize("given", [{"offset": -1.0}, {"offset": -1_600_000_001}, {"scale": 0.37, "offset": 3}])
def test_a_column_of_float32_is_computed_with_in_float32_as_ever(given: dict[str, Any]) -> None:
    column = np.asarray([1.5, 1e9, 123456789.0], np.float32)
    wanted = column * np.float32(given.get("scale", 1)) + np.float32(given["offset"])
    np.testing.assert_array_equal(read(column, **given), wanted)


def test_integers_are_refused_where_a_narrower_float_would_round_them() -> None:
    assert (
        "2049 in row 0, which float16 cannot hold: it would become 2048"
        in refused(np.asarray([2049]), TensorType((), "float16")).message
    )
    refused(np.asarray([257]), TensorType((), "bfloat16"))
    refused(np.asarray([2**16]), TensorType((), "float16"))
    assert read(np.asarray([258, 300]), TensorType((), "bfloat16")).astype("float32").tolist() == [258, 300]
    refused(np.asarray([2**53 + 1]), TensorType((), "float64"))


def test_integers_that_an_integer_dtype_does_not_hold_are_refused() -> None:
    for column in (np.asarray([2**31]), np.asarray([2**63], np.uint64)):
        error = refused(column, TensorType((), "int32"))
        assert "save integers from -2,147,483,648 to 2,147,483,647" in error.helps[0]


def numbers(**others: Any) -> dict[str, Any]:
    return spec(
        [{"dense": 1, "name": "y"}], loss="mean_squared_error", data={"targets": {"y": {"array": "y"}}, **others}
    )


def test_a_loss_of_numbers_refuses_integers_that_it_would_round(tmp_path: Path) -> None:
    y = np.arange(29) + EDGE
    for column in (y, y.astype(np.float64), y.astype(np.int32)):
        with pytest.raises(RunError, match="`y` has 14 integers that float32 cannot hold, the first is") as caught:
            ready(numbers(), write_rows(tmp_path, y=column))
        assert caught.value.at == ("data", "targets", "y")
    # Labels are compared, not computed with.
    ready(spec(), write_rows(tmp_path))


def test_sample_weights_are_exact_too(tmp_path: Path) -> None:
    root = write_rows(tmp_path, y=np.arange(29.0), weight=np.where(np.arange(29) == 3, EDGE + 1, 1))
    with pytest.raises(RunError, match="`weight` has 16777217 in row 3, which float32 cannot hold") as caught:
        ready(numbers(sample_weight={"array": "weight"}), root)
    assert caught.value.at == ("data", "sample_weight")


def test_new_rows_for_prediction_are_held_to_the_same(tmp_path: Path) -> None:
    task, _ = complete(load(numbers()), write_rows(tmp_path, y=np.arange(29.0)))
    with pytest.raises(RunError, match=r"`x` has 16777217\.0 in row 0"):
        read_inputs(task, {"x": np.full((1, 4), [EDGE + 1.0, 0, 0, 0.5])})


def test_a_user_is_shown_the_number_and_what_becomes_of_it(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "modelc: 1\nmodel:\n  inputs: {x: {shape: [1]}}\n  layers: [{dense: 1, name: y}]\n"
        "data: {source: {npz: rows.npz}, targets: {y: {array: y}}}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    np.savez(tmp_path / "rows.npz", x=np.arange(EDGE - 1.0, EDGE + 3)[:, None], y=np.arange(4.0))
    ended = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert ended.code == 1
    assert "error[E402]: `x` has 16777217.0 in row 2, which float32 cannot hold: it would become 16777216" in ended.out
    assert (
        "= help: subtract a number from all of them, which is exact: `array: {column: x, offset: -16777215}`"
        in ended.out
    )
