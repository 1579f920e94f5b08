"""Keras 3's layers that are little more than a weight, and formulas for those that it has not."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np

from modelc.compiler.library.base.fields import read_axes
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments, of

L = keras.layers


def einsum_dense(use: Drawn) -> Keras:
    """Keras wants the sizes of all axes behind the batch, or of those that the dots do not stand for."""
    given = keras_arguments(use)
    full = use.plan.output.shape
    named = given["equation"].rpartition("->")[2].removeprefix("...")
    given["output_shape"] = full[-len(named) :] if "..." in given["equation"] else full
    return Keras(L.EinsumDense(**given))


def from_the_front(use: Drawn, value: Any) -> tuple[str, Any]:
    """Keras counts the axes of PReLU from the front, the batch being 0."""
    return "shared_axes", [use.types["x"].rank + 1 + axis for axis in read_axes(value)]


def class_token(use: Drawn) -> Function:
    """Dosovitskiy et al. 2021, equation 1."""

    def formula(params: Any, inputs: Any) -> Any:
        x = inputs["x"]
        return jnp.stack([params["token"] * np.ones((len(x), 1)), *jnp.moveaxis(x, 1, 0)], axis=1)

    return formula


def position_embedding(use: Drawn) -> Function:
    """Gehring et al. 2017, section 3.1: the sum of a vector for the element and one for its place."""

    def formula(params: Any, inputs: Any) -> Any:
        x = inputs["x"]
        places = jnp.eye(x.shape[-2], len(params["embeddings"]))
        return x + jnp.tensordot(places, params["embeddings"], 1)

    return formula


def parameter(use: Drawn) -> Function:
    """The array itself, once for each row."""
    return lambda params, inputs: jnp.stack([params["value"]] * use.batch)


def sinusoidal(use: Drawn) -> Function:
    """Vaswani et al. 2017, section 3.5, the columns of sines and cosines in turn."""
    base = use.arguments.get("max_wavelength", 10000.0)

    def formula(params: Any, inputs: Any) -> Any:
        time, features = inputs["x"].shape[-2:]
        angles = np.array([[t / base ** (place // 2 * 2 / features) for place in range(features)] for t in range(time)])
        return inputs["x"] + np.where(np.arange(features) % 2, np.cos(angles), np.sin(angles)).astype("float32")

    return formula


ORACLES: dict[str, Oracle] = {
    "class_token": class_token,
    "einsum_dense": einsum_dense,
    "parameter": parameter,
    "position_embedding": position_embedding,
    "prelu": of(L.PReLU, shared_axes=from_the_front),
    "sinusoidal_position_encoding": sinusoidal,
}
