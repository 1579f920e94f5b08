"""Axes in another order and repeated vectors, against Keras 3."""

from typing import Any

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal, refusal

L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
CASES = [
    Case({"permute": [-1, -2]}, lambda: L.Permute((2, 1)), x3),
    Case({"permute": [-2, -1, -3]}, lambda: L.Permute((2, 3, 1)), image),
    Case({"permute": [-1]}, lambda: L.Permute((1,)), normal(1, 1)),
    Case({"repeat_vector": 3}, lambda: L.RepeatVector(3), normal(2, 4)),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("raw", "shape", "message", "cure"),
    [
        (
            {"permute": [2, 1]},
            [3, 4],
            "`dims` is [2, 1], but axes count from the end, because the batch axis is never written",
            "write `dims: [-1, -2]` for what Keras calls [2, 1]",
        ),
        (
            {"permute": [-1]},
            [3, 4],
            "`dims` [-1] does not name each axis of [3, 4] once",
            "write the axes -2, -1, each once, in their new order",
        ),
        (
            {"repeat_vector": 2},
            [3, 4],
            "expected a vector [features], got [3, 4]",
            "use the last step of a recurrent layer, or add `flatten` before it",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(raw: Any, shape: list[int], message: str, cure: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help) == (message, cure)
