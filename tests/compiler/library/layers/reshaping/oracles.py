"""Oracles of the layers of `reshaping`."""

from typing import Any

import jax
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


def gathered(operation: Any) -> Oracle:
    """An operation of Keras on the inputs of each example."""

    def oracle(use: Drawn) -> Function:
        axis = use.arguments.get("axis", -2)

        def one(x: Any, indices: Any) -> Any:
            return operation(x, indices, axis=axis)

        return lambda params, inputs: jax.vmap(one)(inputs["x"], inputs["indices"])

    return oracle


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


def padded(use: Drawn) -> Function:
    """NumPy's mode for the values around, which Keras takes too."""
    mode = {"edge": "edge", "reflection": "reflect"}[use.name.partition("_")[0]]
    edges: Any = dict(use.layer)["padding"]
    pairs = [edges] if isinstance(edges[0], int) else edges
    return lambda params, inputs: ops.pad(inputs["x"], [(0, 0), *pairs, (0, 0)], mode=mode)


def patches(use: Drawn) -> Function | None:
    """Keras's patches, of images and volumes; a sequence is an image of one row. It refuses a dilation with strides."""
    rank = use.types["x"].rank - 1

    def each(value: Any) -> tuple[int, ...]:
        return (value,) * rank if isinstance(value, int) else tuple(value)

    sizes = each(use.arguments["size"])
    strides, dilation = each(use.arguments.get("strides", sizes)), each(use.arguments.get("dilation_rate", 1))
    if max(dilation) > 1 and max(strides) > 1:
        return None
    padding = use.arguments.get("padding", "valid")
    if len(sizes) > 1:
        return lambda params, inputs: ops.image.extract_patches(inputs["x"], sizes, strides, dilation, padding)
    return lambda params, inputs: ops.image.extract_patches(
        inputs["x"][:, None], (1, *sizes), (1, *strides), (1, *dilation), padding
    )[:, 0]


def rolled(use: Drawn) -> Function:
    axes, shift = read_axes(use.arguments["axis"]), use.arguments["shift"]
    shifts = [shift] * len(axes) if isinstance(shift, int) else shift * len(axes) if len(shift) == 1 else shift
    return lambda params, inputs: ops.roll(inputs["x"], tuple(shifts), axes)


def up_sampling1d(use: Drawn) -> Keras:
    return Keras(L.UpSampling1D(**{name: only(value) for name, value in use.arguments.items()}))


ORACLES: dict[str, Oracle] = {
    "expand_dims": along(ops.expand_dims),
    "gather": gathered(ops.take),
    "take_along_axis": gathered(ops.take_along_axis),
    "select": select,
    "slice": sliced,
    "split": split,
    "squeeze": along(ops.squeeze),
    "flatten": of(L.Flatten),
    "reshape": of(L.Reshape, shape=shape),
    "permute": of(L.Permute, dims=from_one),
    "repeat_vector": of(L.RepeatVector),
    **{f"{name}{d}d": ends for name in ("zero_padding", "cropping") for d in (1, 2, 3)},
    **{f"{name}_padding{d}d": padded for name in ("edge", "reflection") for d in (1, 2, 3)},
    **{f"extract_patches{d}d": patches for d in (1, 2, 3)},
    "roll": rolled,
    "up_sampling1d": up_sampling1d,
    "up_sampling2d": by_name,
    "up_sampling3d": by_name,
}
