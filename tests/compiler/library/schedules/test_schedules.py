"""Schedules against Keras 3, optax and formulas, over 50 steps."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
from pydantic import ValidationError

from modelc.compiler.library.schedules import SCHEDULES

# Keras has no types.
reference: Any = keras.optimizers.schedules
STEPS = 50


def rates(notation: Any, total_steps: int, steps: int = STEPS) -> np.ndarray:
    function: Any = SCHEDULES.build(notation).function(total_steps)
    return np.asarray(jax.jit(jax.vmap(function))(jnp.arange(steps)))


def noam(step: float) -> float:
    """Vaswani et al., 2017, section 5.3, with `d_model` 512 and 8 steps of warm-up; steps are counted from 1 there."""
    return float(512**-0.5 * min(step**-0.5 if step else 1.0, step * 8**-1.5))


def torch_one_cycle(step: int) -> float:
    """PyTorch's `OneCycleLR(max_lr=0.1, total_steps=50, anneal_strategy="linear")`, two phases, as its source has it."""
    top, last = 0.3 * STEPS - 1, STEPS - 1
    first = 0.1 / 25
    if step <= top:
        return float(first + (0.1 - first) * step / top)
    return float(0.1 + (first / 1e4 - 0.1) * (step - top) / (last - top))


@pytest.mark.parametrize(
    ("notation", "wanted"),
    [
        ({"constant": 0.1}, lambda step: 0.1),
        ({"constant": {"learning_rate": 0.1, "warmup_steps": 8}}, optax.linear_schedule(0, 0.1, 8)),
        (
            {"cosine": {"learning_rate": 0.2, "decay_steps": 30, "alpha": 0.1}},
            reference.CosineDecay(0.2, 30, alpha=0.1),
        ),
        (
            {"cosine": {"learning_rate": 0.2, "decay_steps": 30, "warmup_steps": 8, "warmup_from": 0.01}},
            reference.CosineDecay(0.01, 30, warmup_target=0.2, warmup_steps=8),
        ),
        (
            {"cosine_restarts": {"learning_rate": 0.2, "first_decay_steps": 9, "t_mul": 1, "m_mul": 0.5, "alpha": 0.1}},
            reference.CosineDecayRestarts(0.2, 9, t_mul=1.0, m_mul=0.5, alpha=0.1),
        ),
        (
            {"cosine_restarts": {"learning_rate": 0.2, "first_decay_steps": 9, "t_mul": 1.5, "alpha": 0.1}},
            reference.CosineDecayRestarts(0.2, 9, t_mul=1.5, alpha=0.1),
        ),
        (
            {"cosine_restarts": {"learning_rate": 0.2, "first_decay_steps": 8}},
            optax.sgdr_schedule(
                [{"init_value": 0.2, "peak_value": 0.2, "decay_steps": 8 * 2**i, "warmup_steps": 0} for i in range(3)]
            ),
        ),
        (
            {"exponential": {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.8}},
            reference.ExponentialDecay(0.2, 7, 0.8),
        ),
        (
            {"exponential": {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.8, "staircase": True}},
            reference.ExponentialDecay(0.2, 7, 0.8, staircase=True),
        ),
        (
            {"exponential": {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.8, "warmup_steps": 5}},
            optax.warmup_exponential_decay_schedule(0, 0.2, 5, 7, 0.8),
        ),
        (
            {"inverse_time": {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.8}},
            reference.InverseTimeDecay(0.2, 7, 0.8),
        ),
        (
            {"inverse_time": {"learning_rate": 0.2, "decay_steps": 7, "decay_rate": 0.8, "staircase": True}},
            reference.InverseTimeDecay(0.2, 7, 0.8, staircase=True),
        ),
        ({"linear": {"learning_rate": 0.2, "end_learning_rate": 0.02}}, optax.linear_schedule(0.2, 0.02, STEPS)),
        ({"linear": {"learning_rate": 0.2, "decay_steps": 30}}, reference.PolynomialDecay(0.2, 30, 0.0)),
        (
            {"polynomial": {"learning_rate": 0.2, "decay_steps": 30, "power": 2}},
            reference.PolynomialDecay(0.2, 30, power=2),
        ),
        (
            {"polynomial": {"learning_rate": 0.2, "decay_steps": 9, "cycle": True}},
            reference.PolynomialDecay(0.2, 9, cycle=True),
        ),
        ({"polynomial": {"learning_rate": 0.2, "power": 0.5}}, optax.polynomial_schedule(0.2, 1e-4, 0.5, STEPS)),
        (
            {"piecewise": {"boundaries": [10, 30], "values": [0.3, 0.1, 0.01]}},
            reference.PiecewiseConstantDecay([10, 30], [0.3, 0.1, 0.01]),
        ),
        (
            {"piecewise": {"boundaries": [9, 29], "values": [0.3, 0.1, 0.01], "warmup_steps": 6}},
            optax.join_schedules(
                [optax.linear_schedule(0, 0.3, 6), optax.piecewise_constant_schedule(0.3, {4: 1 / 3, 24: 0.1})], [6]
            ),
        ),
        ({"one_cycle": 0.1}, optax.cosine_onecycle_schedule(STEPS, 0.1)),
        (
            {"one_cycle": {"learning_rate": 0.1, "pct_start": 0.6, "div_factor": 5, "final_div_factor": 10}},
            optax.cosine_onecycle_schedule(STEPS, 0.1, 0.6, 5, 10),
        ),
        ({"inverse_sqrt": {"learning_rate": (512 * 8) ** -0.5, "warmup_steps": 8}}, noam),
        (
            {"inverse_sqrt": {"learning_rate": 0.2, "timescale": 10}},
            lambda step: 0.2 * (10 / (step + 10)) ** 0.5,
        ),
    ],
)
def test_rates_are_those_of_the_reference(notation: Any, wanted: Any) -> None:
    expected = [float(wanted(step)) for step in range(STEPS)]
    np.testing.assert_allclose(rates(notation, STEPS), expected, rtol=1e-5, atol=1e-7)


def test_one_cycle_along_lines_is_that_of_pytorch_a_step_later() -> None:
    found = rates({"one_cycle": {"learning_rate": 0.1, "anneal_strategy": "linear"}}, STEPS, STEPS + 1)
    expected = np.array([torch_one_cycle(step) for step in range(STEPS)])
    assert found.argmax() == expected.argmax() + 1 == 15
    assert found[[0, 15, STEPS]] == pytest.approx(expected[[0, 14, STEPS - 1]])
    assert np.abs(np.diff(found[:16], 2)).max() < 1e-7 and np.abs(np.diff(found[15:], 2)).max() < 1e-7


def test_a_warmup_goes_before_any_schedule() -> None:
    """The rate after the warm-up is that of the schedule without one, from its first step."""
    given: dict[str, dict[str, Any]] = {
        "cosine_restarts": {"first_decay_steps": 6},
        "exponential": {"decay_steps": 6, "decay_rate": 0.5},
        "inverse_time": {"decay_steps": 6, "decay_rate": 0.5},
        "inverse_sqrt": {"timescale": 9},
    }
    for name in set(SCHEDULES) - {"one_cycle", "piecewise"}:
        rated = {"learning_rate": 0.1, **given.get(name, {})}
        found = rates({name: {**rated, "warmup_steps": 4, "warmup_from": 0.02}}, 24, 24)
        np.testing.assert_allclose(found[:4], [0.02, 0.04, 0.06, 0.08], rtol=1e-5)
        np.testing.assert_allclose(found[4:], rates({name: rated}, 20, 20), rtol=1e-5, atol=1e-8)


def test_a_restart_comes_at_its_step_however_many_there_were() -> None:
    found: Any = SCHEDULES.build({"cosine_restarts": {"learning_rate": 0.2, "first_decay_steps": 10}}).function(10**9)
    begins = 10 * (2 ** np.arange(1, 20) - 1)
    np.testing.assert_allclose([found(step) for step in begins], 0.2, rtol=1e-6)
    assert max(float(found(step - 1)) for step in begins) < 0.01


def test_decay_takes_the_rest_of_the_run_by_default() -> None:
    found = rates({"cosine": {"learning_rate": 0.2, "warmup_steps": 10}}, 50, 51)
    assert found[0] == 0.0
    assert found.argmax() == 10
    assert found[10] == pytest.approx(0.2)
    assert found[30] == pytest.approx(0.1, rel=1e-5)
    assert found[50] == pytest.approx(0.0, abs=1e-8)


def test_a_warmup_longer_than_the_run_only_climbs() -> None:
    found = rates({"cosine": {"learning_rate": 0.2, "warmup_steps": 100}}, 50, 50)
    np.testing.assert_allclose(found, 0.002 * np.arange(50), rtol=1e-5)


@pytest.mark.parametrize(
    ("raw", "at", "kind"),
    [
        ({"cosine": {"learning_rate": 0.1, "warmup_from": 0.01}}, ("cosine",), "warmup_alone"),
        ({"cosine": {"learning_rate": 0.1, "warmup_from": 1, "warmup_steps": 5}}, ("cosine",), "warmup_down"),
        ({"cosine": {"learning_rate": 0.1, "decay_steps": 0}}, ("cosine", "decay_steps"), "greater_than_equal"),
        ({"cosine": {"learning_rate": 0.1, "alpha": 2}}, ("cosine", "alpha"), "less_than_equal"),
        ({"constant": 0}, ("constant", "learning_rate"), "greater_than"),
        ({"linear": {"learning_rate": 0.1, "end_learning_rate": 0.2}}, ("linear",), "decay_up"),
        ({"polynomial": 0.00005}, ("polynomial",), "decay_up"),
        ({"polynomial": {"learning_rate": 0.1, "cycle": True}}, ("polynomial",), "cycle_alone"),
        ({"exponential": {"learning_rate": 0.1, "decay_steps": 5}}, ("exponential", "decay_rate"), "missing"),
        ({"piecewise": {"boundaries": [5], "values": [0.1, 0.2, 0.3]}}, ("piecewise",), "wrong_count"),
        ({"piecewise": {"boundaries": [5, 5], "values": [0.1, 0.2, 0.3]}}, ("piecewise",), "wrong_order"),
        ({"piecewise": {"boundaries": 5, "values": [1, 2], "warmup_steps": 6}}, ("piecewise",), "boundary_in_warmup"),
        ({"one_cycle": {"learning_rate": 0.1, "pct_start": 1}}, ("one_cycle", "pct_start"), "less_than"),
    ],
)
def test_wrong_arguments_are_refused_at_their_place(raw: Any, at: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEDULES.build(raw)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (at, kind)


def test_a_rate_that_the_run_does_not_reach_is_a_warning() -> None:
    piecewise = SCHEDULES.build({"piecewise": {"boundaries": [10, 30], "values": [0.3, 0.1, 0.01], "warmup_steps": 5}})
    late, never = piecewise.caution(31), piecewise.caution(5)
    assert late is not None and (late.code, late.argument) == ("W924", "boundaries")
    assert "0.01 begins after step 30" in late.message
    assert never is not None and never.code == "W917"
    assert piecewise.caution(32) is None
