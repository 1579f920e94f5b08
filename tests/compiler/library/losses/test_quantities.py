"""The losses of quantities that Keras has not: against scikit-learn and formulas, and their errors."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.losses import LOSSES

Numbers = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(17)
OUTPUT = RANDOM.normal(size=(40, 3)).astype(np.float32)
TARGET = RANDOM.normal(size=(40, 3)).astype(np.float32)


def pinball(output: Numbers, target: Numbers, share: float = 0.5) -> float:
    return float(mean_pinball_loss(target, output, alpha=share))


def symmetric(output: Numbers, target: Numbers) -> float:
    """https://en.wikipedia.org/wiki/Symmetric_mean_absolute_percentage_error, the first formula there."""
    output, target = output.astype(np.float64), target.astype(np.float64)
    return float(np.mean(100 * np.abs(output - target) / ((np.abs(target) + np.abs(output)) / 2)))


QUANTITIES: dict[str, Callable[..., float]] = {
    "quantile": pinball,
    "symmetric_mean_absolute_percentage_error": symmetric,
}


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_loss_is_that_of_its_oracle(name: str) -> None:
    found = jnp.mean(LOSSES.build(name).elements(jnp.asarray(OUTPUT), jnp.asarray(TARGET)))
    assert float(found) == pytest.approx(QUANTITIES[name](OUTPUT, TARGET), rel=1e-5)


def test_quantiles_stand_on_the_last_axis() -> None:
    shares = (0.1, 0.5, 0.9)
    truth = TARGET[:, 0]
    loss = LOSSES.build({"quantile": [*shares]})
    value, slope = jax.value_and_grad(lambda x: jnp.mean(loss.elements(x, jnp.asarray(truth))))(jnp.asarray(OUTPUT))
    assert float(value) == pytest.approx(
        np.mean([pinball(OUTPUT[:, c], truth, q) for c, q in enumerate(shares)]), rel=1e-5
    )
    wanted = np.where(truth[:, None] > OUTPUT, np.negative(shares), np.subtract(1, shares)) / OUTPUT.size
    np.testing.assert_allclose(slope, wanted, rtol=1e-5)
    assert loss.plan(TensorType((5, 3)), TensorType((5,))) == (5,)
    assert loss.targets(TensorType((5, 3)))[0].shape == (5,)


def test_the_quantile_that_is_learnt_is_that_of_the_values() -> None:
    values = jnp.asarray(RANDOM.exponential(size=500), "float32")
    loss = LOSSES.build({"quantile": 0.8})

    @jax.jit
    def step(guess: Any, place: Any) -> Any:
        slope = jax.grad(lambda guess: jnp.mean(loss.elements(jnp.broadcast_to(guess, (500,)), values)))(guess)
        return guess - 10 / (10 + place) * slope, None

    guess, _ = jax.lax.scan(step, jnp.float32(0), jnp.arange(2000.0))
    assert np.mean(values <= guess) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("notation", "output", "target", "message"),
    [
        (
            {"quantile": [0.1, 0.9]},
            TensorType((3,)),
            TensorType(()),
            "there are 2 quantiles, and the output has shape [3]",
        ),
        (
            {"quantile": [0.1, 0.9]},
            TensorType(()),
            TensorType(()),
            "there are 2 quantiles, and the output has shape []",
        ),
        ({"quantile": [0.1, 0.9]}, TensorType((2,)), TensorType((2,)), "those of a target [], got [2]"),
        ({"quantile": [0.1, 0.9]}, TensorType((2,), mask=True), TensorType(()), "the axis of the mask"),
        ({"quantile": 0.9}, TensorType((2,)), TensorType(()), "[2], target has shape []"),
    ],
)
def test_quantiles_that_do_not_fit_are_refused(
    notation: Any, output: TensorType, target: TensorType, message: str
) -> None:
    with pytest.raises(PlanError) as caught:
        LOSSES.build(notation).plan(output, target)
    assert caught.value.code == "E304"
    assert message in caught.value.message
    assert caught.value.help
