"""What readers say of rows that they cannot read is what they raise errors for, row by row, and no more."""

from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.faults_by_reading import faults_by_reading
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.readers import READERS

TEXT = np.dtypes.StringDType()


def texts(*values: str | None) -> Any:
    """A column of texts, masked where one is None."""
    array = np.array([value or "" for value in values], TEXT)
    missing = np.array([value is None for value in values])
    return np.ma.MaskedArray(array, missing) if missing.any() else array


def numbers(*values: float | None) -> Any:
    array = np.array([0 if value is None else value for value in values])
    missing = np.array([value is None for value in values])
    return np.ma.MaskedArray(array, missing) if missing.any() else array


VECTOR = TensorType((1,), "float32")
PAIR = TensorType((2,), "float32")
LABEL = TensorType((), "int32")
CASES: list[tuple[dict[str, Any], dict[str, Any], TensorType | None, list[int]]] = [
    ({"number": {"column": "a"}}, {"a": numbers(1, None, 3, np.inf, np.nan, 1e300)}, None, [1, 3, 4, 5]),
    ({"number": {"column": "a", "missing": "median"}}, {"a": numbers(1, None, 3, np.inf, np.nan)}, None, [3]),
    ({"number": {"column": "a", "missing": 0, "standardize": True}}, {"a": numbers(1, None, 3)}, None, []),
    ({"numbers": {"columns": ["a", "b"]}}, {"a": numbers(1, None, 3), "b": numbers(1, 2, np.nan)}, PAIR, [1, 2]),
    ({"array": {"column": "a"}}, {"a": np.array([[1.0], [np.nan], [-np.inf]])}, VECTOR, [1, 2]),
    (
        {"array": {"column": "a", "separator": ",", "shape": [2]}},
        {"a": texts("1,2", "1", "[3, 4]", "x,1", "1,2,3", "1,1e999")},
        PAIR,
        [1, 3, 4, 5],
    ),
    ({"category": {"column": "a", "classes": ["x", "y"]}}, {"a": texts("x", "z", None, "y", "X")}, LABEL, [1, 2, 4]),
    ({"category": {"column": "a", "classes": ["x", "y"], "unknown": "o"}}, {"a": texts("x", "z", None)}, LABEL, [2]),
    (
        {"category": {"column": "a", "classes": ["x", "y"], "unknown": "o", "missing": "o"}},
        {"a": texts("x", "z", None)},
        LABEL,
        [],
    ),
    ({"category": {"column": "a", "classes": 3}}, {"a": numbers(0, 3, -1, 2, None)}, LABEL, [1, 2, 4]),
    ({"category": {"column": "a"}}, {"a": numbers(0, 3, -1)}, LABEL, [2]),
    ({"category": {"column": "a", "vocabulary": 3}}, {"a": texts("x", "z", None)}, LABEL, [2]),
    (
        {"category": {"column": "a", "cross": ["b"], "hash": 9}},
        {"a": texts("x", None, "y"), "b": numbers(1, 2, None)},
        LABEL,
        [1, 2],
    ),
    ({"one_hot": {"column": "a", "classes": ["x", "y"]}}, {"a": texts("x", "z")}, PAIR, [1]),
    (
        {"category_columns": {"columns": {"a": 3, "b": 4}}},
        {"a": texts("x", None), "b": numbers(1, 2)},
        TensorType((2,), "int32"),
        [1],
    ),
    ({"date": {"column": "a", "parts": ["month"]}}, {"a": texts("2026-01-31", "31.1.2026", "2026-02-30")}, VECTOR, [1, 2]),
    (
        {"multi_label": {"column": "a", "classes": ["x", "y"]}},
        {"a": texts("x;y", "", "x;z", None)},
        PAIR,
        [2, 3],
    ),
    ({"multi_label": {"column": "a", "classes": ["x", "y"], "unknown": "ignore"}}, {"a": texts("x;z")}, PAIR, []),
    ({"text": {"column": "a", "length": 2, "vocabulary": 9}}, {"a": texts("a b", None, "")}, TensorType((2,), "int32"), [1]),
]  # fmt: skip


def raises(reader: Reader, columns: dict[str, Any], wanted: TensorType | None, learnt: Any) -> bool:
    """Whether reading these rows is an error."""
    try:
        reader.read(columns, wanted, learnt)
    except RunError as error:
        return error.row is not None
    return False


@pytest.mark.parametrize(("written", "columns", "wanted", "expected"), CASES, ids=lambda one: str(one)[:60])
def test_faults_are_of_the_rows_that_reading_refuses(
    written: dict[str, Any], columns: dict[str, Any], wanted: TensorType | None, expected: list[int]
) -> None:
    ((name, arguments),) = written.items()
    reader = READERS.find(name).model_validate(arguments)
    assert isinstance(reader, Reader)
    found = reader.faults(columns, wanted)
    assert sorted(found) == expected
    assert all(fault.reason and fault.column in columns for fault in found.values())
    count = len(next(iter(columns.values())))
    good = np.setdiff1d(np.arange(count), [*found])
    kept = {key: column[good] for key, column in columns.items()}
    learnt = reader.learn(kept)
    reader.read(kept, wanted, learnt)
    for row in range(count):
        one = {key: column[row : row + 1] for key, column in columns.items()}
        assert raises(reader, one, wanted, learnt) == (row in found), row


def test_what_reading_refuses_is_found_by_halves() -> None:
    bad = {0, 5, 1023, 1024, 1025, 4999}

    def read(start: int, stop: int) -> None:
        for row in range(start, stop):
            if row in bad:
                raise RunError("E403", f"wrong in row {row - start}", row=row - start)

    found = faults_by_reading(read, 5000, "a")
    assert set(found) == bad and found[1024] == Fault("wrong", "a")


def test_an_error_of_no_row_is_one_of_all_rows() -> None:
    def read(start: int, stop: int) -> None:
        raise RunError("E402", "the column has texts")

    with pytest.raises(RunError):
        faults_by_reading(read, 10, "a")
