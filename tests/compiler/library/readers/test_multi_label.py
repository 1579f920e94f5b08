"""Sets of labels as vectors of 0 and 1, against scikit-learn."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.preprocessing import MultiLabelBinarizer

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

NAMES = ["news", "sport", "weather", "žluť", "a b"]


def build(**arguments: Any) -> Any:
    return READERS.build({"multi_label": {"column": "tags", "classes": NAMES, **arguments}})


def drawn(seed: int) -> list[list[str]]:
    draw = np.random.default_rng(seed)
    return [[*draw.permutation(NAMES)[: draw.integers(0, 6)]] for _ in range(50)]


@pytest.mark.parametrize("dtype", ["U", "S", "T"])
@pytest.mark.parametrize("separator", [";", ",", " | "])
def test_rows_become_what_scikit_learn_makes_of_their_labels(separator: str, dtype: str) -> None:
    rows = drawn(1)
    texts = np.array([f" {separator} ".join([*row, *row[:1]]) for row in rows])
    column = np.strings.encode(texts, "utf-8") if dtype == "S" else texts.astype(np.dtypes.StringDType())
    found = build(separator=separator).read({"tags": texts if dtype == "U" else column}, TensorType((5,)))
    np.testing.assert_array_equal(found, MultiLabelBinarizer(classes=NAMES).fit(rows).transform(rows))
    assert found.dtype == np.float32


def test_integers_are_labels_by_their_digits() -> None:
    reader = build(classes=["1", "2", "-3"])
    assert reader.read({"tags": np.array([2, -3])}, None).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_labels_that_are_none_are_an_error_or_left_out() -> None:
    column = {"tags": np.array(["news", "sport;Sport;new", "", "new"])}
    with pytest.raises(RunError, match="`tags` has 2 strings not among its 5 `classes`") as caught:
        build().read(column, None)
    assert "first in row 1" in caught.value.message and "unknown: ignore" in caught.value.helps[-1]
    found = build(unknown="ignore").read(column, None)
    assert found.sum(axis=1).tolist() == [1, 1, 0, 0]


def test_lists_as_programs_write_them_are_sets_of_labels() -> None:
    rows = drawn(2)
    for write in (repr, json.dumps, lambda row: json.dumps(row, ensure_ascii=False, indent=1)):
        column = np.array([write([str(name) for name in row]) for row in rows])
        found = build(separator=",").read({"tags": column}, None)
        np.testing.assert_array_equal(found, MultiLabelBinarizer(classes=NAMES).fit(rows).transform(rows))
    with pytest.raises(RunError) as caught:
        build().read({"tags": np.array(["['news', 'sport']", "[]"])}, None)
    assert caught.value.helps[0] == 'the labels are separated otherwise: `separator: ","`'
    with pytest.raises(RunError, match="`tags` has 1 string not among"):
        build(separator=",").read({"tags": np.array(["['news', 'cooking']"])}, None)
    # Labels that have brackets or quotes themselves are taken as they stand.
    names = ["['a']", "'b'", "c"]
    found = build(separator=",", classes=names).read({"tags": np.array(["['a']", "'b',c"])}, None)
    assert found.tolist() == [[1, 0, 0], [0, 1, 1]]


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_labels_are_read_of_json_where_the_spec_says(write: Any) -> None:
    rows = [[str(name) for name in row] for row in drawn(3)]
    expected = MultiLabelBinarizer(classes=NAMES).fit(rows).transform(rows)
    forms: dict[str, Callable[[list[str]], Any]] = {
        "values": lambda row: {f"/m/{place}": name for place, name in enumerate(row)},
        "keys": lambda row: dict.fromkeys(row, 1.5),
        "name": lambda row: [{"id": place, "name": name} for place, name in enumerate(row)],
    }
    for place, form in forms.items():
        column = {"tags": np.array([write(form(row)) for row in rows])}
        found = build(in_json=place if place != "name" else {"field": "name"}).read(column, None)
        np.testing.assert_array_equal(found, expected)
    numbers = build(in_json={"field": "id"}, classes=["7", "28"])
    assert numbers.read({"tags": np.array(['[{"id": 28}]', '{"id": 7}', "", " [] "])}, None).sum() == 2
    # Names may have what stands between labels elsewhere.
    assert build(in_json="values", classes=["a;b", "c"]).read({"tags": np.array(['["a;b"]'])}, None).tolist() == [
        [1, 0]
    ]


@pytest.mark.parametrize(
    "text", ['{"a": "news"', '{"a": 1.5}', '{"a": ["news"]}', "news", '"news"', "[" * 100_000, "1"]
)
def test_texts_that_are_no_json_with_labels_are_refused(text: str) -> None:
    reader, columns = build(in_json="values", unknown="ignore"), {"tags": np.array(['{"a": "news"}', text])}
    with pytest.raises(RunError, match="`tags` in row 1 has no JSON with labels in that place") as caught:
        reader.read(columns, None)
    assert caught.value.code == "E403" and "`in_json` says where they are" in caught.value.helps[0]
    assert [*reader.faults(columns, None)] == [1]
    with pytest.raises(RunError, match="`tags` has 1 string not among"):
        build(in_json="values").read({"tags": np.array(['{"a": "news", "b": "cooking"}'])}, None)


@pytest.mark.parametrize(
    "text", ["['news', 'sport'", "['news' 'sport']", "[['news'], ['sport']]", '["news", "spo', "['news',]"]
)
@pytest.mark.parametrize("unknown", ["error", "ignore"])
def test_lists_that_are_cut_off_are_no_labels_that_may_be_left_out(text: str, unknown: str) -> None:
    reader, columns = build(separator=",", unknown=unknown), {"tags": np.array(["['news']", "sport", text])}
    with pytest.raises(RunError, match="`tags` in row 2 begins as a list that does not end as one") as caught:
        reader.read(columns, None)
    assert caught.value.code == "E403" and "unknown" not in caught.value.helps[0]
    assert [*reader.faults(columns, None)] == [2]


def test_another_separator_is_named_where_it_makes_labels_that_are_known() -> None:
    column = {"tags": np.array(["news|sport", "weather"])}
    with pytest.raises(RunError) as caught:
        build().read(column, None)
    assert caught.value.helps[0] == 'the labels are separated otherwise: `separator: "|"`'
    with pytest.raises(RunError) as caught:
        build().read({"tags": np.array(["news|sports"])}, None)
    assert "separator" not in " ".join(caught.value.helps)


def test_missing_values_are_an_error_or_rows_without_labels() -> None:
    column = {"tags": np.ma.masked_array(["news", "?"], [False, True])}
    with pytest.raises(RunError, match="`tags` has 1 missing value, the first in row 1") as caught:
        build().read(column, None)
    assert "missing: none" in caught.value.helps[0]
    assert build(missing="none").read(column, None).sum(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "wanted", "said"),
    [
        ({"classes": 5}, None, "has to know the names of the labels"),
        ({"classes": ["a", " b"]}, None, "has spaces around it"),
        ({"classes": ["a", "b;c"]}, None, "has the separator ';' in it"),
        ({}, TensorType((5,), "int32"), "the input takes int32"),
        ({"in_json": "keys", "separator": ","}, None, "labels in JSON have no separator"),
    ],
)
def test_what_does_not_fit_is_refused_without_the_data(arguments: Any, wanted: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        build(**arguments).plan(None, wanted)
    assert caught.value.help


@pytest.mark.parametrize("type_", [TensorType((), "float32"), TensorType((3,), "str")])
def test_columns_of_other_types_are_refused(type_: TensorType) -> None:
    with pytest.raises(PlanError, match="expected"):
        build().plan({"tags": Column(type_)}, None)


@pytest.mark.parametrize("arguments", [{"classes": ["a"]}, {"unknown": "drop"}, {"separator": ""}, {"missing": "x"}])
def test_arguments_out_of_their_range_are_refused(arguments: Any) -> None:
    with pytest.raises(ValidationError):
        build(**arguments)
