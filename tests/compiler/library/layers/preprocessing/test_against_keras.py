"""`rescaling` against Keras 3."""

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


x3 = normal(3, 4, 5)
CASES = [
    Case({"rescaling": "1/255"}, lambda: L.Rescaling(1 / 255), np.arange(12, dtype="uint8").reshape(3, 4)),
    Case({"rescaling": {"scale": -2, "offset": 0.5}}, lambda: L.Rescaling(-2.0, 0.5), x3),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
