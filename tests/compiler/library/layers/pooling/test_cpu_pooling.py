"""The forms of pooling for CPU against XLA's `reduce_window`: values, gradients, ties, and that they are chosen."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from jax.test_util import check_grads

from modelc.compiler.library.layers.convolutional.window_geometry import Sliding
from modelc.compiler.library.layers.pooling.cpu_pooling import MOST_CELLS, largest, total
from tests.compiler.library.layers.running import QUICK, normal


@st.composite
def slides(draw: st.DrawFn) -> tuple[Sliding, tuple[Any, ...]]:
    """A window that fits, and the same as XLA is told it."""
    count = draw(st.integers(1, 3))
    each = st.integers(1, 4)
    window = tuple(draw(each) for _ in range(count))
    strides = window if draw(st.booleans()) else tuple(draw(each) for _ in range(count))
    space = tuple(draw(st.integers(size, 9)) for size in window)
    padding = draw(st.sampled_from(["valid", "same"]))
    return Sliding.over(space, window, strides, padding), (window, strides, padding.upper())


def plain(x: Any, start: float, combine: Any, told: tuple[Any, ...]) -> Any:
    window, strides, padding = told
    return lax.reduce_window(x, start, combine, (1, *window, 1), (1, *strides, 1), padding)


def with_gradient(pool: Any, x: Any) -> tuple[Any, Any]:
    y, back = jax.vjp(pool, x)
    return y, back(jnp.asarray(normal(*y.shape, seed=1)))[0]


@settings(max_examples=10)
@given(slides(), st.booleans())
def test_values_and_gradients_are_those_of_reduce_window(drawn: Any, ties: bool) -> None:
    sliding, told = drawn
    x = normal(2, *sliding.space, 2)
    x = np.round(x) if ties else x
    pairs = [
        (lambda x: largest(x, sliding), lambda x: plain(x, -jnp.inf, lax.max, told)),
        (lambda x: total(x, sliding), lambda x: plain(x, 0.0, lax.add, told)),
    ]
    found = jax.jit(
        lambda x: [(with_gradient(ours, x), with_gradient(theirs, x)) for ours, theirs in pairs],
        compiler_options=QUICK,
    )(x)
    for (value, gradient), (expected, expected_gradient) in found:
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("strides", [(2, 2), (1, 1)])
def test_the_first_of_equal_values_gets_the_gradient(strides: tuple[int, int]) -> None:
    sliding = Sliding.over((2, 2), (2, 2), strides, "valid")
    x = np.array([[3, 5], [5, 5]], "float32").reshape(1, 2, 2, 1)
    gradient = jax.grad(lambda x: largest(x, sliding).sum())(x)
    np.testing.assert_array_equal(gradient.reshape(2, 2), [[0, 1], [0, 0]])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("strides", [(2, 2), (1, 1)])
def test_one_cell_has_the_gradient_of_infinite_and_of_near_values_too(strides: tuple[int, int], dtype: str) -> None:
    sliding = Sliding.over((2, 2), (2, 2), strides, "valid")
    near = float(jnp.nextafter(jnp.asarray(3, dtype), jnp.asarray(4, dtype)))
    for values, place in (
        ([1, np.inf, np.inf, 2], 1),
        ([-np.inf, -np.inf, -5, -np.inf], 2),
        ([3, 3, 3, near], 3),
        ([3, near, near, 3], 1),
        ([0, -0.0, -1, 0], 0),
    ):
        x = jnp.asarray(np.array(values).reshape(1, 2, 2, 1), dtype)
        gradient = jax.grad(lambda x: largest(x, sliding).sum())(x)
        np.testing.assert_array_equal(gradient.reshape(4).astype("float32"), np.eye(4)[place], str(values))


@pytest.mark.parametrize(("window", "strides"), [((2,), (2,)), ((3,), (2,))])
def test_derivatives_hold_in_both_modes_to_the_second_order(window: Any, strides: Any) -> None:
    sliding = Sliding.over((5,), window, strides, "same")
    with jax.enable_x64(True):
        x = normal(1, 5, 2).astype("float64")
        check_grads(jax.jit(lambda x: jnp.sin(largest(x, sliding)) + total(x, sliding) ** 2), (x,), order=2)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_other_dtypes_keep_their_values(dtype: str) -> None:
    sliding = Sliding.over((5, 5), (2, 2), (2, 2), "same")
    with jax.enable_x64(True):
        x = jnp.asarray(normal(2, 5, 5, 3)).astype(dtype)
        found = largest(x, sliding)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, plain(x, -jnp.inf, lax.max, ((2, 2), (2, 2), "SAME")))


def gradient_text(sliding: Sliding) -> str:
    return str(jax.make_jaxpr(jax.grad(lambda x: largest(x, sliding).sum()))(jnp.zeros((1, *sliding.space, 1))))


def test_nothing_is_selected_and_scattered_on_a_cpu_but_in_large_windows_that_overlap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apart, overlapping = ((8, 8), (4, 6), (4, 6), "valid"), ((8, 8), (3, 3), (2, 2), "same")
    large = ((8, 8), (4, MOST_CELLS // 2), (1, 1), "same")
    for given_ in (apart, overlapping):
        assert "reduce_window" not in gradient_text(Sliding.over(*given_))
    assert "select_and_scatter" in gradient_text(Sliding.over(*large))
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert "select_and_scatter" in gradient_text(Sliding.over(*apart))
