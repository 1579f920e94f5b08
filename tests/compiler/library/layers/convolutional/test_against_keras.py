"""`conv2d` against Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers


def conv(**arguments: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
    return {"conv2d": arguments}, lambda: L.Conv2D(**arguments)


image = normal(2, 7, 6, 4)
CASES = [
    Case(*conv(filters=3, kernel_size=3), image),
    Case(*conv(filters=3, kernel_size=3, padding="same", strides=2, activation="relu"), image),
    Case(*conv(filters=3, kernel_size=[2, 3], padding="same", strides=[1, 2], use_bias=False), image),
    Case(*conv(filters=3, kernel_size=2, dilation_rate=[2, 3]), image),
    Case(*conv(filters=3, kernel_size=3, dilation_rate=2, padding="same"), image),
    Case(*conv(filters=6, kernel_size=3, groups=2), image),
    Case(*conv(filters=4, kernel_size=[1, 3], groups=4, strides=3), image),
    Case(*conv(filters=2, kernel_size=1), normal(1, 1, 1, 1)),
    Case(*conv(filters=2, kernel_size=4, padding="same", strides=3), normal(1, 5, 2, 1)),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
