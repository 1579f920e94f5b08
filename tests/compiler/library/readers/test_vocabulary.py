"""Classes whose names are learnt: the most frequent of the training rows, against scikit-learn, and what is missing."""

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.preprocessing import OneHotEncoder

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

Array = np.ndarray[Any, Any]
NAMES = np.array(["flat", "house", "farm", "boat", "žluť", "tent"])
DTYPES = [np.str_, np.bytes_, np.int64, "T"]


def build(**arguments: Any) -> Any:
    return READERS.build({"category": {"column": "kind", **arguments}})


def drawn(seed: int, dtype: Any = np.str_, rows: int = 400) -> Array:
    """Names of which no two are as frequent, in a column of the dtype."""
    places = np.random.default_rng(seed).choice(6, rows, p=[0.05, 0.35, 0.2, 0.1, 0.25, 0.05])
    if dtype is np.int64:
        return places * 7 - 3
    names = NAMES[places]
    if dtype is np.bytes_:
        return np.strings.encode(names, "utf-8")
    return names.astype(np.dtypes.StringDType()) if dtype == "T" else names


def as_objects(values: Array) -> Any:
    """A column of scikit-learn's."""
    return values.astype(object)[:, None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [2, 4, 6])
def test_the_classes_are_those_of_scikit_learn(dtype: Any, count: int) -> None:
    trained, new = drawn(1, dtype), drawn(2, dtype)
    reader = build(vocabulary=count)
    learnt = json.loads(json.dumps(reader.learn({"kind": trained})))
    found = reader.read({"kind": new}, None, learnt)
    assert found.dtype == np.int32 and found.max() == count - 1
    oracle = OneHotEncoder(max_categories=count, handle_unknown="infrequent_if_exist", sparse_output=False)
    encoded = oracle.fit(as_objects(trained)).transform(as_objects(new))
    # There the frequent names stand in their own order, here the most frequent is first; the last is that of all others.
    order = [int(encoded[np.flatnonzero(found == label)[0]].argmax()) for label in range(count)]
    assert order[-1] == count - 1 and sorted(order) == [*range(count)]
    np.testing.assert_array_equal(encoded[:, order], np.eye(count)[found])
    frequency = np.bincount(reader.read({"kind": trained}, None, learnt))[:-1]
    assert (np.diff(frequency) <= 0).all()


def test_of_two_that_are_as_frequent_the_first_by_name_is_learnt() -> None:
    learnt = build(vocabulary=3).learn({"kind": np.array(["b", "a", "c", "c", "b", "a", "d"])})
    assert learnt == {"names": ["a", "b"], "unknown": 3, "values": 7}


def test_the_names_are_as_many_as_the_classes_and_unknown_is_the_last() -> None:
    reader = build(vocabulary=5, unknown="other")
    learnt = reader.learn({"kind": np.array(["a", "unused 2"])})
    assert reader.class_names(None) == 5
    assert reader.classes_learnt(learnt) == ("a", "unused 2", "unused 2'", "unused 3", "other")
    assert reader.read({"kind": np.array(["z", "a"])}, None, learnt).tolist() == [4, 0]
    (said,) = reader.remarks(learnt)
    assert "2 names, and there is room for 4" in said


def test_the_name_of_the_class_of_the_others_is_learnt_as_no_name() -> None:
    reader = build(vocabulary=3)
    learnt = reader.learn({"kind": np.array(["unknown", "unknown", "a"])})
    assert learnt == {"names": ["a"], "unknown": 2, "values": 3}
    assert reader.read({"kind": np.array(["unknown", "a"])}, None, learnt).tolist() == [2, 0]
    assert "2 of 3 values in the training rows are of the class `unknown`" in reader.remarks(learnt)[1]


def test_integers_and_booleans_are_names_too() -> None:
    reader = build(vocabulary=3)
    assert reader.learn({"kind": np.array([10, -2, 10])})["names"] == ["10", "-2"]
    assert reader.learn({"kind": np.array([True, False, True])})["names"] == ["true", "false"]


def test_tokens_are_ids_of_one_vocabulary() -> None:
    reader = build(vocabulary=3)
    tokens = np.array([["the", "a"], ["the", "z"]])
    learnt = reader.learn({"kind": tokens})
    assert reader.read({"kind": tokens}, TensorType((2,), "int64"), learnt).tolist() == [[0, 1], [0, 2]]


def masked(values: list[Any], dtype: Any = np.str_) -> Array:
    """A column in which None is missing."""
    data = np.array(["" if value is None else value for value in values])
    if dtype == "T":
        data = data.astype(np.dtypes.StringDType())
    return np.ma.masked_array(data, [value is None for value in values])


@pytest.mark.parametrize("dtype", [np.str_, "T"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"classes": ["a", "none"], "missing": "none"}, [0, 1, 1]),
        ({"classes": ["a", "none"], "unknown": "other", "missing": "unknown"}, [0, 2, 1]),
        ({"classes": ["a", "none"], "unknown": "other", "missing": "other"}, [0, 2, 1]),
        ({"vocabulary": 3, "missing": "unknown"}, [0, 2, 1]),
        ({"vocabulary": 3, "unknown": "other", "missing": "unknown"}, [0, 2, 1]),
        ({"vocabulary": 3, "missing": "none"}, [1, 0, 0]),
        ({"vocabulary": 4, "missing": "absent"}, [0, 1, 2]),
    ],
)
def test_missing_values_are_of_the_class_that_is_said(arguments: Any, expected: list[int], dtype: Any) -> None:
    column = {"kind": masked(["a", None, "none"], dtype)}
    reader = build(**arguments)
    assert reader.read(column, None, reader.learn(column)).tolist() == expected


def test_missing_integers_are_of_a_named_class() -> None:
    column = {"kind": np.ma.masked_array([1, 99, 0], [False, True, False])}
    reader = build(classes=["a", "b", "none"], missing="none")
    assert reader.read(column, None).tolist() == [1, 2, 0]


@pytest.mark.parametrize("arguments", [{"vocabulary": 3}, {"classes": ["a", "b"]}, {"classes": 3}])
def test_missing_values_of_which_nothing_is_said_are_an_error(arguments: Any) -> None:
    values = (
        masked(["a", None, "b"]) if arguments != {"classes": 3} else np.ma.masked_array([0, 1, 2], [False, True, False])
    )
    reader, column = build(**arguments), {"kind": values}
    with pytest.raises(RunError, match="`kind` has 1 missing value, the first in row 1") as caught:
        reader.read(column, None, reader.learn(column))
    assert "`missing: " in caught.value.helps[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vocabulary": 3, "classes": 3}, "`classes` says them"),
        ({"classes": ["a", "b"], "missing": "c"}, "none of the 2 `classes`"),
        ({"classes": 3, "missing": "c"}, "the classes have no names"),
        ({"missing": "c"}, "the classes have no names"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused_without_the_data(arguments: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        build(**arguments).plan(None, None)
    assert caught.value.code == "E403" and caught.value.help


def test_fractions_are_no_names() -> None:
    with pytest.raises(PlanError, match="needs integers or strings, but `kind` has float32"):
        build(vocabulary=3).plan({"kind": Column(TensorType((), "float32"))}, None)


@pytest.mark.parametrize("value", [1, True, 2**31, "3", ["a", "b"], {"file": "names.txt"}, 2.5])
def test_a_vocabulary_is_a_count(value: Any) -> None:
    with pytest.raises(ValidationError, match="expected how many classes there are"):
        build(vocabulary=value)


@pytest.mark.parametrize("value", ["names.txt", {"file": "names.txt"}, ["a", "b"]])
def test_names_in_place_of_the_count_are_answered_with_classes(value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        build(vocabulary=value)
    written = "[a, b]" if isinstance(value, list) else "{file: names.txt}"
    assert f"`classes: {written}`" in caught.value.errors()[0]["ctx"]["help"]
