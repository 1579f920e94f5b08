"""Oracles of the layers of `pooling`."""

from typing import Any

import jax.numpy as jnp

from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Oracle, by_name
from tests.compiler.library.layers.pooling.configurations import CONFIGURATIONS


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


ORACLES: dict[str, Oracle] = {name: evenly if name.startswith("adaptive") else by_name for name in CONFIGURATIONS}
