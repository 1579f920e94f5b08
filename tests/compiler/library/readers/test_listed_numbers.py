"""Texts of several numbers, as `array` reads them with a `separator`, beside the `json` of the standard library."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS


def floats(*shape: int) -> TensorType:
    return TensorType(shape, "float32")


def integers(*shape: int) -> TensorType:
    return TensorType(shape, "int32")


def read(texts: list[str], wanted: TensorType | None, learnt: Any = None, **arguments: Any) -> np.ndarray:
    reader = READERS.build({"array": {"column": "x", **arguments}})
    columns = {"x": np.array(texts, np.dtypes.StringDType())}
    return reader.read(columns, wanted, reader.learn(columns) if learnt is None else learnt)


CASES: dict[str, tuple[str, str, list[float]]] = {
    "commas": ("1,2.5,-3e2", ",", [1, 2.5, -300]),
    "JSON": ("[1, 2, 3]", ",", [1, 2, 3]),
    "lists in lists": ("[[1, 2], [3, 4]]", ",", [1, 2, 3, 4]),
    "what numpy prints": ("[0.5  0.25\n 4. ]", " ", [0.5, 0.25, 4]),
    "spaces": ("70 80  82 ", " ", [70, 80, 82]),
    "bars": ("1 | 2|3", "|", [1, 2, 3]),
    "two characters": ("1::2::3", "::", [1, 2, 3]),
    "one": ("7", ";", [7]),
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_read_whatever_stands_between_them(case: str) -> None:
    text, separator, numbers = CASES[case]
    found = read([text, text], floats(len(numbers)), separator=separator, shape=[len(numbers)])
    assert found.dtype == np.float32 and found.tolist() == [numbers, numbers]


@pytest.mark.parametrize(
    ("text", "separator", "said"),
    [
        ("[1, 2, 3, 4", ",", "has a bracket without its other one"),
        ("1, 2, 3, 4]", ",", "has a bracket without its other one"),
        ("[[1, 2], [3, 4]", ",", "has a bracket without its other one"),
        ("]1, 2, 3, 4[", ",", "has a bracket without its other one"),
        ("[1 2 3 4", " ", "has a bracket without its other one"),
        ("[[1, 2, 3], [4]]", ",", "has lists of different lengths"),
        ("[1, [2, 3], 4]", ",", "has lists of different lengths"),
        ("[[1 2 3]\n [4]]", " ", "has lists of different lengths"),
        ("1[2 3]4", " ", "has lists of different lengths"),
    ],
)
def test_lists_that_are_cut_off_or_uneven_are_refused(text: str, separator: str, said: str) -> None:
    with pytest.raises(RunError, match=said) as caught:
        read(["1" + f"{separator}1" * 3, text], floats(2, 2), separator=separator, shape=[2, 2])
    assert caught.value.code == "E402" and "row 1" in caught.value.message


@given(st.lists(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=4, max_size=4), min_size=1, max_size=5))
def test_lists_of_json_come_back(rows: list[list[float]]) -> None:
    found = read([json.dumps(row) for row in rows], floats(2, 2), separator=",", shape=[2, 2])
    assert found.reshape(len(rows), 4).tolist() == np.array(rows, "float32").tolist()


def test_integers_stay_integers_where_the_input_takes_them_and_scales_are_applied() -> None:
    found = read(["1,2", "3,-4"], integers(2), separator=",", shape=[2])
    assert found.dtype == np.int32 and found.tolist() == [[1, 2], [3, -4]]
    assert read(["51,255"], floats(2), separator=",", shape=[2], scale=1 / 255).tolist() == [
        [np.float32(51) * np.float32(1 / 255), 1]
    ]
    assert read(["1", "2", "3"], floats(1), separator=",", shape=[1], rows=[1, 3]).tolist() == [[2], [3]]


REFUSED: dict[str, tuple[list[str], TensorType, str, list[str]]] = {
    "a word": (["1,2", "1,b"], floats(2), "E402", ["in row 1 has 'b' where a number", "'1,b'"]),
    "another separator": (["1;2"], floats(2), "E402", ["'1;2' where a number is expected", "`separator`"]),
    "nothing between": (["1,,2"], floats(2), "E402", ["has nothing where a number"]),
    "zeros in front": (["1,007"], floats(2), "E402", ["'007' where a number"]),
    "not a number": (["1,nan"], floats(2), "E402", ["'nan' where a number"]),
    "an underscore": (["1,1_0"], floats(2), "E402", ["'1_0' where a number"]),
    "too few": (["1,2", "1"], floats(2), "E404", ["in row 1 has 1 number, and `shape` has 2"]),
    "too many": (["1,2,3"], floats(2), "E404", ["has 3 numbers, and `shape` has 2"]),
    "an empty text": ([""], floats(2), "E404", ["has 0 numbers"]),
    "fractions for integers": (["1,2.5"], integers(2), "E402", ["'2.5' where a whole number", "dtype: float32"]),
    "beyond float64": (["1,1e400"], floats(2), "E402", ["float64 cannot hold: '1e400'"]),
    "rounded": ([f"1,{2**53 + 1}"], floats(2), "E402", [f"float64 cannot hold: '{2**53 + 1}'"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_texts_are_refused_with_the_row(case: str) -> None:
    texts, wanted, code, words = REFUSED[case]
    with pytest.raises(RunError) as caught:
        read(texts, wanted, learnt="0", separator=",", shape=[2])
    said = "\n".join([caught.value.message, *caught.value.helps])
    assert caught.value.code == code and [word for word in words if word not in said] == [], said
    assert caught.value.row == len(texts) - 1


def refused(arguments: dict[str, Any], column: Column, wanted: TensorType | None = None) -> str:
    with pytest.raises(PlanError) as caught:
        READERS.build({"array": {"column": "x", **arguments}}).plan({"x": column}, wanted or floats(4))
    return f"{caught.value.message}\n{caught.value.help}"


def test_arguments_and_columns_that_do_not_fit_are_refused_before_any_row_is_read() -> None:
    text = Column(TensorType((), "str"))
    assert "does not say how many numbers" in refused({"separator": ","}, text)
    assert "has int64, expected texts" in refused({"separator": ",", "shape": [4]}, Column(TensorType((), "int64")))
    for column in (text, Column(None)):
        assert '`separator: ","`' in refused({"shape": [4]}, column)
    reader = READERS.build({"array": {"column": "x", "separator": ",", "shape": [2, 2]}})
    for column in (text, Column(None)):
        assert reader.plan({"x": column}, floats(2, 2)) == floats(2, 2)
    assert reader.plan({"x": text}, None) == floats(2, 2)
    assert reader.plan({"x": text}, integers(2, 2)) == integers(2, 2)
