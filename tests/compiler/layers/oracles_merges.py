"""Keras 3's layers that merge branches."""

from typing import Any

import keras

from tests.compiler.layers.drawn import Drawn
from tests.compiler.layers.oracles import Oracle, of

L = keras.layers


def one_or_two(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras takes one axis as a number, not as a list."""
    return "axes", value[0] if isinstance(value, list) and len(value) == 1 else value


ORACLES: dict[str, Oracle] = {
    "add": of(L.Add),
    "average": of(L.Average),
    "concatenate": of(L.Concatenate),
    "dot": of(L.Dot, axes=one_or_two),
    "maximum": of(L.Maximum),
    "minimum": of(L.Minimum),
    "multiply": of(L.Multiply),
    "subtract": of(L.Subtract),
}
