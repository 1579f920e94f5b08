"""Noise, dropout and penalties against Keras 3, with the same numbers drawn."""

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
from modelc.compiler.library.contracts.layer import Call
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check, close
from tests.compiler.library.layers.regularization.configurations import RANDOM
from tests.compiler.library.layers.running import build, normal, refusal

L = keras.layers
backend: Any = keras_backend
ops: Any = keras_ops
convnext: Any = keras_convnext
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
NOISES = ("alpha_dropout", "gaussian_dropout", "gaussian_noise")
CASES = [
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
COMPARED = {"random_normal", "stochastic_depth", *(case.name for case in CASES)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


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


@pytest.mark.parametrize(
    ("raw", "shape", "message", "cure"),
    [
        (
            {"spatial_dropout1d": 0.2},
            [3, 4, 5],
            "expected a sequence [time, channels], got [3, 4, 5]",
            "`spatial_dropout2d` is for this shape",
        ),
        (
            {"dropout": {"rate": 0.5, "noise_shape": [4, 1, 3]}},
            [4, 3],
            "`noise_shape` is [4, 1, 3], but the input is [4, 3]",
            "use the size of the axis or 1 for each axis except the batch",
        ),
        (
            {"dropout": {"rate": 0.5, "noise_shape": [2, 3]}},
            [4, 3],
            "`noise_shape` is [2, 3], but the input is [4, 3]",
            "use the size of the axis or 1 for each axis except the batch",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(raw: Any, shape: list[int], message: str, cure: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help) == (message, cure)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_draws_are_those_of_keras_in_the_shape_of_the_input_and_zeros_outside_training(dtype: str) -> None:
    x = np.ones((3, 4, 5), dtype)
    running, key = build({"random_normal": 0.5}, x), root_key(5)
    drawn = running.output(x, train=True, key=key)
    normally = jax.random.normal(Call({}, key=key).random("noise"), (60,)).reshape(3, 4, 5)
    np.testing.assert_allclose(drawn, 0.5 * normally, rtol=1e-6)
    assert drawn.dtype == "float32" and len(np.unique(drawn)) == x.size
    assert not running.output(x).any()
    assert not np.array_equal(drawn, running.output(x, train=True, key=root_key(6)))


def test_nothing_is_learnt_through_draws() -> None:
    running, x = build("random_normal", x3), jnp.asarray(x3)
    gradient = jax.grad(lambda x: running(x, train=True, key=root_key(5)).outputs["output"].sum())(x)
    assert not np.any(gradient)
