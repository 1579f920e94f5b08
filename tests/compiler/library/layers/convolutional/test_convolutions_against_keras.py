"""Convolutions along one, two and three axes against Keras 3: values and gradients.

All uses of one layer are compiled at once, since compiling takes the time.
"""

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import check_uses, close, keras_class
from tests.compiler.library.layers.running import QUICK, filled, normal

sequence, image, volume = normal(2, 7, 4), normal(2, 7, 6, 4), normal(2, 4, 5, 3, 2)
Use = tuple[dict[str, Any], np.ndarray]


def one_place(dimensions: int) -> np.ndarray:
    """One row with one place and one channel."""
    return normal(*[1] * (dimensions + 2))


TRANSPOSED: list[dict[str, Any]] = [
    {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"},
    {"filters": 2, "kernel_size": 2, "strides": 3, "use_bias": False},
    {"filters": 2, "kernel_size": 4, "strides": 3, "padding": "same", "output_padding": 1},
    {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 0},
    {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "padding": "same"},
]
USES: dict[str, list[Use]] = {
    "conv1d": [
        ({"filters": 3, "kernel_size": 3}, sequence),
        ({"filters": 3, "kernel_size": 4, "padding": "same", "strides": 3, "activation": "tanh"}, sequence),
        ({"filters": 3, "kernel_size": 3, "padding": "causal", "strides": 2}, sequence),
        ({"filters": 2, "kernel_size": 4, "padding": "causal", "dilation_rate": 3, "use_bias": False}, sequence),
        ({"filters": 4, "kernel_size": 2, "groups": 2, "dilation_rate": 2}, sequence),
        ({"filters": 2, "kernel_size": 1}, one_place(1)),
    ],
    "conv3d": [
        ({"filters": 2, "kernel_size": [1, 2, 3], "padding": "same", "strides": [2, 1, 3], "groups": 2}, volume),
        ({"filters": 2, "kernel_size": 2, "dilation_rate": [1, 2, 1], "use_bias": False}, volume),
        ({"filters": 2, "kernel_size": 1, "activation": "relu"}, one_place(3)),
    ],
    "conv1d_transpose": [*((arguments, sequence) for arguments in TRANSPOSED), (TRANSPOSED[0], one_place(1))],
    "conv2d_transpose": [
        (TRANSPOSED[0], image),
        (TRANSPOSED[2], image),
        ({"filters": 2, "kernel_size": [3, 2], "strides": [1, 2], "output_padding": [0, 1]}, image),
        (TRANSPOSED[0], one_place(2)),
    ],
    "conv3d_transpose": [
        ({"filters": 2, "kernel_size": [1, 2, 3], "strides": [1, 3, 2], "padding": "same"}, volume),
        (TRANSPOSED[3], one_place(3)),
    ],
    "depthwise_conv1d": [
        ({"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 3, "activation": "relu"}, sequence),
        ({"kernel_size": 2, "dilation_rate": 2, "use_bias": False}, sequence),
    ],
    "depthwise_conv2d": [
        ({"kernel_size": [2, 3], "strides": 2, "padding": "same", "depth_multiplier": 3}, image),
        ({"kernel_size": 2, "dilation_rate": 2, "use_bias": False}, image),
        ({"kernel_size": 1}, one_place(2)),
    ],
    "separable_conv1d": [
        ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2}, sequence),
        ({"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, "activation": "relu"}, sequence),
    ],
    "separable_conv2d": [
        ({"filters": 3, "kernel_size": [2, 3], "strides": 2, "padding": "same", "depth_multiplier": 2}, image),
        ({"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, "activation": "relu"}, image),
    ],
}
COMPARED = set(USES)


@pytest.mark.parametrize("name", list(USES))
def test_values_and_gradients(name: str) -> None:
    check_uses(name, USES[name])


@pytest.mark.parametrize("name", ["conv1d", "conv2d_transpose", "separable_conv2d"])
def test_a_step_and_a_dilation_together(name: str) -> None:
    """Keras's layers refuse both at once, its functions do not."""
    arguments: dict[str, Any] = {"kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same"}
    x = sequence if "1d" in name else image
    running = filled({name: {"filters": 2, "use_bias": False, **arguments}}, x)
    del arguments["kernel_size"]
    operations: dict[str, Callable[..., Any]] = {
        "conv1d": keras.ops.conv,
        "conv2d_transpose": keras.ops.conv_transpose,
        "separable_conv2d": keras.ops.separable_conv,
    }
    kernels = list(running.params.values())
    expected = jax.jit(lambda x: operations[name](x, *kernels, **arguments), compiler_options=QUICK)(x)
    close(running.output(x), expected, 1e-5)


@pytest.mark.parametrize("name", ["conv1d", "conv2d_transpose", "depthwise_conv2d", "separable_conv1d"])
def test_first_weights_are_spread_as_in_keras(name: str) -> None:
    arguments = {"kernel_size": 5, **({} if "depthwise" in name else {"filters": 24})}
    channels = 40
    x = np.zeros((1, 6, channels) if "1d" in name else (1, 6, 6, channels), "float32")
    oracle = keras_class(name)(**arguments)
    oracle.build(x.shape)
    plan = LAYERS.build({name: arguments}).plan(TensorType(x.shape[1:]))
    for variable in oracle.trainable_variables:
        weight = plan.params[variable.name]
        first = np.asarray(weight.initializer.sample(jax.random.key(0), weight.shape, weight.dtype))
        assert first.shape == tuple(variable.shape)
        largest = float(np.max(np.abs(variable.value)))
        assert abs(float(np.max(np.abs(first))) - largest) <= 0.05 * largest
