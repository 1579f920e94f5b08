"""Pooling of images against Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


def pool(name: str, cls: Any, **arguments: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
    return {name: arguments}, lambda: cls(**arguments)


image = normal(2, 7, 6, 4)
CASES = [
    Case(*pool("max_pool2d", L.MaxPooling2D), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=3, strides=2, padding="same"), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=[2, 3], strides=[1, 2]), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=2, padding="same"), -np.abs(normal(1, 3, 3, 2))),
    Case(*pool("max_pool2d", L.MaxPooling2D), np.zeros((1, 4, 4, 1), "float32")),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=2), image),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=3, strides=2, padding="same"), image),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=[3, 1], strides=[1, 2]), image),
    Case({"global_avg_pool2d": {}}, L.GlobalAveragePooling2D, image),
    Case({"global_avg_pool2d": {"keepdims": True}}, lambda: L.GlobalAveragePooling2D(keepdims=True), image),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
