"""`flatten` and `reshape` against Keras 3."""

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


image = normal(2, 7, 6, 4)
CASES = [
    Case({"flatten": {}}, L.Flatten, image),
    Case({"flatten": {}}, L.Flatten, normal(3)),
    Case({"reshape": [6, -1]}, lambda: L.Reshape((6, -1)), image),
    Case({"reshape": [4, 7, 6]}, lambda: L.Reshape((4, 7, 6)), image),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
