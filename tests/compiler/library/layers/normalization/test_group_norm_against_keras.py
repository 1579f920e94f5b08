"""The layers that normalize against Keras 3, and what Keras does not do."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check, close
from tests.compiler.library.layers.running import build, filled, normal

L = keras.layers
x3, image, one = normal(3, 4, 6), normal(2, 3, 5, 4), normal(1, 1)
CASES = [
    Case({"group_norm": 2}, lambda: L.GroupNormalization(2), x3),
    Case(
        {"group_norm": {"groups": -1, "epsilon": 1e-5}}, lambda: L.GroupNormalization(-1, epsilon=1e-5), image * 9 + 99
    ),
    Case({"group_norm": {"groups": 2, "axis": -2}}, lambda: L.GroupNormalization(2, axis=-2), x3),
    Case({"group_norm": {"groups": 1, "center": False}}, lambda: L.GroupNormalization(1, center=False), one),
    Case({"group_norm": {"groups": 3, "scale": False}}, lambda: L.GroupNormalization(3, scale=False), x3),
    Case({"rms_norm": {}}, L.RMSNormalization, x3),
    Case({"rms_norm": {"axis": [-1, -2], "epsilon": 0.1}}, lambda: L.RMSNormalization([-2, -1], 0.1), image),
    Case({"rms_norm": {}}, L.RMSNormalization, one),
    Case({"unit_norm": {}}, L.UnitNormalization, x3),
    Case({"unit_norm": [-3, -1]}, lambda: L.UnitNormalization([-3, -1]), image),
]
COMPARED = {"group_norm", "rms_norm", "unit_norm"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


def test_root_mean_squares_along_inner_axes_are_scaled_along_them() -> None:
    x = normal(2, 3, 4, seed=5)
    running = filled({"rms_norm": {"axis": -2}}, x)
    expected = x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-6) * running.params["scale"][:, None]
    close(running.output(x), expected, 1e-5)


def test_a_vector_of_zeros_has_length_zero_and_a_finite_gradient() -> None:
    x = np.zeros((2, 3), "float32")
    running = build({"unit_norm": {}}, x)
    np.testing.assert_array_equal(running.output(x), x)
    gradient = jax.grad(lambda x: jnp.sum(running(x).outputs["output"]))(jnp.asarray(x))
    assert np.isfinite(gradient).all()


def test_scales_start_at_one() -> None:
    x = normal(2, 4)
    np.testing.assert_array_equal(build({"rms_norm": {}}, x).params["scale"], np.ones(4))


@pytest.mark.parametrize(
    "raw", [{"group_norm": 2}, {"rms_norm": {}}, {"unit_norm": {}}], ids=lambda raw: next(iter(raw))
)
def test_statistics_of_half_precision_values_are_in_float32(raw: Any) -> None:
    x = (normal(8, 64) + 100).astype("bfloat16")
    running = build(raw, x)
    half = running(x).outputs["output"]
    assert half.dtype == "bfloat16"
    np.testing.assert_allclose(half.astype("float32"), running.output(x.astype("float32")), rtol=2**-7, atol=2**-8)
