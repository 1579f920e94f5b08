"""Range checks of labels and targets against what a loss takes."""

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.checks import check_bounds, check_finite, check_labels


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64"])
def test_labels_within_the_classes_pass(dtype: str) -> None:
    check_labels(np.array([0, 9], dtype), 10, "digit")
    check_labels(np.zeros((0,), dtype), 10, "digit")


def test_labels_outside_the_classes_are_named() -> None:
    with pytest.raises(RunError, match=r"`digit` has 1 label outside 0 to 9, the first is 10 in row 1") as caught:
        check_labels(np.array([[0, 1], [2, 10]]), 10, "digit")
    assert caught.value.code == "E403"
    assert "11" in caught.value.helps[0]
    with pytest.raises(RunError, match="1 id outside 0 to 9"):
        check_labels(np.array([-1]), 10, "word", what="id")


def test_targets_outside_the_bounds_are_named() -> None:
    check_bounds(np.array([0.0, 1.0]), (0.0, 1.0), "seen")
    check_bounds(np.array([True, False]), (0.0, 1.0), "seen")
    with pytest.raises(RunError, match=r"`seen` has 2 values outside 0 to 1, the first is 7 in row 12") as caught:
        check_bounds(np.array([0, 1, 7, -1], np.int32), (0.0, 1.0), "seen", first_row=10)
    assert caught.value.code == "E403"
    with pytest.raises(RunError):
        check_bounds(np.array([0.5, np.nan]), (0.0, 1.0), "seen")


def test_finite_values_pass_even_where_their_sum_does_not() -> None:
    check_finite(np.full(10, 1e308), "x")
    check_finite(np.full(10, 6e4, np.float16), "x")
