"""The slopes that are learnt, against Keras 3."""

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)


CASES = [
    Case({"prelu": {}}, L.PReLU, x3),
    Case({"prelu": [-3, -2]}, lambda: L.PReLU(shared_axes=[1, 2]), image),
    Case({"prelu": -1}, lambda: L.PReLU(shared_axes=[1]), normal(3, 1)),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)
