"""Keras 3's layers for images. What they do at random in training is in `test_random_images_against_keras.py`."""

from typing import Any

import keras

from tests.compiler.library.layers.configurations_images import RANDOM
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Oracle, through

L = keras.layers


def unchanged(use: Drawn) -> Function:
    """Outside training Keras's layers leave images as they are, whatever the arguments."""
    cls = next(getattr(L, entry) for entry in dir(L) if entry.lower() == use.name.replace("_", ""))
    few: dict[str, dict[str, Any]] = {
        "random_translation": {"height_factor": 0.5, "width_factor": 0.5},
        "random_zoom": {"height_factor": 0.5},
    }
    optional = ("random_erasing", "random_flip", "random_grayscale", "random_invert", "random_shear")
    layer: Any = cls(**few.get(use.name, {} if use.name in optional else {"factor": 0.5}))
    return lambda params, inputs: layer(inputs["x"], training=False)


ORACLES: dict[str, Oracle] = {
    **dict.fromkeys(RANDOM, unchanged),
    "center_crop": through(L.CenterCrop),
    # Keras's `RandomCrop` leaves images whole outside training.
    "random_crop": through(L.CenterCrop),
    "resizing": through(L.Resizing),
}
