"""The category reader: labels as integers, names in the order of the spec, and labels that are none."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS


def read(array: Any, wanted: TensorType | None = None, **arguments: Any) -> np.ndarray:
    return READERS.build({"category": {"column": "kind", **arguments}}).read({"kind": np.asarray(array)}, wanted)


def refused(array: Any, code: str, wanted: TensorType | None = None, **arguments: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        read(array, wanted, **arguments)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("dtype", ["uint8", "int64", "int32", "uint64"])
def test_integers_stay_and_become_int32(dtype: str) -> None:
    found = read(np.array([2, 0, 1], dtype))
    assert found.dtype == np.int32
    assert found.tolist() == [2, 0, 1]


@pytest.mark.parametrize("array", [["dog", "cat", "dog"], [b"dog", b"cat", b"dog"], [1, 0, 1], [True, False, True]])
def test_names_count_in_the_order_of_the_spec(array: Any) -> None:
    found = read(array, classes=["cat", "dog"])
    assert found.dtype == np.int32
    assert found.tolist() == [1, 0, 1]


def test_labels_may_have_axes() -> None:
    found = read([["b", "a"], ["a", "a"], ["b", "b"]], classes=["a", "b"])
    assert found.tolist() == [[1, 0], [0, 0], [1, 1]]


def test_names_beyond_ascii_are_found_in_bytes_too() -> None:
    assert read(np.array(["žluť".encode()]), classes=["a", "žluť"]).tolist() == [1]


def test_rows_are_half_open() -> None:
    assert read([0, 1, 2, 3], rows=[1, 3]).tolist() == [1, 2]
    assert "has 4" in refused([0, 1, 2, 3], "E404", rows=[1, 5]).message


def test_the_labels_become_what_the_input_takes() -> None:
    assert read([1, 2], TensorType((), "int8")).dtype == np.int8
    refused([1, 200], "E402", TensorType((), "int8"))


@pytest.mark.parametrize(
    ("array", "classes", "words"),
    [
        ([0, 1, 3, 3], 3, ("2 labels outside 0 to 2", "first is 3 in row 2")),
        ([0, -1], 3, ("1 label outside 0 to 2", "first is -1 in row 1")),
        ([0, 2], ["a", "b"], ("first is 2 in row 1",)),
        ([0, -7], None, ("first is -7 in row 1",)),
        ([2**40], None, ("1099511627776",)),
    ],
)
def test_integers_outside_the_classes_are_refused(array: Any, classes: Any, words: tuple[str, ...]) -> None:
    message = refused(array, "E403", classes=classes).message
    assert all(word in message for word in ("`kind`", *words))


def test_the_row_counts_from_the_start_of_the_column() -> None:
    assert "row 3" in refused([0, 0, 0, 5], "E403", classes=2, rows=[2, 4]).message
    assert "row 3" in refused(["a", "a", "a", "x"], "E403", classes=["a", "b"], rows=[2, 4]).message


def test_unknown_texts_are_shown_but_only_the_first_few_and_not_whole() -> None:
    array = ["cat", *(f"beast{number}" for number in range(9)), "x" * 500, "\x1b[31m"]
    message = refused(array, "E403", classes=["cat", "dog"]).message
    assert "11 strings not among its 2 `classes`" in message
    assert "'beast0'" in message
    assert "beast7" not in message
    assert "first in row 1" in message
    assert "x" * 50 not in message
    assert "\x1b" not in message


def test_bytes_that_are_no_utf8_are_unknown() -> None:
    refused(np.array([b"\xff\xfe"]), "E403", classes=["a", "b"])


def test_text_without_names_and_floats_are_refused() -> None:
    assert "`classes`" in refused(["a"], "E403").message
    assert "`classes`" in refused(["a"], "E403", classes=3).message
    assert "float64" in refused([0.0, 1.0], "E402").message


def test_plan_knows_what_read_gives() -> None:
    reader = READERS.build({"category": {"column": "kind", "classes": ["a", "b"]}})
    assert reader.subject == "kind"
    assert reader.plan(None, None) is None
    assert reader.plan({"kind": Column(TensorType((5,), "str"))}, None) == TensorType((5,), "int32")
    assert reader.plan({"kind": Column(TensorType((), "uint8"))}, TensorType((), "int64")) == TensorType((), "int64")
    assert reader.class_names(None) == ("a", "b")


def test_the_number_of_classes_is_that_of_the_spec_else_of_the_column() -> None:
    column = Column(TensorType((), "uint8"), classes=10)
    assert READERS.build({"category": "kind"}).class_names({"kind": column}) == 10
    assert READERS.build({"category": "kind"}).class_names(None) is None
    assert READERS.build({"category": {"column": "kind", "classes": 12}}).class_names({"kind": column}) == 12


@pytest.mark.parametrize(
    ("classes", "column", "wanted", "code", "argument"),
    [
        (5, Column(TensorType((), "uint8"), classes=10), None, "E403", "classes"),
        (["a", "b"], Column(TensorType((), "uint8"), classes=10), None, "E403", "classes"),
        (5, Column(TensorType((), "str")), None, "E403", "classes"),
        (5, Column(TensorType((10,), "float32")), None, "E402", ""),
        (5, None, TensorType((), "float32"), "E402", ""),
    ],
)
def test_plan_refuses_what_cannot_be_labels(
    classes: Any, column: Column | None, wanted: TensorType | None, code: str, argument: str
) -> None:
    with pytest.raises(PlanError) as caught:
        READERS.build({"category": {"column": "kind", "classes": classes}}).plan(
            None if column is None else {"kind": column}, wanted
        )
    assert (caught.value.code, caught.value.argument) == (code, argument)
    assert caught.value.help


@pytest.mark.parametrize("classes", [1, 0, -1, True, 2.0, "cat", ["cat"], ["cat", "cat"], ["cat", 1], ["cat", ""], {}])
def test_classes_are_a_count_or_distinct_names(classes: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        READERS.build({"category": {"column": "kind", "classes": classes}})
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (("category", "classes"), "classes")


def test_a_shape_drops_an_axis_of_one_and_keeps_the_classes() -> None:
    column = Column(TensorType((1,), "int64"), classes=3)
    reader = READERS.build({"category": {"column": "kind", "shape": []}})
    assert reader.plan({"kind": column}, None) == TensorType((), "int32") and reader.class_names({"kind": column}) == 3
    assert read([[2], [0]], shape=()).tolist() == [2, 0]
    assert read([["dog"], ["cat"]], shape=[], classes=["cat", "dog"]).tolist() == [1, 0]


def test_a_shape_of_other_values_is_refused() -> None:
    error = refused([[2, 1], [0, 1]], "E402", shape=[])
    assert error.message == "one row of `kind` has shape [2], 2 values, and `shape` [] has 1"


def test_texts_that_no_class_names_are_an_error_or_the_class_that_the_spec_names_for_them() -> None:
    texts = [["cat", "emu"], ["dog", "yak"]]
    assert read(texts, classes=["cat", "dog"], unknown="other").tolist() == [[0, 2], [1, 2]]
    assert read(np.array([b"emu"]), classes=["cat", "dog"], unknown="other").tolist() == [2]
    assert "`unknown: other`" in refused(texts, "E403", classes=["cat", "dog"]).helps[1]
    assert "outside 0 to 2" in refused([0, 3], "E403", classes=["cat", "dog"], unknown="other").message
    reader = READERS.build({"category": {"column": "kind", "classes": ["cat", "dog"], "unknown": "other"}})
    assert reader.class_names(None) == ("cat", "dog", "other")


@pytest.mark.parametrize("classes", [None, 3, ["cat", "other"]])
def test_a_class_for_unknown_texts_stands_beside_named_ones(classes: Any) -> None:
    with pytest.raises(PlanError) as caught:
        READERS.build({"category": {"column": "kind", "classes": classes, "unknown": "other"}}).plan(None, None)
    assert (caught.value.code, caught.value.argument) == ("E403", "unknown")
    assert caught.value.help
