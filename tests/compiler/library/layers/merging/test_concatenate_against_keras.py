"""The usual merges against Keras 3."""

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


x2, x3 = normal(3, 5), normal(3, 4, 5)
CASES = [
    Case({"add": {}}, L.Add, (x3, x3 * 2, x3 + 1)),
    Case({"multiply": {}}, L.Multiply, (x3, x3 * 2, x3 + 1)),
    Case({"concatenate": -1}, L.Concatenate, (x3, normal(3, 4, 2))),
    Case({"concatenate": -2}, lambda: L.Concatenate(axis=-2), (x3, normal(3, 1, 5))),
    Case({"concatenate": -1}, L.Concatenate, (x2, normal(3, 1), x2)),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
