"""Padding, cropping and repeating against Keras 3: values and gradients.

All uses of one layer are compiled at once, since compiling takes the time.
"""

from typing import Any

import numpy as np
import pytest

from tests.compiler.library.layers.comparing import check_uses
from tests.compiler.library.layers.running import normal

sequence, image, volume = normal(2, 7, 4), normal(2, 7, 6, 4), normal(2, 4, 5, 3, 2)
Use = tuple[dict[str, Any], np.ndarray]


def one_place(dimensions: int) -> np.ndarray:
    """One row with one place and one channel."""
    return normal(*[1] * (dimensions + 2))


USES: dict[str, list[Use]] = {
    "zero_padding1d": [({}, sequence), ({"padding": 2}, sequence), ({"padding": [0, 3]}, sequence)],
    "zero_padding2d": [({}, image), ({"padding": [1, 2]}, image), ({"padding": [[1, 0], [2, 3]]}, image)],
    "zero_padding3d": [({}, volume), ({"padding": 2}, volume), ({"padding": [[1, 0], [2, 3], [0, 0]]}, volume)],
    "cropping1d": [({}, sequence), ({"cropping": 2}, sequence), ({"cropping": [0, 3]}, sequence)],
    "cropping2d": [({}, image), ({"cropping": 1}, image), ({"cropping": [[1, 0], [2, 3]]}, image)],
    "cropping3d": [({}, volume), ({"cropping": [1, 0, 1]}, volume), ({"cropping": [[0, 1], [2, 2], [0, 0]]}, volume)],
    "up_sampling1d": [({}, sequence), ({"size": 3}, sequence)],
    "up_sampling2d": [
        ({}, image),
        ({"size": [3, 1]}, image),
        ({"size": [2, 3], "interpolation": "bilinear"}, image),
        ({"interpolation": "bilinear"}, one_place(2)),
    ],
    "up_sampling3d": [({}, volume), ({"size": [1, 2, 3]}, volume)],
}
COMPARED = set(USES)


@pytest.mark.parametrize("name", list(USES))
def test_values_and_gradients(name: str) -> None:
    check_uses(name, USES[name])
