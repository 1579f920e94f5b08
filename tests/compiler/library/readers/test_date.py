"""Dates as numbers, against the calendar of numpy."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

Array = np.ndarray[Any, Any]
PARTS = ["year", "quarter", "month", "day", "day_of_year", "weekday", "hour", "minute", "second"]


def build(**arguments: Any) -> Any:
    return READERS.build({"date": {"column": "x", **arguments}})


def drawn(seed: int) -> Any:
    """Times from 1904 to 2096, among them the ends of months and of leap years."""
    seconds = np.random.default_rng(seed).integers(-(2**31), 2**31, 300) * 60 // 31
    ends = np.array(["2000-02-29T23:59:59", "1999-12-31T00:00:00", "2024-12-31T12:00:01", "1970-01-01T00:00:00"])
    return np.concatenate([seconds.astype("M8[s]"), ends.astype("M8[s]")])


def expected(times: Any) -> tuple[Array, Array]:
    """The numbers of all parts, and after how many they begin anew."""
    years, months, days = (times.astype(f"M8[{unit}]") for unit in "YMD")
    month, day = months.astype(int) % 12, (days - months).astype(int)
    day_of_year, second = (days - years).astype(int), (times - days).astype(int)
    columns = [
        years.astype(int) + 1970,
        month // 3 + 1,
        month + 1,
        day + 1,
        day_of_year + 1,
        (days.astype(int) + 3) % 7,
        second // 3600,
        second // 60 % 60,
        second % 60,
    ]
    in_month = ((months + 1).astype("M8[D]") - months.astype("M8[D]")).astype(int)
    in_year = ((years + 1).astype("M8[D]") - years.astype("M8[D]")).astype(int)
    sizes = [0 * day, 0 * day + 4, 0 * day + 12, in_month, in_year, *(0 * day + size for size in (7, 24, 60, 60))]
    return np.stack(columns, 1), np.stack(sizes, 1)


@pytest.mark.parametrize("dtype", ["U", "S", "T"])
def test_parts_are_those_of_the_calendar(dtype: str) -> None:
    times = drawn(1)
    texts = times.astype(str)
    column = np.strings.encode(texts, "utf-8") if dtype == "S" else texts.astype(np.dtypes.StringDType())
    found = build(parts=PARTS).read({"x": texts if dtype == "U" else column}, TensorType((9,)))
    np.testing.assert_array_equal(found, expected(times)[0])
    assert found.dtype == np.float32


def test_cyclic_parts_are_places_on_a_circle() -> None:
    times = drawn(2)
    found = build(parts=PARTS[1:], cyclic=True).read({"x": times.astype(str)}, None)
    numbers, sizes = expected(times)
    firsts = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    angles = 2 * np.pi * (numbers[:, 1:] - firsts) / sizes[:, 1:]
    wanted = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(times), -1)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(found[:, ::2] ** 2 + found[:, 1::2] ** 2, 1, atol=1e-6)


@pytest.mark.parametrize(
    ("format", "pattern"), [("%d.%m.%Y", "{2}.{1}.{0}"), ("%m/%d/%Y", "{1}/{2}/{0}"), ("%Y%m%d", "{0}{1}{2}")]
)
def test_other_formats_say_the_same(format: str, pattern: str) -> None:
    days = drawn(3).astype("M8[D]").astype(str)
    texts = np.array([pattern.format(*day.rsplit("-", 2)) for day in days])
    plain, other = build(parts=["year", "day_of_year"]), build(parts=["year", "day_of_year"], format=format)
    np.testing.assert_array_equal(other.read({"x": texts}, None), plain.read({"x": days}, None))


def test_integers_are_dates_by_their_digits_and_offsets_change_nothing() -> None:
    reader = build(parts=["month", "hour"])
    assert reader.read({"x": np.array([20240131, 19991201])}, None).tolist() == [[1, 0], [12, 0]]
    assert reader.read({"x": np.array(["2024-01-31T23:30:00+05:00", " 2024-02-01T00:00Z"])}, None).tolist() == [
        [1, 23],
        [2, 0],
    ]


@pytest.mark.parametrize(
    ("values", "arguments", "said", "help"),
    [
        (
            ["2024-01-31", "2024-02-30"],
            {},
            "1 different text that is no date of ISO 8601, the first '2024-02-30'",
            "correct them",
        ),
        (["2024-01-31", "13.02.2024"], {}, "13.02.2024", '`format: "%d.%m.%Y"`'),
        (["2024-01-31", "02/13/2024"], {}, "02/13/2024", '`format: "%m/%d/%Y"`'),
        (
            ["2024-01-31", "02/03/2024"],
            {},
            "02/03/2024",
            '`format: "%d/%m/%Y"` or `format: "%m/%d/%Y"`, as they are meant',
        ),
        (["31.01.2024", ""], {"format": "%d.%m.%Y"}, "in the format '%d.%m.%Y', the first ''", "correct them"),
        ([20240131, 1700000000], {}, "the first '1700000000'", "correct them"),
    ],
)
def test_what_is_no_date_is_an_error_with_its_row(values: Any, arguments: Any, said: str, help: str) -> None:
    with pytest.raises(RunError) as caught:
        build(parts="month", **arguments).read({"x": np.array(values)}, None)
    assert said in caught.value.message and caught.value.message.endswith("in row 1")
    assert help in caught.value.helps[0]


@pytest.mark.parametrize(
    ("arguments", "wanted", "said"),
    [
        ({"parts": ["month", "year"], "cyclic": True}, None, "a year does not"),
        ({"parts": ["month", "month"]}, None, "`month` is twice"),
        ({"parts": ["month"]}, TensorType((1,), "int32"), "the input takes int32"),
    ],
)
def test_what_does_not_fit_is_refused_without_the_data(arguments: Any, wanted: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        build(**arguments).plan(None, wanted)
    assert caught.value.help


@pytest.mark.parametrize("type_", [TensorType((), "float64"), TensorType((3,), "str")])
def test_columns_of_other_types_are_refused(type_: TensorType) -> None:
    with pytest.raises(PlanError, match="expected"):
        build(parts=["month"]).plan({"x": Column(type_)}, None)


@pytest.mark.parametrize(
    "arguments",
    [{"parts": []}, {"parts": ["week"]}, {"parts": "month", "format": "yyyy-mm-dd"}, {"parts": "day", "format": "%Q"}],
)
def test_arguments_out_of_their_range_are_refused(arguments: Any) -> None:
    with pytest.raises(ValidationError):
        build(**arguments)
