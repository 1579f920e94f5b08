"""Keras 3's layers that convolve, pool, pad, crop and repeat along space, and formulas where Keras refuses or errs."""

import re
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras

from tests.compiler.library.layers.configurations_windows import CONFIGURATIONS
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments
from tests.compiler.library.layers.oracles_activations import FromRegistry

L = keras.layers


def keras_class(name: str) -> Any:
    """`global_avg_pool1d` is `GlobalAveragePooling1D`."""
    folded = name.replace("avg_pool", "average_pooling").replace("max_pool", "max_pooling").replace("_", "")
    return next(getattr(L, entry) for entry in dir(L) if entry.lower() == folded)


def plain(use: Drawn) -> Keras:
    given = keras_arguments(use)
    if use.name == "up_sampling1d" and "size" in given:
        given["size"] = first(use.arguments["size"])
    return Keras(keras_class(use.name)(**given))


def edges(use: Drawn) -> Keras:
    """Keras takes fewer forms of counts than we do: it gets a pair for each axis."""
    (argument,) = type(use.layer).model_fields
    pairs: Any = getattr(use.layer, argument)
    if argument not in use.arguments:
        return Keras(keras_class(use.name)())
    return Keras(keras_class(use.name)(pairs))


def larger(value: Any) -> bool:
    """Whether a step or a dilation is more than one, along any direction."""
    return any(size > 1 for size in (value if isinstance(value, list) else [value]))


def first(value: Any) -> int:
    """The one number of a sequence's only direction."""
    return int(value[0] if isinstance(value, list) else value)


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
            reach = (params["kernel"].shape[0] - 1) * first(use.arguments["dilation_rate"])
            x = jnp.pad(x, ((0, 0), (reach, 0), (0, 0)))
        padding = options.get("padding", "valid").replace("causal", "valid")
        y = operation(x, *(params[name] for name in KERNELS if name in params), **{**options, "padding": padding})
        return FromRegistry(use.arguments.get("activation", "linear"))(y + params.get("bias", 0))

    return function


def evenly(use: Drawn) -> Function:
    """What PyTorch says of its adaptive layers: place i of n pools from floor(i s / n) to before ceil((i + 1) s / n).

    Keras 3.15 has this formula too, but rounds it in float32, and so misses some windows.
    """
    sizes = use.arguments["output_size"]
    pool = jnp.mean if "avg" in use.name else jnp.max

    def function(params: Any, inputs: Any) -> Any:
        x = inputs["x"]
        for axis in range(1, x.ndim - 1):
            count, size = sizes[axis - 1] if isinstance(sizes, list) else sizes, x.shape[axis]
            windows = [
                jnp.moveaxis(x, axis, 0)[place * size // count : ((place + 1) * size + count - 1) // count]
                for place in range(count)
            ]
            x = jnp.stack([pool(window, axis=0) for window in windows], axis=axis)
        return x

    return function


def oracle(name: str) -> Oracle:
    if name.startswith("adaptive"):
        return evenly
    if name.startswith(("zero_padding", "cropping")):
        return edges
    return convolution if "conv" in name else plain


MORE = ("avg_pool2d", "conv2d", "global_avg_pool2d", "max_pool2d")
ORACLES: dict[str, Oracle] = {name: oracle(name) for name in (*CONFIGURATIONS, *MORE)}
