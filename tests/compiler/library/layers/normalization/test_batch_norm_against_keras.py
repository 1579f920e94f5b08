"""`batch_norm` and `layer_norm` against Keras 3: values, statistics and gradients."""

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


x2, x3, image = normal(3, 5), normal(3, 4, 5), normal(2, 7, 6, 4)
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)
CASES = [
    Case({"layer_norm": {}}, L.LayerNormalization, x3),
    Case({"layer_norm": {"axis": [-1, -2], "epsilon": 1e-5}}, lambda: L.LayerNormalization([-1, -2], 1e-5), x3),
    Case({"layer_norm": {"axis": -2, "center": False}}, lambda: L.LayerNormalization(-2, center=False), x3),
    Case({"layer_norm": {"scale": False}}, lambda: L.LayerNormalization(scale=False), normal(1, 6) * 100 + 1000),
    Case({"batch_norm": {}}, L.BatchNormalization, x2),
    Case({"batch_norm": {}}, L.BatchNormalization, x2, train=True),
    Case(
        {"batch_norm": {"momentum": 0.7, "epsilon": 1e-5}},
        lambda: L.BatchNormalization(momentum=0.7, epsilon=1e-5),
        image,
        train=True,
    ),
    Case({"batch_norm": {"axis": -2}}, lambda: L.BatchNormalization(axis=-2), image, train=True),
    Case({"batch_norm": {"scale": False}}, lambda: L.BatchNormalization(scale=False), normal(1, 4, 3), train=True),
    Case({"batch_norm": {"center": False}}, lambda: L.BatchNormalization(center=False), normal(1, 3), train=True),
    Case({"batch_norm": {}}, L.BatchNormalization, x3, mask=holes, train=True),
    Case({"batch_norm": {}}, L.BatchNormalization, x3, mask=holes),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
