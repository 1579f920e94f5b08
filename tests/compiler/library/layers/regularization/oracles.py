"""Oracles of the layers of `regularization`."""

from typing import Any

import keras
from keras.src.applications import convnext as keras_convnext

from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, of

L = keras.layers
convnext: Any = keras_convnext


def activity_regularization(use: Drawn) -> Function:
    """Keras's layer, whose losses no function gives: it divides what its regularizer says by the size of the batch."""
    penalty = keras.regularizers.L1L2(**use.arguments)
    return lambda params, inputs: (inputs["x"], penalty(inputs["x"]) / use.batch)


ORACLES: dict[str, Oracle] = {
    "dropout": of(L.Dropout),
    "activity_regularization": activity_regularization,
    "alpha_dropout": of(L.AlphaDropout),
    "gaussian_dropout": of(L.GaussianDropout),
    "gaussian_noise": of(L.GaussianNoise),
    "random_normal": lambda use: lambda params, inputs: keras.ops.zeros(inputs["x"].shape),
    "spatial_dropout1d": of(L.SpatialDropout1D),
    "spatial_dropout2d": of(L.SpatialDropout2D),
    "spatial_dropout3d": of(L.SpatialDropout3D),
    "stochastic_depth": lambda use: Keras(convnext.StochasticDepth(use.arguments["rate"])),
}
