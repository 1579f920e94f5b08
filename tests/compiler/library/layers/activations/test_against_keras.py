"""The usual activations against Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tests.compiler.library.layers.comparing import Case, check, check_activation
from tests.compiler.library.layers.running import normal

L = keras.layers


x3 = normal(3, 4, 5)
CASES = [
    Case({"activation": "softplus"}, lambda: L.Activation("softplus"), x3),
]
A = keras.activations
ACTIVATION_CASES: list[tuple[Any, Callable[[Any], Any]]] = [
    ("linear", A.linear),
    ("relu", A.relu),
    ({"relu": {"negative_slope": 0.3}}, lambda x: A.relu(x, negative_slope=0.3)),
    ({"relu": {"max_value": 1.5}}, lambda x: A.relu(x, max_value=1.5)),
    ({"relu": {"threshold": 0.4}}, lambda x: A.relu(x, threshold=0.4)),
    ({"relu": {"max_value": 6, "negative_slope": 0.1}}, lambda x: A.relu(x, max_value=6, negative_slope=0.1)),
    (
        {"relu": {"negative_slope": 0.3, "max_value": 1.5, "threshold": 0.4}},
        lambda x: A.relu(x, negative_slope=0.3, max_value=1.5, threshold=0.4),
    ),
    ("relu6", A.relu6),
    ("leaky_relu", A.leaky_relu),
    ({"leaky_relu": 0.01}, lambda x: A.leaky_relu(x, 0.01)),
    ("elu", A.elu),
    ({"elu": 0.5}, lambda x: A.elu(x, 0.5)),
    ("selu", A.selu),
    ("gelu", A.gelu),
    ({"gelu": True}, lambda x: A.gelu(x, approximate=True)),
    ("silu", A.silu),
    ("sigmoid", A.sigmoid),
    ("hard_sigmoid", A.hard_sigmoid),
    ("tanh", A.tanh),
    ("softplus", A.softplus),
    ("softsign", A.softsign),
    ("exponential", A.exponential),
    ("softmax", A.softmax),
    ({"softmax": -2}, lambda x: A.softmax(x, axis=-2)),
    ("log_softmax", A.log_softmax),
    ({"log_softmax": -2}, lambda x: A.log_softmax(x, axis=-2)),
]
COMPARED = {"activation"} | {raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in ACTIVATION_CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("raw", "oracle"), ACTIVATION_CASES, ids=lambda part: "oracle" if callable(part) else str(part)
)
def test_activations_and_their_gradients(raw: Any, oracle: Callable[[Any], Any]) -> None:
    check_activation(raw, oracle)
