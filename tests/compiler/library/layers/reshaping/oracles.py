"""Oracles of the layers of `reshaping`."""

from typing import Any

import keras

from modelc.compiler.library.base.fields import read_axes
from tests.compiler.library.layers.comparing import keras_class
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import (
    Function,
    Keras,
    Oracle,
    along,
    by_name,
    of,
    only,
)

ops: Any = keras.ops


def select(use: Drawn) -> Function:
    axis, index = use.arguments["axis"], use.arguments["index"]
    return lambda params, inputs: ops.take(inputs["x"], index % inputs["x"].shape[axis], axis=axis)


def sliced(use: Drawn) -> Function:
    places: list[Any] = [slice(None)] * (use.types["x"].rank + 1)
    places[use.arguments["axis"]] = slice(*(use.arguments.get(name) for name in ("start", "stop", "step")))
    return lambda params, inputs: inputs["x"][tuple(places)]


def split(use: Drawn) -> Function:
    parts, axis = use.arguments["indices_or_sections"], use.arguments.get("axis", -1)
    return lambda params, inputs: tuple(ops.split(inputs["x"], parts, axis=axis))


L = keras.layers


def shape(use: Drawn, value: Any) -> tuple[str, Any]:
    return "target_shape", tuple(value)


def from_one(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras counts the axes of Permute from the front, the first behind the batch being 1."""
    return "dims", tuple(use.types["x"].rank + 1 + axis for axis in read_axes(value))


def ends(use: Drawn) -> Keras:
    """Keras takes fewer forms of counts than we do: it gets a pair for each axis."""
    (argument,) = type(use.layer).model_fields
    pairs: Any = getattr(use.layer, argument)
    if argument not in use.arguments:
        return Keras(keras_class(use.name)())
    return Keras(keras_class(use.name)(pairs))


def up_sampling1d(use: Drawn) -> Keras:
    return Keras(L.UpSampling1D(**{name: only(value) for name, value in use.arguments.items()}))


ORACLES: dict[str, Oracle] = {
    "expand_dims": along(ops.expand_dims),
    "select": select,
    "slice": sliced,
    "split": split,
    "squeeze": along(ops.squeeze),
    "flatten": of(L.Flatten),
    "reshape": of(L.Reshape, shape=shape),
    "permute": of(L.Permute, dims=from_one),
    "repeat_vector": of(L.RepeatVector),
    **{f"{name}{d}d": ends for name in ("zero_padding", "cropping") for d in (1, 2, 3)},
    "up_sampling1d": up_sampling1d,
    "up_sampling2d": by_name,
    "up_sampling3d": by_name,
}
