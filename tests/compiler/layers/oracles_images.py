"""Keras 3's layers for images."""

import keras

from tests.compiler.layers.oracles import Oracle, through

L = keras.layers

ORACLES: dict[str, Oracle] = {"center_crop": through(L.CenterCrop), "resizing": through(L.Resizing)}
