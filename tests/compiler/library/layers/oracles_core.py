"""The layers of Keras 3 that nearly every model has."""

from typing import Any

import keras

from modelc.compiler.library.base.fields import read_ratio
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Keras, Oracle, keras_arguments, of

L = keras.layers


def batch_norm(use: Drawn) -> Keras | None:
    """Keras refuses a mask unless it has all axes but the last."""
    if use.types["x"].mask and use.types["x"].rank != 2:
        return None
    return Keras(L.BatchNormalization(**keras_arguments(use)))


def rescaling(use: Drawn) -> Keras:
    return Keras(L.Rescaling(read_ratio(use.arguments["scale"]), use.arguments.get("offset", 0.0)))


def shape(use: Drawn, value: Any) -> tuple[str, Any]:
    return "target_shape", tuple(value)


ORACLES: dict[str, Oracle] = {
    "batch_norm": batch_norm,
    "dense": of(L.Dense),
    "dropout": of(L.Dropout),
    "embedding": of(L.Embedding),
    "flatten": of(L.Flatten),
    "layer_norm": of(L.LayerNormalization),
    "rescaling": rescaling,
    "reshape": of(L.Reshape, shape=shape),
}
