"""`dropout` against Keras 3."""

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


x3 = normal(3, 4, 5)
CASES = [
    Case({"dropout": 0.5}, lambda: L.Dropout(0.5), x3),
    Case({"dropout": 0}, lambda: L.Dropout(0.0), x3, train=True),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
