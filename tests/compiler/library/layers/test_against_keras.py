"""Every layer against the Keras 3 layer of the same weights: values, statistics and gradients."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check, check_activation
from tests.compiler.library.layers.families import compared
from tests.compiler.library.layers.running import normal

L = keras.layers
PORTS = ("output", "state_h", "state_c")
BOTH = ("output", "forward_state_h", "forward_state_c", "backward_state_h", "backward_state_c")


def ids(*rows: list[int]) -> np.ndarray:
    return np.array(rows, "int32")


def steps(*lengths: int, of: int) -> np.ndarray:
    """A mask `[batch, time]` with the first steps of each row true."""
    return np.arange(of) < np.array(lengths)[:, None]


def lstm(**arguments: Any) -> Callable[[], Any]:
    return lambda: L.LSTM(return_state=True, **arguments)


def both_ways(merge_mode: str = "concat", **arguments: Any) -> Callable[[], Any]:
    return lambda: L.Bidirectional(L.LSTM(return_state=True, **arguments), merge_mode=merge_mode)


def conv(**arguments: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
    return {"conv2d": arguments}, lambda: L.Conv2D(**arguments)


def pool(name: str, cls: Any, **arguments: Any) -> tuple[dict[str, Any], Callable[[], Any]]:
    return {name: arguments}, lambda: cls(**arguments)


x2, x3, image = normal(3, 5), normal(3, 4, 5), normal(2, 7, 6, 4)
state = (normal(3, 2, seed=1), normal(3, 2, seed=2))
four_states = (*state, normal(3, 2, seed=3), normal(3, 2, seed=4))
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)

CASES = [
    Case({"dense": 4}, lambda: L.Dense(4), x2),
    Case({"dense": {"units": 4, "use_bias": False, "activation": "relu"}}, lambda: L.Dense(4, "relu", False), x3),
    Case({"dense": {"units": 4, "activation": "softmax"}}, lambda: L.Dense(4, "softmax"), normal(1, 1)),
    Case({"dense": {"units": 3, "activation": "tanh"}}, lambda: L.Dense(3, "tanh"), normal(2, 3, 2, 4)),
    Case({"activation": "softplus"}, lambda: L.Activation("softplus"), x3),
    Case({"add": {}}, L.Add, (x3, x3 * 2, x3 + 1)),
    Case({"multiply": {}}, L.Multiply, (x3, x3 * 2, x3 + 1)),
    Case({"concatenate": -1}, L.Concatenate, (x3, normal(3, 4, 2))),
    Case({"concatenate": -2}, lambda: L.Concatenate(axis=-2), (x3, normal(3, 1, 5))),
    Case({"concatenate": -1}, L.Concatenate, (x2, normal(3, 1), x2)),
    Case({"flatten": {}}, L.Flatten, image),
    Case({"flatten": {}}, L.Flatten, normal(3)),
    Case({"reshape": [6, -1]}, lambda: L.Reshape((6, -1)), image),
    Case({"reshape": [4, 7, 6]}, lambda: L.Reshape((4, 7, 6)), image),
    Case({"rescaling": "1/255"}, lambda: L.Rescaling(1 / 255), np.arange(12, dtype="uint8").reshape(3, 4)),
    Case({"rescaling": {"scale": -2, "offset": 0.5}}, lambda: L.Rescaling(-2.0, 0.5), x3),
    Case({"dropout": 0.5}, lambda: L.Dropout(0.5), x3),
    Case({"dropout": 0}, lambda: L.Dropout(0.0), x3, train=True),
    Case({"embedding": {"input_dim": 5, "output_dim": 3}}, lambda: L.Embedding(5, 3), ids([0, 4, 1], [2, 2, 2])),
    Case(
        {"embedding": {"input_dim": 5, "output_dim": 3, "mask_zero": True}},
        lambda: L.Embedding(5, 3, mask_zero=True),
        ids([0, 4, 1, 0]),
    ),
    Case({"layer_norm": {}}, L.LayerNormalization, x3),
    Case({"layer_norm": {"axis": [-1, -2], "epsilon": 1e-5}}, lambda: L.LayerNormalization([-1, -2], 1e-5), x3),
    Case({"layer_norm": {"axis": -2, "center": False}}, lambda: L.LayerNormalization(-2, center=False), x3),
    Case({"layer_norm": {"scale": False}}, lambda: L.LayerNormalization(scale=False), normal(1, 6) * 100 + 1000),
    Case({"batch_norm": {}}, L.BatchNormalization, x2),
    Case({"batch_norm": {}}, L.BatchNormalization, x2, train=True),
    Case(
        {"batch_norm": {"momentum": 0.7, "epsilon": 1e-5}},
        lambda: L.BatchNormalization(momentum=0.7, epsilon=1e-5),
        image,
        train=True,
    ),
    Case({"batch_norm": {"axis": -2}}, lambda: L.BatchNormalization(axis=-2), image, train=True),
    Case({"batch_norm": {"scale": False}}, lambda: L.BatchNormalization(scale=False), normal(1, 4, 3), train=True),
    Case({"batch_norm": {"center": False}}, lambda: L.BatchNormalization(center=False), normal(1, 3), train=True),
    Case({"batch_norm": {}}, L.BatchNormalization, x3, mask=holes, train=True),
    Case({"batch_norm": {}}, L.BatchNormalization, x3, mask=holes),
    Case(*conv(filters=3, kernel_size=3), image),
    Case(*conv(filters=3, kernel_size=3, padding="same", strides=2, activation="relu"), image),
    Case(*conv(filters=3, kernel_size=[2, 3], padding="same", strides=[1, 2], use_bias=False), image),
    Case(*conv(filters=3, kernel_size=2, dilation_rate=[2, 3]), image),
    Case(*conv(filters=3, kernel_size=3, dilation_rate=2, padding="same"), image),
    Case(*conv(filters=6, kernel_size=3, groups=2), image),
    Case(*conv(filters=4, kernel_size=[1, 3], groups=4, strides=3), image),
    Case(*conv(filters=2, kernel_size=1), normal(1, 1, 1, 1)),
    Case(*conv(filters=2, kernel_size=4, padding="same", strides=3), normal(1, 5, 2, 1)),
    Case(*pool("max_pool2d", L.MaxPooling2D), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=3, strides=2, padding="same"), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=[2, 3], strides=[1, 2]), image),
    Case(*pool("max_pool2d", L.MaxPooling2D, pool_size=2, padding="same"), -np.abs(normal(1, 3, 3, 2))),
    Case(*pool("max_pool2d", L.MaxPooling2D), np.zeros((1, 4, 4, 1), "float32")),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=2), image),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=3, strides=2, padding="same"), image),
    Case(*pool("avg_pool2d", L.AveragePooling2D, pool_size=[3, 1], strides=[1, 2]), image),
    Case({"global_avg_pool2d": {}}, L.GlobalAveragePooling2D, image),
    Case({"global_avg_pool2d": {"keepdims": True}}, lambda: L.GlobalAveragePooling2D(keepdims=True), image),
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_statistics_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("raw", "oracle"), ACTIVATION_CASES, ids=lambda part: "oracle" if callable(part) else str(part)
)
def test_activations_and_their_gradients(raw: Any, oracle: Callable[[Any], Any]) -> None:
    check_activation(raw, oracle)


def test_every_layer_is_compared() -> None:
    here = {case.name for case in CASES}
    here |= {raw if isinstance(raw, str) else next(iter(raw)) for raw, _ in ACTIVATION_CASES}
    assert here | compared() == set(LAYERS)
