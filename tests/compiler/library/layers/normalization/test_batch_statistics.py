"""Statistics of a batch see neither rows that pad it nor masked steps. That padding changes nothing for any layer is a law of
the kit, see `test_registry.py`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiler.library.layers.running import filled, normal


def garbage(x: np.ndarray) -> np.ndarray:
    """`x` with two more rows that nobody should read."""
    bad = np.nan if x.dtype == np.float32 else -7
    return np.concatenate([x, np.full((2, *x.shape[1:]), bad, x.dtype)])


@pytest.mark.parametrize("axis", [-1, -2, -3])
def test_batch_statistics_see_real_rows_and_real_steps_only(axis: int) -> None:
    x = normal(4, 3, 2, 5) * 3 + 1
    mask = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1], [1, 1, 1]], bool)
    rows = np.array([True, True, True, False])
    real = np.broadcast_to((mask & rows[:, None])[:, :, None, None], x.shape)
    running = filled({"batch_norm": {"axis": axis, "momentum": 0.25}}, x, {"x": mask})
    got = running(np.where(real, x, np.nan), train=True, masks={"x": jnp.asarray(mask)}, rows=jnp.asarray(rows))
    others = tuple(place for place in range(4) if place - 4 != axis)
    mean = np.mean(x, others, where=real, dtype="float64")
    variance = np.var(x, others, where=real, dtype="float64")
    before = running.state
    np.testing.assert_allclose(got.state["moving_mean"], 0.25 * before["moving_mean"] + 0.75 * mean, rtol=1e-5)
    expected = 0.25 * before["moving_variance"] + 0.75 * variance
    np.testing.assert_allclose(got.state["moving_variance"], expected, rtol=1e-5)


def test_batch_statistics_stay_when_nothing_is_real() -> None:
    x = normal(2, 3)
    running = filled({"batch_norm": {}}, x)
    result = running(x, train=True, rows=jnp.array([False, False]))
    for name, value in running.state.items():
        np.testing.assert_array_equal(result.state[name], value)


def test_gradients_through_batch_statistics_are_finite_with_nan_in_padding() -> None:
    x = normal(3, 4)
    running = filled({"batch_norm": {}}, x)
    rows = jnp.array([True, True, True, False, False])

    def loss(x: Any, rows: Any) -> Any:
        return jnp.sum(running(x, train=True, rows=rows).outputs["output"][:3] ** 3)

    gradient = jax.grad(loss)(garbage(x), rows)
    np.testing.assert_allclose(gradient[:3], jax.grad(loss)(x, None), rtol=1e-4, atol=1e-5)
    assert not np.any(gradient[3:])


def test_evaluation_uses_moving_statistics_and_changes_no_state() -> None:
    x = normal(3, 4)
    running = filled({"batch_norm": {}}, x)
    result = running(x)
    assert not result.state
    alone = running(x[:1]).outputs["output"]
    np.testing.assert_array_equal(alone, result.outputs["output"][:1])


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm"])
def test_statistics_of_half_precision_values_are_in_float32(name: str) -> None:
    x = (normal(64, 8) + 100).astype("bfloat16")
    running = filled({name: {}}, x)
    wide = running.output(x.astype("float32"), train=True)
    half = running(x, train=True)
    assert half.outputs["output"].dtype == "bfloat16"
    np.testing.assert_allclose(half.outputs["output"].astype("float32"), wide, rtol=2**-7, atol=2**-8)
    assert all(value.dtype == "float32" for value in half.state.values())
