"""Oracles of the layers of `activations`."""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np

from modelc.compiler.library.base.fields import read_axes
from modelc.compiler.library.layers import ACTIVATIONS
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Oracle, of


def sparsemax(x: Any, axis: int = -1) -> Any:
    """Martins and Astudillo 2016, algorithm 1. Keras's is wrong."""
    x = jnp.moveaxis(x, axis, -1)
    ordered = -jnp.sort(-x, axis=-1)
    counts = np.arange(1, x.shape[-1] + 1)
    taus = (jnp.cumsum(ordered, axis=-1) - 1) / counts
    last = jnp.sum(ordered > taus, axis=-1, keepdims=True) - 1
    return jnp.moveaxis(jnp.maximum(x - jnp.take_along_axis(taus, last, axis=-1), 0), -1, axis)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(keras.activations, name) for name in ACTIVATIONS if name != "sparsemax"
} | {"sparsemax": sparsemax}
"""Keras's function of each name, whose arguments have our names too."""


@keras.saving.register_keras_serializable()
class FromRegistry:
    """Keras's function for an activation as it stands in a spec; a class, because Keras copies layers by their config."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.name, arguments = (raw, {}) if isinstance(raw, str) else next(iter(raw.items()))
        if not isinstance(arguments, Mapping):
            arguments = {ACTIVATIONS.find(self.name).primary: arguments}
        self.arguments = arguments

    def __call__(self, x: Any) -> Any:
        return FUNCTIONS[self.name](x, **self.arguments)

    def get_config(self) -> dict[str, Any]:
        return {"raw": self.raw}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FromRegistry":
        return cls(**config)


def alone(use: Drawn) -> Function:
    function = FromRegistry({use.name: use.arguments})
    return lambda params, inputs: function(inputs["x"])


def chosen(use: Drawn) -> Function:
    function = FromRegistry(use.arguments["function"])
    return lambda params, inputs: function(inputs["x"])


L = keras.layers


def from_the_front(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras counts the axes of PReLU from the front, the batch being 0."""
    return "shared_axes", [use.types["x"].rank + 1 + axis for axis in read_axes(value)]


def glu(use: Drawn) -> Function:
    return lambda params, inputs: keras.activations.glu(inputs["x"], use.arguments.get("axis", -1))


ORACLES: dict[str, Oracle] = {
    "activation": chosen,
    **dict.fromkeys(ACTIVATIONS, alone),
    "prelu": of(L.PReLU, shared_axes=from_the_front),
    "glu": glu,
}
