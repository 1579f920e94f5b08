"""The rarer activations against Keras 3, gates and sparsemax against their definitions."""

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from tests.compiler.library.layers.comparing import check_activation, close
from tests.compiler.library.layers.running import QUICK, build, normal, refusal

A = keras.activations
ACTIVATION_CASES: list[tuple[Any, Callable[[Any], Any]]] = [
    ("celu", A.celu),
    ({"celu": 0.5}, lambda x: A.celu(x, 0.5)),
    ("hard_shrink", A.hard_shrink),
    ({"hard_shrink": 1.5}, lambda x: A.hard_shrink(x, 1.5)),
    ("hard_silu", A.hard_silu),
    ("hard_tanh", A.hard_tanh),
    ("log_sigmoid", A.log_sigmoid),
    ("mish", A.mish),
    ("soft_shrink", A.soft_shrink),
    ({"soft_shrink": 1.5}, lambda x: A.soft_shrink(x, 1.5)),
    ("sparse_plus", A.sparse_plus),
    ("sparse_sigmoid", A.sparse_sigmoid),
    ("squareplus", A.squareplus),
    ({"squareplus": 1}, lambda x: A.squareplus(x, 1)),
    ("tanh_shrink", A.tanh_shrink),
    ({"threshold": {"threshold": 0.5, "default_value": -2}}, lambda x: A.threshold(x, 0.5, -2)),
]
COMPARED = {"glu", "sparsemax"} | {raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in ACTIVATION_CASES}


@pytest.mark.parametrize(
    ("raw", "oracle"), ACTIVATION_CASES, ids=lambda part: "oracle" if callable(part) else str(part)
)
def test_activations_and_their_gradients(raw: Any, oracle: Callable[[Any], Any]) -> None:
    check_activation(raw, oracle)


@pytest.mark.parametrize("axis", [-1, -2])
def test_glu_gates_the_first_half_by_the_second(axis: int) -> None:
    x = normal(2, 6, 4)
    running = build({"glu": axis}, x)

    def both(x: Any) -> Any:
        return [
            (y, *pull(normal(*y.shape, seed=1)))
            for y, pull in (
                jax.vjp(lambda x: running(x).outputs["output"], x),
                jax.vjp(lambda x: A.glu(x, axis), x),
            )
        ]

    ours, theirs = jax.jit(both, compiler_options=QUICK)(x)
    close(ours[0], theirs[0], 1e-5)
    close(ours[1], theirs[1], 1e-4)


def test_half_of_the_steps_cannot_keep_the_mask() -> None:
    steps = LAYERS.build({"glu": -2})
    with pytest.raises(PlanError, match="which has a mask, cannot be halved"):
        steps.plan(TensorType((4, 6), mask=True))
    assert steps.plan(TensorType((4, 6))).output.shape == (2, 6)
    assert LAYERS.build("glu").plan(TensorType((4, 6), mask=True)).output.shape == (4, 3)


@pytest.mark.parametrize("axis", [-1, -2])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis: int) -> None:
    """By the conditions of Karush, Kuhn and Tucker, and proposition 2 of Martins and Astudillo 2016: Keras is wrong."""
    x = np.concatenate([normal(9, 6, 7) * 2, np.zeros((1, 6, 7), "float32")])
    weight = normal(*x.shape, seed=1)

    def run(x: Any) -> Any:
        y, pull = jax.vjp(ACTIVATIONS.build({"sparsemax": axis}).function, x)
        return y, pull(weight)[0]

    found, gradient = jax.jit(run, compiler_options=QUICK)(x)
    found, x, weight, gradient = (np.moveaxis(a, axis, -1) for a in (found, x, weight, gradient))
    support = found > 0
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)
    assert (found >= 0).all() and not support.all()
    tau = np.max(x - found, -1, where=support, initial=-np.inf, keepdims=True)
    close(np.min(x - found, -1, where=support, initial=np.inf, keepdims=True), tau, 1e-5)
    assert (x - found <= tau + 1e-5).all()
    close(gradient, np.where(support, weight - np.mean(weight, -1, where=support, keepdims=True), 0), 1e-4)


@pytest.mark.parametrize(
    ("raw", "shape", "message", "cure"),
    [
        ("glu", [4, 3], "axis -1 has 3 values, which cannot be halved", "let the layer before it output 4 of them"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(raw: Any, shape: list[int], message: str, cure: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help) == (message, cure)


def test_sparsemax_far_from_zero_is_that_of_the_differences() -> None:
    x = np.round(normal(5, 40) * 64) / 64
    function = jax.jit(ACTIVATIONS.build("sparsemax").function, compiler_options=QUICK)
    np.testing.assert_array_equal(function(x + np.float32(2**16)), function(x))
    np.testing.assert_array_equal(function(np.array([[3e7, 0], [2e7, 2e7 - 4]], "float32")), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(function(np.array([[3e38, -3e38]], "float32")), [[1, 0]])
