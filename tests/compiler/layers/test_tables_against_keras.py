"""The layers for columns of a table against Keras 3: what they learn, and what they compute with it."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from tests.compiler.layers.comparing import close, compare
from tests.compiler.layers.running import filled, normal

L = keras.layers
x2, x3 = normal(7, 5) * 3 + 2, normal(5, 3, 4) * 2 - 1
bytes_ = np.random.default_rng(0).integers(0, 256, (6, 3, 4), dtype=np.uint8)
counts = np.random.default_rng(1).integers(-50, 2000, (6, 4), dtype=np.int32)

NORMALIZATIONS: list[tuple[dict[str, Any], dict[str, Any], np.ndarray]] = [
    ({}, {}, x2),
    ({}, {}, normal(1, 3)),
    ({}, {}, bytes_),
    ({}, {}, counts),
    ({"axis": None}, {"axis": None}, x3),
    ({"axis": None}, {"axis": None}, normal(6)),
    ({"axis": -2}, {"axis": 1}, x3),
    ({"axis": [-1, -2]}, {"axis": (1, 2)}, x3),
    ({"axis": [-3, -1]}, {"axis": (1, 3)}, normal(4, 3, 2, 5)),
    ({"invert": True}, {"invert": True}, x3),
    ({"mean": 3, "variance": "1/4"}, {"mean": 3.0, "variance": 0.25}, x3),
    ({"mean": [1, 2, 3, 4], "variance": [1, 4, 0, 2]}, {"mean": [1.0, 2, 3, 4], "variance": [1.0, 4, 0, 2]}, x3),
    (
        {"axis": -2, "mean": [1, 2, 3], "variance": [1, 4, 2], "invert": True},
        {"axis": 1, "mean": [1.0, 2, 3], "variance": [1.0, 4, 2], "invert": True},
        x3,
    ),
    (
        {"axis": [-2, -1], "mean": [1, 2, 3, 4], "variance": 2},
        {"axis": (1, 2), "mean": [1.0, 2, 3, 4], "variance": [2.0] * 4},
        x3,
    ),
]
COMPARED = {"normalization"}


@pytest.mark.parametrize(("ours", "theirs", "x"), NORMALIZATIONS, ids=lambda part: str(part)[:40])
def test_normalization_learns_and_computes_what_keras_does(ours: Any, theirs: Any, x: np.ndarray) -> None:
    running = filled({"normalization": ours}, x)
    oracle = L.Normalization(**theirs)
    if "mean" in theirs:
        oracle.build(x.shape)
        assert not running.state
    else:
        oracle.adapt(x.astype("float32"))
        close(running.state["mean"], oracle.adapt_mean, 1e-5)
        close(running.state["variance"], oracle.adapt_variance, 1e-5)

    def run(params: Any, inputs: Any) -> Any:
        result = running.with_params(params, inputs)
        return (result.outputs["output"],), dict(result.state)

    def expected(params: Any, inputs: Any) -> Any:
        return (oracle(inputs["x"]),), {}

    assert compare(run, expected, {}, {"x": jax.numpy.asarray(x)}) == {}
