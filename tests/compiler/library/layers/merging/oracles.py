"""Oracles of the layers of `merging`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras.src import backend as keras_backend

from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, of

ops: Any = keras.ops
Operation = Callable[..., Any]


def pair(function: Operation) -> Oracle:
    return lambda use: lambda params, inputs: function(*inputs["inputs"])


def stack(use: Drawn) -> Function:
    return lambda params, inputs: ops.stack(inputs["inputs"], axis=use.arguments.get("axis", -1))


L = keras.layers
backend: Any = keras_backend


def one_or_two(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras takes one axis as a number, not as a list."""
    return "axes", value[0] if isinstance(value, list) and len(value) == 1 else value


class Masked(L.Layer):
    """Keras's layer, whose masks come with the inputs: sets them, as Keras's own layers would have."""

    def __init__(self, masks: Sequence[Any], layer: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Keras is untyped
        self.masks, self.layer = masks, layer

    def build(self, shapes: Any) -> None:
        self.layer.build(shapes)

    def call(self, inputs: Any) -> Any:
        # Fresh arrays: a mask is set on the object.
        inputs = [x + 0 for x in inputs]
        for x, mask in zip(inputs, self.masks, strict=True):
            if mask is not None:
                backend.set_keras_mask(x, mask)
        return self.layer(inputs)


def stretching(layer: Any) -> Oracle:
    """Keras's layer, which always broadcasts, and which counts steps of `[time, features]` only."""

    def oracle(use: Drawn) -> Keras | None:
        masks = use.masks["inputs"]
        if any(mask is not None and x.rank != 2 for mask, x in zip(masks, use.types["inputs"], strict=True)):
            return None
        return Keras(Masked(masks, layer()))

    return oracle


ORACLES: dict[str, Oracle] = {
    "divide": pair(ops.divide),
    "matmul": pair(ops.matmul),
    "stack": stack,
    "add": stretching(L.Add),
    "average": stretching(L.Average),
    "concatenate": of(L.Concatenate),
    "dot": of(L.Dot, axes=one_or_two),
    "maximum": stretching(L.Maximum),
    "minimum": stretching(L.Minimum),
    "multiply": stretching(L.Multiply),
    "subtract": stretching(L.Subtract),
}
