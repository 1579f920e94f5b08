"""A scale and an offset for each channel, against Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check_together
from tests.compiler.library.layers.running import normal, refusal

L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)


def case(raw: Any, function: Callable[[Any], Any], inputs: Any = x3, **options: Any) -> Case:
    """A layer against a function of one array, or of a tuple of them."""
    return Case(raw, lambda: function, inputs, **options)


CASES = [
    Case({"rescaling": {"scale": [1, "1/2", -3, 4]}}, lambda: L.Rescaling([1, 0.5, -3, 4]), image),
    Case(
        {"rescaling": {"scale": 2, "offset": [1, 2, 3, 4]}},
        lambda: L.Rescaling(2.0, np.array([1.0, 2.0, 3.0, 4.0])),
        x3,
    ),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    check_together(CASES)


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "cure"),
    [
        (
            {"rescaling": {"scale": [1, 2]}},
            [[4, 3]],
            "`scale` has 2 numbers, but [4, 3] does not end in an axis of 2",
            "give one number for all, or one for each entry of the last axis",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, shapes: list[list[int]], message: str, cure: str) -> None:
    error = refusal(raw, *shapes)
    assert (error.message, error.help) == (message, cure)
