"""Oracles of the layers of `preprocessing`."""

from typing import Any

import keras
import numpy as np

from modelc.compiler.library.base.fields import read_axes, read_ratio
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, through
from tests.compiler.library.layers.preprocessing.configurations import RANDOM

L = keras.layers
ops: Any = keras.ops


def rescaling(use: Drawn) -> Keras:
    return Keras(L.Rescaling(read_ratio(use.arguments["scale"]), use.arguments.get("offset", 0.0)))


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


def normalization(use: Drawn) -> Function | None:
    if use.types["x"].mask and "mean" not in use.arguments:
        # Keras learns from masked steps too.
        return None
    axes = use.arguments.get("axis", -1)
    rank = use.types["x"].rank
    given: dict[str, Any] = {
        **use.arguments,
        "axis": None if axes is None else tuple(rank + 1 + axis for axis in sorted(read_axes(axes))),
    }
    x = np.asarray(use.inputs["x"], "float32")
    if "mean" in given:
        kept = [x.shape[axis] for axis in given["axis"] or ()]
        for name in ("mean", "variance"):
            # Keras wants all of them, we one for all too.
            if not isinstance(given[name], list):
                given[name] = [given[name]] * int(np.prod(kept))
    layer: Any = L.Normalization(**given)
    if "mean" in given:
        layer.build(x.shape)
    else:
        layer.adapt(x)
    return lambda params, inputs: layer(inputs["x"])


def summed(use: Drawn, mode: str) -> bool:
    """Whether ids are gathered over an axis, in a way that Keras has not: over masked steps, or of more than a row."""
    x = use.types["x"]
    return mode in ("multi_hot", "count") and (x.mask or x.rank > 1)


def category_encoding(use: Drawn) -> Function | None:
    if summed(use, use.arguments.get("output_mode", "multi_hot")):
        return None
    layer: Any = L.CategoryEncoding(**use.arguments)

    def function(params: Any, inputs: Any) -> Any:
        more = {"count_weights": inputs["count_weights"]} if "count_weights" in inputs else {}
        return layer(inputs["x"], **more)

    return function


def discretization(use: Drawn) -> Function | None:
    if "bin_boundaries" not in use.arguments:
        # Keras learns from a sketch of the values; `test_features_against_keras.py` says how far it is off.
        return None
    if summed(use, use.arguments.get("output_mode", "int")):
        return None
    boundaries = use.arguments["bin_boundaries"]
    listed = boundaries if isinstance(boundaries, list) else [boundaries]
    layer: Any = L.Discretization(**{**use.arguments, "bin_boundaries": listed})
    return lambda params, inputs: layer(inputs["x"])


ORACLES: dict[str, Oracle] = {
    "rescaling": rescaling,
    **dict.fromkeys(RANDOM, unchanged),
    "center_crop": through(L.CenterCrop),
    # Keras's `RandomCrop` leaves images whole outside training.
    "random_crop": through(L.CenterCrop),
    "resizing": through(L.Resizing),
    "category_encoding": category_encoding,
    "one_hot": lambda use: lambda params, inputs: ops.one_hot(inputs["x"], use.arguments["num_classes"]),
    "discretization": discretization,
    "normalization": normalization,
}
