"""Keras 3's layers that move, mark or disturb values."""

from typing import Any

import keras
from keras.src.applications import convnext as keras_convnext

from modelc.compiler.library.base.fields import read_axes
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments, of

L = keras.layers
convnext: Any = keras_convnext


def from_one(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras counts the axes of Permute from the front, the first behind the batch being 1."""
    return "dims", tuple(use.types["x"].rank + 1 + axis for axis in read_axes(value))


def activity_regularization(use: Drawn) -> Function:
    """Keras's layer, whose losses no function gives: it divides what its regularizer says by the size of the batch."""
    penalty = keras.regularizers.L1L2(**use.arguments)
    return lambda params, inputs: (inputs["x"], penalty(inputs["x"]) / use.batch)


def glu(use: Drawn) -> Function:
    return lambda params, inputs: keras.activations.glu(inputs["x"], use.arguments.get("axis", -1))


def masking(use: Drawn) -> Keras | None:
    """Keras forgets the mask that was there before."""
    return None if use.types["x"].mask else Keras(L.Masking(**keras_arguments(use)))


ORACLES: dict[str, Oracle] = {
    "activity_regularization": activity_regularization,
    "alpha_dropout": of(L.AlphaDropout),
    # What it says of masks is compared where they are used: `test_attach_mask_against_keras.py`.
    "attach_mask": lambda use: lambda params, inputs: inputs["x"],
    "gaussian_dropout": of(L.GaussianDropout),
    "gaussian_noise": of(L.GaussianNoise),
    "glu": glu,
    "masking": masking,
    "permute": of(L.Permute, dims=from_one),
    "repeat_vector": of(L.RepeatVector),
    "spatial_dropout1d": of(L.SpatialDropout1D),
    "spatial_dropout2d": of(L.SpatialDropout2D),
    "spatial_dropout3d": of(L.SpatialDropout3D),
    "stochastic_depth": lambda use: Keras(convnext.StochasticDepth(use.arguments["rate"])),
}
