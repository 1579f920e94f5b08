"""The readers of numbers that learn of the training rows: what they fill in and how they scale, against scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import StandardScaler

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

Array = np.ndarray[Any, Any]


def table(seed: int, rows: int = 50) -> Array:
    """Three columns of numbers of different sizes, some of them NaN."""
    draw = np.random.default_rng(seed)
    found = draw.normal(size=(rows, 3)) * [1, 1e3, 1e-3] + [5, -2e4, 0]
    found[draw.random((rows, 3)) < 0.2] = np.nan
    return found


def columns_of(values: Array, *, masked: bool = False) -> dict[str, Array]:
    """The columns `a`, `b` and `c`, missing values as NaN or under a mask."""
    named = dict(zip("abc", values.T, strict=True))
    if not masked:
        return named
    return {name: np.ma.masked_array(np.nan_to_num(one, nan=77.0), np.isnan(one)) for name, one in named.items()}


def build(**arguments: Any) -> Any:
    return READERS.build({"numbers": {"columns": ["a", "b", "c"], **arguments}})


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("missing", ["mean", "median", 3.5])
@pytest.mark.parametrize("standardize", [False, True])
def test_rows_become_what_scikit_learn_makes_of_them(missing: Any, standardize: bool, masked: bool) -> None:
    trained, new = table(1), table(2)
    reader = build(missing=missing, standardize=standardize, indicate=True)
    learnt = reader.learn(columns_of(trained, masked=masked))
    found = reader.read(columns_of(new, masked=masked), TensorType((6,)), learnt)
    strategy = {"strategy": missing} if isinstance(missing, str) else {"strategy": "constant", "fill_value": missing}
    imputer = SimpleImputer(**strategy).fit(trained)
    filled, scaler = imputer.transform(new), StandardScaler().fit(trained)
    expected = scaler.transform(filled) if standardize else filled
    np.testing.assert_allclose(found[:, :3], expected.astype(np.float32), rtol=1e-6, atol=1e-6)
    marks = MissingIndicator(features="all").fit(trained).transform(new)
    np.testing.assert_array_equal(found[:, 3:], marks)
    assert found.dtype == np.float32


def test_learnt_values_survive_as_json() -> None:
    import json

    reader, columns = build(missing="mean", standardize=True), columns_of(table(3))
    learnt = reader.learn(columns)
    again = json.loads(json.dumps(learnt))
    np.testing.assert_array_equal(reader.read(columns, None, learnt), reader.read(columns, None, again))


def test_a_column_that_is_the_same_everywhere_becomes_zero() -> None:
    reader = READERS.build({"number": {"column": "a", "standardize": True}})
    column = {"a": np.full(4, 7)}
    assert reader.read(column, None, reader.learn(column)).tolist() == [0.0] * 4


def test_missing_values_are_an_error_where_nothing_is_said_of_them() -> None:
    columns = columns_of(table(4), masked=True)
    first = next(row for row in range(50) if np.ma.getmaskarray(columns["a"])[row])
    reader = build(standardize=True)
    with pytest.raises(RunError, match=rf"`a` has \d+ missing values, the first in row {first}") as caught:
        reader.read(columns, None, reader.learn(columns))
    assert "missing: median" in caught.value.helps[0]


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_a_column_without_any_value_has_no_statistic(missing: str) -> None:
    columns = columns_of(np.full((3, 3), np.nan))
    with pytest.raises(RunError, match="`a` has no value in the training rows"):
        build(missing=missing).learn(columns)


def test_infinity_is_never_missing() -> None:
    with pytest.raises(RunError, match="NaN or infinite"):
        build(missing="mean").learn(columns_of(np.full((3, 3), np.inf)))


def test_integers_stay_exact_or_are_refused_unless_they_are_standardized() -> None:
    columns = {"a": np.asarray([2**24 + 1, 5, 7])}
    plain = READERS.build({"number": "a"})
    with pytest.raises(RunError, match="float32 cannot hold"):
        plain.read(columns, None, plain.learn(columns))
    scaled = READERS.build({"number": {"column": "a", "standardize": True}})
    expected = StandardScaler().fit_transform(columns["a"][:, None].astype(float))[:, 0]
    np.testing.assert_allclose(scaled.read(columns, None, scaled.learn(columns)), expected, rtol=1e-6)


def test_a_fraction_fills_a_column_of_integers() -> None:
    column: dict[str, Array] = {"a": np.ma.masked_array([1, 2, 0], [False, False, True])}
    reader = READERS.build({"number": {"column": "a", "missing": "mean"}})
    assert reader.read(column, None, reader.learn(column)).tolist() == [1.0, 2.0, 1.5]


def test_patterns_are_all_columns_that_fit_in_the_order_of_the_data() -> None:
    reader = READERS.build({"numbers": {"columns": ["age", "room_*", "q?"], "without": ["room_9*", "qz"]}})
    there = ["room_b", "q1", "room_a", "room_99", "age", "qz", "q12", "room_[x]"]
    assert reader.names_among(there) == ("age", "room_b", "room_a", "room_[x]", "q1")
    assert reader.names_among(()) == ("age", "room_*", "q?")
    assert READERS.build({"numbers": "[a]*"}).names_among(["a1", "[a]b"]) == ("[a]b",)
    # A name that is there is no pattern.
    assert READERS.build({"numbers": ["a*"]}).names_among(["a*", "ab"]) == ("a*",)


def test_the_plan_is_what_read_gives() -> None:
    columns: dict[str, Array] = {"a": np.zeros((4, 3), np.float32), "b": np.zeros(4, np.int64)}
    known = {"a": Column(TensorType((3,), "float32")), "b": Column(TensorType((), "int64"))}
    reader = READERS.build({"numbers": {"columns": ["a", "b"], "indicate": True}})
    planned = reader.plan(known, TensorType((8,), "float32"))
    assert planned == TensorType((8,), "float32")
    assert reader.read(columns, TensorType((8,), "float32"), reader.learn(columns)).shape == (4, 8)


@pytest.mark.parametrize(
    ("column", "wanted", "said"),
    [
        (TensorType((), "str"), None, "has str, expected numbers"),
        (TensorType((2, 2), "float32"), None, "has 2 axes"),
        (TensorType((), "float32"), TensorType((1,), "int32"), "the input takes int32"),
    ],
)
def test_what_no_rows_could_mend_is_refused_by_the_plan(column: TensorType, wanted: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        READERS.build({"numbers": ["a"]}).plan({"a": Column(column)}, wanted)
    assert caught.value.code == "E402" and caught.value.help


@pytest.mark.parametrize("missing", ["avg", True, None, [1]])
def test_what_stands_for_missing_values_is_a_statistic_or_a_number(missing: Any) -> None:
    with pytest.raises(ValueError, match="expected `error`, `mean`, `median`, or a number"):
        build(missing=missing)
