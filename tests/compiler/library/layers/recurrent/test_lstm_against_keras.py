"""`lstm`, and `bidirectional` around it, against Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import normal

L = keras.layers
PORTS = ("output", "state_h", "state_c")
BOTH = ("output", "forward_state_h", "forward_state_c", "backward_state_h", "backward_state_c")


def lstm(**arguments: Any) -> Callable[[], Any]:
    return lambda: L.LSTM(return_state=True, **arguments)


def both_ways(merge_mode: str = "concat", **arguments: Any) -> Callable[[], Any]:
    return lambda: L.Bidirectional(L.LSTM(return_state=True, **arguments), merge_mode=merge_mode)


x3 = normal(3, 4, 5)
state = (normal(3, 2, seed=1), normal(3, 2, seed=2))
four_states = (*state, normal(3, 2, seed=3), normal(3, 2, seed=4))
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)
CASES = [
    Case({"lstm": 2}, lstm(units=2), x3, ports=PORTS),
    Case({"lstm": 2}, lstm(units=2), normal(1, 1, 1), ports=PORTS),
    Case(
        {"lstm": {"units": 2, "return_sequences": True, "use_bias": False}},
        lstm(units=2, return_sequences=True, use_bias=False),
        x3,
        ports=PORTS,
    ),
    Case(
        {"lstm": {"units": 2, "activation": "relu", "recurrent_activation": "hard_sigmoid"}},
        lstm(units=2, activation="relu", recurrent_activation="hard_sigmoid"),
        x3,
        ports=PORTS,
    ),
    Case({"lstm": 2}, lstm(units=2), {"x": x3, "initial_state": state}, ports=PORTS),
    Case({"lstm": 2}, lstm(units=2), {"x": x3, "initial_state": state}, ports=PORTS, mask=holes),
    Case(
        {"lstm": {"units": 2, "go_backwards": True, "return_sequences": True}},
        lstm(units=2, go_backwards=True, return_sequences=True),
        x3,
        ports=PORTS,
    ),
    Case({"lstm": 2}, lstm(units=2), x3, mask=holes, ports=PORTS),
    Case(
        {"lstm": {"units": 2, "return_sequences": True}},
        lstm(units=2, return_sequences=True),
        x3,
        mask=holes,
        ports=PORTS,
    ),
    Case(
        {"lstm": {"units": 2, "return_sequences": True, "go_backwards": True}},
        lstm(units=2, return_sequences=True, go_backwards=True),
        x3,
        mask=holes,
        ports=PORTS,
    ),
    Case({"bidirectional": {"layer": {"lstm": 2}}}, both_ways(units=2), x3, ports=BOTH),
    Case({"bidirectional": {"layer": {"lstm": 2}}}, both_ways(units=2), x3, mask=holes, ports=BOTH),
    *(
        Case(
            {"bidirectional": {"layer": {"lstm": {"units": 2, "return_sequences": True}}, "merge_mode": mode}},
            both_ways(mode, units=2, return_sequences=True),
            x3,
            mask=mask,
            ports=BOTH,
        )
        for mode, mask in (("concat", None), ("sum", holes), ("mul", holes), ("ave", None), ("concat", holes))
    ),
    Case(
        {"bidirectional": {"layer": {"lstm": 2}, "merge_mode": "sum"}},
        both_ways("sum", units=2),
        {"x": x3, "initial_state": four_states},
        ports=BOTH,
    ),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)
