"""Schedules against Keras 3."""

from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.library.schedules import SCHEDULES

# Keras has no types.
cosine: Any = keras.optimizers.schedules.CosineDecay


def rates(notation: Any, total_steps: int, steps: int) -> np.ndarray:
    function: Any = SCHEDULES.build(notation).function(total_steps)
    return np.array([float(function(step)) for step in range(steps)])


def test_constant_stays() -> None:
    np.testing.assert_allclose(rates({"constant": 0.1}, 10, 12), 0.1)


def test_cosine_without_warmup_is_that_of_keras() -> None:
    reference = cosine(0.2, 30, alpha=0.1)
    wanted = [float(reference(step)) for step in range(45)]
    notation = {"cosine": {"learning_rate": 0.2, "decay_steps": 30, "alpha": 0.1}}
    np.testing.assert_allclose(rates(notation, 1000, 45), wanted, rtol=1e-5)


def test_cosine_with_warmup_is_that_of_keras() -> None:
    reference = cosine(0.01, 30, warmup_target=0.2, warmup_steps=8)
    wanted = [float(reference(step)) for step in range(45)]
    notation = {"cosine": {"learning_rate": 0.2, "decay_steps": 30, "warmup_steps": 8, "warmup_from": 0.01}}
    np.testing.assert_allclose(rates(notation, 1000, 45), wanted, rtol=1e-5, atol=1e-8)


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
    ],
)
def test_wrong_arguments_are_refused_at_their_place(raw: Any, at: tuple[str, ...], kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SCHEDULES.build(raw)
    (error,) = caught.value.errors()
    assert (error["loc"], error["type"]) == (at, kind)
