"""`dense` and `embedding` against Keras 3."""

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


def ids(*rows: list[int]) -> np.ndarray:
    return np.array(rows, "int32")


x2, x3 = normal(3, 5), normal(3, 4, 5)
CASES = [
    Case({"dense": 4}, lambda: L.Dense(4), x2),
    Case({"dense": {"units": 4, "use_bias": False, "activation": "relu"}}, lambda: L.Dense(4, "relu", False), x3),
    Case({"dense": {"units": 4, "activation": "softmax"}}, lambda: L.Dense(4, "softmax"), normal(1, 1)),
    Case({"dense": {"units": 3, "activation": "tanh"}}, lambda: L.Dense(3, "tanh"), normal(2, 3, 2, 4)),
    Case({"embedding": {"input_dim": 5, "output_dim": 3}}, lambda: L.Embedding(5, 3), ids([0, 4, 1], [2, 2, 2])),
    Case(
        {"embedding": {"input_dim": 5, "output_dim": 3, "mask_zero": True}},
        lambda: L.Embedding(5, 3, mask_zero=True),
        ids([0, 4, 1, 0]),
    ),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
