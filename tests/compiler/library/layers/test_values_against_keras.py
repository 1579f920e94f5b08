"""The layers that move, mark or disturb values, and the rarer activations, against Keras 3."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src import backend as keras_backend
from keras.src import ops as keras_ops
from keras.src.applications import convnext as keras_convnext

from modelc.compiler.library.base.prng import root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, PlanError
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from tests.compiler.library.layers.comparing import Case, check, check_activation, close
from tests.compiler.library.layers.regularization.configurations import RANDOM
from tests.compiler.library.layers.running import QUICK, build, normal

L = keras.layers
A = keras.activations
backend: Any = keras_backend
ops: Any = keras_ops
convnext: Any = keras_convnext
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
holes = np.where(np.array([[1, 0, 1], [0, 0, 1]])[:, :, None], x3, 0.5).astype("float32")

NOISES = ("alpha_dropout", "gaussian_dropout", "gaussian_noise")

CASES = [
    Case({"permute": [-1, -2]}, lambda: L.Permute((2, 1)), x3),
    Case({"permute": [-2, -1, -3]}, lambda: L.Permute((2, 3, 1)), image),
    Case({"permute": [-1]}, lambda: L.Permute((1,)), normal(1, 1)),
    Case({"repeat_vector": 3}, lambda: L.RepeatVector(3), normal(2, 4)),
    Case({"masking": 0.5}, lambda: L.Masking(0.5), holes),
    Case({"dropout": {"rate": 0.5, "noise_shape": [1, 4]}}, lambda: L.Dropout(0.5, noise_shape=(None, 1, 4)), x3),
    Case({"activity_regularization": {"l1": 0.1}}, lambda: L.ActivityRegularization(0.1), x3),
    *(
        Case({name: 0.5}, partial(cls, 0.5), x)
        for name, cls, x in (
            ("alpha_dropout", L.AlphaDropout, x3),
            ("gaussian_dropout", L.GaussianDropout, x3),
            ("gaussian_noise", L.GaussianNoise, x3),
            ("spatial_dropout1d", L.SpatialDropout1D, x3),
            ("spatial_dropout2d", L.SpatialDropout2D, image),
            ("spatial_dropout3d", L.SpatialDropout3D, image[:, None]),
        )
    ),
]

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
COMPARED = {case.name for case in CASES} | {
    raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in ACTIVATION_CASES
}
COMPARED |= {"glu", "sparsemax", "stochastic_depth"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("raw", "oracle"), ACTIVATION_CASES, ids=lambda part: "oracle" if callable(part) else str(part)
)
def test_activations_and_their_gradients(raw: Any, oracle: Callable[[Any], Any]) -> None:
    check_activation(raw, oracle)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in RANDOM or case.name == "dropout"], ids=lambda case: case.name
)
def test_noise_is_used_as_keras_uses_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    x, key = case.inputs, root_key(5)
    running, oracle = case.running(), case.oracle()
    drawn = Call({}, key=key).random("noise" if case.name in NOISES else "mask")

    def normally(shape: Any, mean: float = 0.0, stddev: float = 1.0, **others: Any) -> Any:
        return mean + stddev * jax.random.normal(drawn, shape)

    def dropped(x: Any, rate: float, noise_shape: Any, **others: Any) -> Any:
        noise_shape = [x.shape[0], *noise_shape[1:]]
        return jnp.where(jax.random.bernoulli(drawn, 1 - rate, noise_shape), x / (1 - rate), 0)

    monkeypatch.setattr(backend.random, "normal", normally)
    monkeypatch.setattr(backend.random, "dropout", dropped)
    # Keras keeps what is not below the rate, we what is below one minus the rate.
    monkeypatch.setattr(ops.random, "uniform", lambda shape, **others: 1 - jax.random.uniform(drawn, shape))
    found = running.output(x, train=True, key=key)
    close(found, oracle(x, training=True), 1e-5)
    assert not np.allclose(found, x)
    np.testing.assert_array_equal(running.output(x, key=key), x)
    assert not np.allclose(found, running.output(x, train=True, key=root_key(6)))
    with pytest.raises(ValueError, match="needs a key"):
        running.output(x, train=True)


def test_a_channel_is_dropped_everywhere_or_nowhere() -> None:
    x = np.ones((3, 4, 5, 20), "float32")
    y = build({"spatial_dropout2d": 0.5}, x).output(x, train=True, key=root_key(0))
    assert set(np.unique(y)) == {0, 2}
    assert (y == y[:, :1, :1]).all()


def test_stochastic_depth_drops_whole_examples_and_keeps_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    x, key = normal(400, 3, 4), root_key(2)
    running, oracle = build({"stochastic_depth": 0.25}, x), convnext.StochasticDepth(0.25)
    found = running.output(x, train=True, key=key)
    drawn = jax.random.uniform(Call({}, key=key).random("mask"), (400, 1, 1))
    # Keras keeps what is not below the rate, we what is below one minus the rate.
    monkeypatch.setattr(convnext.random, "uniform", lambda shape, *others, **more: 1 - drawn)
    close(found, oracle.call(x, training=True), 1e-5)
    kept = found.any((1, 2))
    assert abs(kept.mean() - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 400)
    np.testing.assert_allclose(found[kept], x[kept] / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(running.output(x, key=key), x)


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
    with pytest.raises(PlanError, match="leaves none that the mask could be about"):
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


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = normal(400, 500)
    y = build({"alpha_dropout": 0.3}, x).output(x, train=True, key=root_key(0))
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.02


@pytest.mark.parametrize("train", [False, True])
def test_activity_is_penalized_as_keras_does_over_real_rows(train: bool) -> None:
    oracle = L.ActivityRegularization(0.2, 0.3)
    oracle(x3)
    running = build({"activity_regularization": {"l1": 0.2, "l2": 0.3}}, x3)
    close(running(x3, train=train).penalties["activity"], oracle.losses[0], 1e-6)
    padded = np.concatenate([x3, np.full((1, 3, 4), np.nan, "float32")])
    rows = jnp.array([True, True, False])

    def penalty(x: Any) -> Any:
        return running(x, train=train, rows=rows).penalties["activity"]

    value, gradient = jax.value_and_grad(penalty)(jnp.asarray(padded))
    close(value, oracle.losses[0], 1e-6)
    assert np.isfinite(gradient).all()
    assert LAYERS.build("activity_regularization").penalizes


def test_masking_masks_what_is_all_padding_and_what_was_masked_before() -> None:
    result = build({"masking": 0.5}, holes)(holes)
    np.testing.assert_array_equal(result.masks["output"], [[1, 0, 1], [0, 0, 1]])
    assert not np.any(result.outputs["output"][0, 1])
    before = {"x": jnp.array([[1, 1, 0], [1, 1, 1]], bool)}
    again = build({"masking": 0.5}, holes, before)(holes, masks=before)
    np.testing.assert_array_equal(again.masks["output"], [[1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("raw", "shape", "message", "cure"),
    [
        (
            {"permute": [2, 1]},
            [3, 4],
            "`dims` is [2, 1], but axes count from the end, because the batch axis is never written",
            "write `dims: [-1, -2]` for what Keras calls [2, 1]",
        ),
        (
            {"permute": [-1]},
            [3, 4],
            "`dims` [-1] does not name each axis of [3, 4] once",
            "write the axes -2, -1 in another order",
        ),
        (
            {"spatial_dropout1d": 0.2},
            [3, 4, 5],
            "expected a sequence [time, channels], got [3, 4, 5]",
            "`spatial_dropout2d` is for this shape",
        ),
        (
            {"repeat_vector": 2},
            [3, 4],
            "expected a vector [features], got [3, 4]",
            "give the last step of a recurrent layer, or put `flatten` before it",
        ),
        (
            {"dropout": {"rate": 0.5, "noise_shape": [4, 1, 3]}},
            [4, 3],
            "`noise_shape` is [4, 1, 3], but the input is [4, 3]",
            "give each axis but the batch its own size or 1",
        ),
        (
            {"dropout": {"rate": 0.5, "noise_shape": [2, 3]}},
            [4, 3],
            "`noise_shape` is [2, 3], but the input is [4, 3]",
            "give each axis but the batch its own size or 1",
        ),
        ("glu", [4, 3], "axis -1 has 3 values, which cannot be halved", "give the layer before 4 of them"),
        (
            {"masking": 0},
            [3],
            "expected a sequence [time, features], got [3]",
            "for 3 steps of one number, `reshape: [3, 1]`; ids have `mask_zero` of `embedding`",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(raw: Any, shape: list[int], message: str, cure: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(TensorType(tuple(shape)))
    assert (caught.value.message, caught.value.help) == (message, cure)


def test_sparsemax_far_from_zero_is_that_of_the_differences() -> None:
    x = np.round(normal(5, 40) * 64) / 64
    function = jax.jit(ACTIVATIONS.build("sparsemax").function, compiler_options=QUICK)
    np.testing.assert_array_equal(function(x + np.float32(2**16)), function(x))
    np.testing.assert_array_equal(function(np.array([[3e7, 0], [2e7, 2e7 - 4]], "float32")), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(function(np.array([[3e38, -3e38]], "float32")), [[1, 0]])
