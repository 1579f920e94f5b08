"""Pooling along one, two and three axes against Keras 3: values and gradients.

All uses of one layer are compiled at once, since compiling takes the time.
"""

from typing import Any

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check, check_uses
from tests.compiler.library.layers.running import normal

L = keras.layers
sequence, image, volume = normal(2, 7, 4), normal(2, 7, 6, 4), normal(2, 4, 5, 3, 2)
Use = tuple[dict[str, Any], np.ndarray]


POOLS: list[dict[str, Any]] = [
    {"pool_size": 2},
    {"pool_size": 3, "strides": 2, "padding": "same"},
    {"pool_size": 3, "strides": 1},
]
USES: dict[str, list[Use]] = {
    "max_pool1d": [({}, sequence), *((arguments, sequence) for arguments in POOLS)],
    "max_pool3d": [({}, volume), *((arguments, volume) for arguments in POOLS)],
    "avg_pool1d": [(arguments, sequence) for arguments in POOLS],
    "avg_pool3d": [*((arguments, volume) for arguments in POOLS), ({"pool_size": [1, 2, 3]}, volume)],
    "global_avg_pool1d": [({}, sequence), ({"keepdims": True}, sequence)],
    "global_avg_pool3d": [({}, volume), ({"keepdims": True}, volume)],
    "global_max_pool1d": [({}, sequence), ({"keepdims": True}, sequence)],
    "global_max_pool2d": [({}, image), ({"keepdims": True}, image)],
    "global_max_pool3d": [({}, volume), ({"keepdims": True}, volume)],
    **{
        f"adaptive_{kind}_pool{d}d": [({"output_size": size}, x) for size in sizes]
        for kind in ("avg", "max")
        for d, x, sizes in ((1, sequence, (1, 2, 3, 9)), (2, image, (3, [9, 4])), (3, volume, ([2, 9, 4],)))
    },
}
COMPARED = set(USES)


@pytest.mark.parametrize("name", list(USES))
def test_values_and_gradients(name: str) -> None:
    check_uses(name, USES[name])


def test_the_mean_of_a_sequence_is_that_of_its_unmasked_steps() -> None:
    mask = np.array([[1, 1, 0, 0, 1, 0, 0], [0, 1, 1, 1, 1, 1, 1]], bool)
    check(Case({"global_avg_pool1d": {}}, L.GlobalAveragePooling1D, sequence, mask))
    kept = {"keepdims": True}
    check(Case({"global_avg_pool1d": kept}, lambda: L.GlobalAveragePooling1D(**kept), sequence, mask))
