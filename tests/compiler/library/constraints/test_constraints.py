"""Constraints against Keras 3, and that training keeps to them."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.constraints import CONSTRAINTS
from tests.runtime.small import spec, write_rows
from tests.runtime.training.test_loop import train

CASES: list[tuple[Any, Any]] = [
    ("non_negative", keras.constraints.NonNeg()),
    ("unit_norm", keras.constraints.UnitNorm()),
    ({"unit_norm": [-1]}, keras.constraints.UnitNorm(axis=1)),
    ("max_norm", keras.constraints.MaxNorm()),
    ({"max_norm": {"max_value": 0.7, "axis": -1}}, keras.constraints.MaxNorm(0.7, axis=1)),
    ("min_max_norm", keras.constraints.MinMaxNorm()),
    (
        {"min_max_norm": {"min_value": 1.5, "max_value": 1.8, "rate": 0.4}},
        keras.constraints.MinMaxNorm(1.5, 1.8, rate=0.4),
    ),
]


def test_every_constraint_is_compared() -> None:
    assert {raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in CASES} == set(CONSTRAINTS)


@pytest.mark.parametrize(("raw", "oracle"), CASES, ids=lambda part: str(part) if isinstance(part, (str, dict)) else "")
@pytest.mark.parametrize("shape", [(4, 5), (1, 3)])
def test_the_weight_is_brought_back_as_keras_does(raw: Any, oracle: Any, shape: tuple[int, ...]) -> None:
    weight = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = np.asarray(oracle(jnp.asarray(weight)))
    np.testing.assert_allclose(CONSTRAINTS.build(raw).project(jnp.asarray(weight)), expected, rtol=1e-5, atol=1e-6)


def test_training_keeps_to_a_constraint(tmp_path: Path) -> None:
    root = write_rows(tmp_path)
    layers = [
        {"dense": {"units": 3, "kernel_constraint": {"max_norm": 0.5}, "bias_constraint": "non_negative"}, "name": "y"}
    ]
    weights = train(spec(layers, epochs=10), root).snapshots[-1].params["y"]
    assert np.linalg.norm(weights["kernel"], axis=0).max() <= 0.5 + 1e-5
    assert weights["bias"].min() >= 0
