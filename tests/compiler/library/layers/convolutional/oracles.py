"""Oracles of the layers of `convolutional`."""

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras

from tests.compiler.library.layers.activations.oracles import FromRegistry
from tests.compiler.library.layers.comparing import keras_class
from tests.compiler.library.layers.convolutional.configurations import CONFIGURATIONS
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments, larger, only

OPERATIONS: dict[str, Callable[..., Any]] = {
    "conv": keras.ops.conv,
    "depthwise_conv": keras.ops.depthwise_conv,
    "separable_conv": keras.ops.separable_conv,
    "conv_transpose": keras.ops.conv_transpose,
}
"""Keras's functions, by the name of the layer without its dimensions."""
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def convolution(use: Drawn) -> Keras | Function:
    given = keras_arguments(use)
    if not (larger(use.arguments.get("strides", 1)) and larger(use.arguments.get("dilation_rate", 1))):
        return Keras(keras_class(use.name)(**given))
    # Keras's layers refuse a step and a dilation at once, its functions do not.
    operation = OPERATIONS[re.sub(r"\dd", "", use.name)]
    options = {name: given[name] for name in ("strides", "padding", "dilation_rate", "output_padding") if name in given}

    def function(params: Any, inputs: Any) -> Any:
        x = inputs["x"]
        if options.get("padding") == "causal":
            reach = (params["kernel"].shape[0] - 1) * only(use.arguments["dilation_rate"])
            x = jnp.pad(x, ((0, 0), (reach, 0), (0, 0)))
        padding = options.get("padding", "valid").replace("causal", "valid")
        y = operation(x, *(params[name] for name in KERNELS if name in params), **{**options, "padding": padding})
        return FromRegistry(use.arguments.get("activation", "linear"))(y + params.get("bias", 0))

    return function


ORACLES: dict[str, Oracle] = dict.fromkeys(CONFIGURATIONS, convolution)
