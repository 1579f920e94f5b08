"""Dropout: its statistics, its keys, and that nothing is random outside training."""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.library.base.prng import derive, root_key
from tests.compiler.library.layers.running import QUICK, build, filled, normal

RANDOM: list[tuple[Any, Any]] = [
    ({"dropout": 0.5}, normal(4, 50)),
    ({"lstm": {"units": 8, "dropout": 0.5}}, normal(4, 3, 5)),
    ({"lstm": {"units": 8, "recurrent_dropout": 0.5}}, normal(4, 3, 5)),
    ({"bidirectional": {"layer": {"lstm": {"units": 8, "dropout": 0.5}}}}, normal(4, 3, 5)),
]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_at_its_rate_and_keeps_the_mean(rate: float) -> None:
    x = np.ones((200, 500), "float32")
    y = build({"dropout": rate}, x).output(x, train=True, key=root_key(0))
    kept = y != 0
    # Four standard deviations of a share of 100,000 independent draws.
    assert abs(kept.mean() - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / x.size)
    np.testing.assert_allclose(y[kept], 1 / (1 - rate), rtol=1e-6)
    assert len({tuple(row) for row in kept[:20]}) == 20


@pytest.mark.parametrize(("raw", "x"), RANDOM, ids=["dropout", "lstm", "lstm_recurrent", "bidirectional"])
def test_the_key_decides_and_only_in_training(raw: Any, x: Any) -> None:
    running = filled(raw, x)
    key = root_key(0)

    @partial(jax.jit, static_argnums=0, compiler_options=QUICK)
    def output(train: bool, key: Any) -> Any:
        return running(x, train=train, key=key).outputs["output"]

    first = output(True, key)
    np.testing.assert_array_equal(first, output(True, key))
    assert not np.array_equal(first, output(True, derive(key, "other")))
    plain = output(False, None)
    np.testing.assert_array_equal(plain, output(False, key))
    assert not np.array_equal(plain, first)


@pytest.mark.parametrize(("raw", "x"), RANDOM, ids=["dropout", "lstm", "lstm_recurrent", "bidirectional"])
def test_training_without_a_key_is_refused(raw: Any, x: Any) -> None:
    with pytest.raises(ValueError, match="needs a key"):
        filled(raw, x).output(x, train=True)


def test_a_rate_of_zero_needs_no_key() -> None:
    x = normal(2, 3)
    np.testing.assert_array_equal(build({"dropout": 0}, x).output(x, train=True), x)


def test_both_directions_drop_different_features() -> None:
    x = np.ones((50, 1, 6), "float32")
    running = filled({"bidirectional": {"layer": {"lstm": {"units": 2, "dropout": 0.5}}}}, x)
    for name in ("kernel", "recurrent_kernel", "bias"):
        running.params[f"backward/{name}"] = running.params[f"forward/{name}"]
    y = running.output(x, train=True, key=root_key(0))
    assert not np.allclose(y[:, :2], y[:, 2:])


def test_dropped_values_get_no_gradient() -> None:
    x = normal(3, 20)
    running = build({"dropout": 0.5}, x)
    key = root_key(0)
    y = running.output(x, train=True, key=key)
    gradient = jax.grad(lambda x: running(x, train=True, key=key).outputs["output"].sum())(x)
    np.testing.assert_allclose(gradient, np.where(y == 0, 0, 2))
