"""Keras 3's functions for the operations on arrays."""

from collections.abc import Callable
from typing import Any

import keras

from modelc.compiler.library.base.fields import read_axes, read_ratio
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Oracle

ops: Any = keras.ops
Operation = Callable[..., Any]


def plain(function: Operation) -> Oracle:
    """A function of one array without arguments."""
    return lambda use: lambda params, inputs: function(inputs["x"])


def along(function: Operation) -> Oracle:
    """A function along the drawn axis or axes, with the other arguments by name."""

    def oracle(use: Drawn) -> Function:
        axes = use.arguments.get("axis", -1)
        given = {**use.arguments, "axis": tuple(axes) if isinstance(axes, list) else axes}
        return lambda params, inputs: function(inputs["x"], **given)

    return oracle


def reduction(function: Operation) -> Oracle:
    """Keras's functions know no mask: where steps are reduced, ours leaves out those that are padding."""
    oracle = along(function)

    def unmasked(use: Drawn) -> Any:
        x = use.types["x"]
        return None if x.mask and -x.rank in read_axes(use.arguments["axis"]) else oracle(use)

    return unmasked


def argmax(use: Drawn) -> Any:
    return reduction(ops.argmax)(Drawn("argmax", {"axis": -1, **use.arguments}, use.types, use.batch, False, use.seed))


def clip(use: Drawn) -> Function:
    least, most = use.arguments.get("min_value", -1e9), use.arguments.get("max_value", 1e9)
    return lambda params, inputs: ops.clip(inputs["x"], least, most)


def power(use: Drawn) -> Function:
    exponent = float(read_ratio(use.arguments["exponent"]))
    return lambda params, inputs: ops.power(inputs["x"], exponent)


def pair(function: Operation) -> Oracle:
    return lambda use: lambda params, inputs: function(*inputs["inputs"])


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


def stack(use: Drawn) -> Function:
    return lambda params, inputs: ops.stack(inputs["inputs"], axis=use.arguments.get("axis", -1))


ORACLES: dict[str, Oracle] = {
    **{name: plain(getattr(ops, name)) for name in ("abs", "cos", "log", "sin", "sqrt", "stop_gradient")},
    **{name: reduction(getattr(ops, name)) for name in ("max", "mean", "min", "sum")},
    "argmax": argmax,
    "cast": lambda use: lambda params, inputs: ops.cast(inputs["x"], use.arguments["dtype"]),
    "clip": clip,
    "divide": pair(ops.divide),
    "expand_dims": along(ops.expand_dims),
    "matmul": pair(ops.matmul),
    "power": power,
    "select": select,
    "slice": sliced,
    "split": split,
    "squeeze": along(ops.squeeze),
    "stack": stack,
}
