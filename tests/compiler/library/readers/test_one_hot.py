"""Categories as vectors, and several columns of them as one input, against scikit-learn."""

import json
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

Array = np.ndarray[Any, Any]
HEATING = ["gas", "oil", "wood", "none"]


def drawn(seed: int, rows: int = 200) -> dict[str, Array]:
    """Columns of names and of integers, of which no two are as frequent."""
    draw = np.random.default_rng(seed)
    heating = np.array(HEATING)[draw.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])]
    return {"heating": heating, "district": draw.choice(5, rows, p=[0.05, 0.1, 0.15, 0.3, 0.4]) * 11}


def table(columns: dict[str, Array]) -> Any:
    """The columns as scikit-learn takes them."""
    return np.stack([column.astype(object) for column in columns.values()], axis=1)


def test_names_become_the_vectors_of_scikit_learn() -> None:
    column = {"heating": drawn(0)["heating"]}
    reader = READERS.build({"one_hot": {"column": "heating", "classes": HEATING}})
    oracle = OneHotEncoder(categories=[HEATING], sparse_output=False).fit(table(column))
    found = reader.read(column, TensorType((4,)))
    np.testing.assert_array_equal(found, oracle.transform(table(column)))
    assert found.dtype == np.float32


def test_integers_become_vectors_of_as_many_places_as_there_are_classes() -> None:
    reader = READERS.build({"one_hot": {"column": "x", "classes": 3}})
    assert reader.read({"x": np.array([[2, 0], [1, 1]])}, None).tolist() == [
        [[0, 0, 1], [1, 0, 0]],
        [[0, 1, 0], [0, 1, 0]],
    ]
    with pytest.raises(RunError, match="outside 0 to 2, the first is 3 in row 1"):
        reader.read({"x": np.array([2, 3])}, None)


@pytest.mark.parametrize("one_hot", [False, True])
def test_several_columns_are_those_of_scikit_learn_side_by_side(one_hot: bool) -> None:
    trained, new = drawn(1), drawn(2)
    counts = {"heating": 3, "district": 5}
    reader = READERS.build({"category_columns": {"columns": counts, "one_hot": one_hot}})
    learnt = json.loads(json.dumps(reader.learn(trained)))
    known = [[*learnt[name]["names"]] for name in counts]
    assert known == [["gas", "oil"], ["44", "33", "22", "11"]]
    found = reader.read(new, None, learnt)
    texts = {name: np.asarray([str(value) for value in column.tolist()]) for name, column in new.items()}
    ordinal = OrdinalEncoder(
        categories=[np.array(names, object) for names in known], handle_unknown="use_encoded_value", unknown_value=99
    )
    ids = ordinal.fit(np.array([[names[0] for names in known]], object)).transform(table(texts))
    ids = np.where(ids == 99, [2, 4], ids).astype(int)
    if one_hot:
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.concatenate([np.eye(3)[ids[:, 0]], np.eye(5)[ids[:, 1]]], axis=1))
    else:
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, ids + np.array([0, 3]))
    assert reader.class_names(None) == 8


def test_rows_of_columns_are_what_the_plan_says() -> None:
    known = {"heating": Column(TensorType((), "str")), "district": Column(TensorType((), "int64"))}
    raw = {"columns": {"heating": 3, "district": 5}}
    ids, vectors = (READERS.build({"category_columns": {**raw, "one_hot": flag}}) for flag in (False, True))
    assert ids.plan(known, None) == ids.plan(None, None) == TensorType((2,), "int32")
    assert vectors.plan(known, TensorType((8,))) == TensorType((8,), "float32")
    assert ids.names_among(()) == ("heating", "district")
    assert ids.read(drawn(3), TensorType((2,), "int8")).dtype == np.int8


def test_missing_values_of_columns_are_of_the_class_that_is_said() -> None:
    column = {"x": np.ma.masked_array(["a", "", "b"], [False, True, False])}
    plain = READERS.build({"category_columns": {"columns": {"x": 3}}})
    with pytest.raises(RunError, match="`x` has 1 missing value, the first in row 1"):
        plain.read(column, None)
    reader = READERS.build({"category_columns": {"columns": {"x": 3}, "missing": "unknown"}})
    assert reader.read(column, None).tolist() == [[0], [2], [1]]
    (said,) = READERS.build({"category_columns": {"columns": {"x": 4}, "missing": "none"}}).remarks(
        {"x": {"names": ["none", "a"], "unknown": 0, "values": 3}}
    )
    assert said.startswith("`x`: the training rows have 2 names")


@pytest.mark.parametrize(
    ("raw", "wanted", "said"),
    [
        ({"one_hot": {"column": "x", "classes": 3}}, TensorType((3,), "int32"), "returns floats, but the input takes"),
        ({"one_hot": "x"}, None, "does not say how many classes there are"),
        ({"one_hot": {"column": "x", "classes": 3, "vocabulary": 3}}, None, "`classes` says them"),
        ({"category_columns": {"columns": {"x": 3}}}, TensorType((1,)), "returns integer ids"),
        ({"category_columns": {"columns": {"x": 3}, "one_hot": True}}, TensorType((3,), "int32"), "returns floats"),
    ],
)
def test_what_does_not_fit_is_refused_without_the_data(raw: Any, wanted: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        READERS.build(raw).plan(None, wanted)
    assert caught.value.help


@pytest.mark.parametrize("type_", [TensorType((2,), "str"), TensorType((), "float64")])
def test_columns_have_one_name_in_each_row(type_: TensorType) -> None:
    with pytest.raises(PlanError, match=r"1 axes|needs integers or strings"):
        READERS.build({"category_columns": {"columns": {"x": 3}}}).plan({"x": Column(type_)}, None)


@pytest.mark.parametrize("columns", [["a", "b"], "a", {}, 3, None])
def test_columns_without_counts_are_refused_with_what_to_write(columns: Any) -> None:
    with pytest.raises(ValidationError, match="expected the columns, and for each how many ids"):
        READERS.build({"category_columns": {"columns": columns}})


SPEC = """\
modelc: 1
model: {inputs: {x: {shape: [1], dtype: int32}}, layers: [embedding: {input_dim: 3, output_dim: 2}]}
data: {source: {npz: rows.npz}, inputs: {x: {READER}}}
"""


@pytest.mark.parametrize("reader", ["ordinal: {columns: {kind: 3}}", "category_columns: {kind: 3}"])
def test_what_is_written_otherwise_is_answered_with_what_can_be_read(reader: str) -> None:
    (problem,) = check(SPEC.replace("READER", reader), "spec.yaml").errors
    written = "category_columns: {columns: {kind: 3}}"
    assert f"`{written}`" in f"{problem.helps} {problem.suggestion}"
    assert not check(SPEC.replace("READER", written), "spec.yaml").errors


def test_an_argument_that_does_not_fit_is_reported_where_it_stands() -> None:
    (problem,) = check(
        SPEC.replace("READER", "category_columns: {columns: {kind: 3}, one_hot: true}"), "spec.yaml"
    ).errors
    assert problem.path == ("data", "inputs", "x", "category_columns", "one_hot")
