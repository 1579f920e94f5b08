"""Keras 3's layers that merge branches."""

from typing import Any

import keras

from tests.compiler.layers.drawn import Drawn
from tests.compiler.layers.oracles import Keras, Oracle, of

L = keras.layers


def one_or_two(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras takes one axis as a number, not as a list."""
    return "axes", value[0] if isinstance(value, list) and len(value) == 1 else value


def stretching(layer: Any) -> Oracle:
    """Keras's layer, which always broadcasts."""
    return lambda use: Keras(layer())


ORACLES: dict[str, Oracle] = {
    "add": stretching(L.Add),
    "average": stretching(L.Average),
    "concatenate": of(L.Concatenate),
    "dot": of(L.Dot, axes=one_or_two),
    "maximum": stretching(L.Maximum),
    "minimum": stretching(L.Minimum),
    "multiply": stretching(L.Multiply),
    "subtract": stretching(L.Subtract),
}
