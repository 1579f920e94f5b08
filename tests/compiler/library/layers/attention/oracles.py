"""Oracles of the layers of `attention`."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
from keras.src import backend as keras_backend

from modelc.compiler.library.base.fields import read_ratio
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments

L = keras.layers
keras_layers: Any = L
backend: Any = keras_backend


class Masked(L.Layer):
    """Keras's layer, whose masks come with the inputs: sets them, as Keras's own layers would have."""

    def __init__(self, masks: Mapping[str, Any], causal: bool, layer: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # Keras is untyped
        self.masks, self.causal, self.layer = masks, causal, layer

    def build(self, *given: Any) -> None:
        self.layer.build(*given)

    def call(self, query: Any, value: Any, key: Any = None, training: bool = False) -> Any:
        # Fresh arrays: a mask is set on the object, and query and value may be one.
        arrays = {"query": query + 0, "value": value + 0} | ({} if key is None else {"key": key + 0})
        for slot, mask in self.masks.items():
            backend.set_keras_mask(arrays[slot], mask)
        return self.layer(**arrays, use_causal_mask=self.causal, training=training)


def in_order(inputs: Mapping[str, Any]) -> list[Any]:
    """The inputs by slot in Keras's order."""
    return [inputs[slot] for slot in ("query", "value", "key") if slot in inputs]


def one_list(inputs: Mapping[str, Any]) -> list[list[Any]]:
    """What Keras's `Attention` is called with."""
    return [in_order(inputs)]


def twice(inputs: Mapping[str, Any]) -> list[Any]:
    """A sequence as its own query and value."""
    return [inputs["x"], inputs["x"]]


def scored(layer: Any) -> Oracle:
    def oracle(use: Drawn) -> Keras | None:
        if use.masks.get("key") is not None:
            # Keras hears the mask of the value only.
            return None
        given = keras_arguments(use)
        options: dict[str, Any] = {"use_causal_mask": given.pop("use_causal_mask", False)}
        if any(mask is not None for mask in use.masks.values()):
            options["mask"] = [None if mask is None else jnp.asarray(mask) for mask in in_order(use.masks)]
        return Keras(layer(**given), one_list, options)

    return oracle


def blind(masks: Mapping[str, Any], query: int, value: int, causal: bool, window: int | None) -> bool:
    """Whether any step of the query sees none of the value's."""
    distance = np.arange(query)[:, None] - np.arange(value)
    seen = (distance >= 0) if causal else np.ones((query, value), bool)
    if window is not None:
        seen = seen & (np.abs(distance) < window)
    for slot, mask in masks.items():
        if mask is not None:
            seen = seen & (mask[:, :, None] if slot == "query" else mask[:, None, :])
    return not seen.any(-1).all()


def headed(use: Drawn) -> Keras | None:
    given = keras_arguments(use)
    causal = given.pop("use_causal_mask", False)
    if given.pop("rotary_base", None) is not None:
        # Keras has no rotary positions; `test_against_numpy.py` compares them with the formula.
        return None
    alone = "x" in use.types
    query, value = (use.types["x" if alone else slot] for slot in ("query", "value"))
    layer: Any = L.MultiHeadAttention
    if "num_key_value_heads" in given:
        if given.keys() & {"value_dim", "output_shape"}:
            # Keras's heads in groups have one size, and an output as wide as the query.
            return None
        layer = keras_layers.GroupQueryAttention
        if alone:
            given["num_query_heads"] = given.pop("num_heads")
            given["head_dim"] = given.pop("key_dim", query.shape[-1] // given["num_query_heads"])
    else:
        given.setdefault("key_dim", query.shape[-1] // given["num_heads"])
        if given.get("value_dim", given["key_dim"]) != given["key_dim"]:
            # Keras takes JAX's fused form, which refuses heads of two sizes, unless it has dropout.
            given["dropout"] = 0.5
    masks = {"query": use.masks["x"], "value": use.masks["x"]} if alone else use.masks
    if given.get("dropout") and blind(masks, query.shape[0], value.shape[0], causal, given.get("sliding_window")):
        # Keras gives 0 for a step that sees none where it has dropout, and the mean of all where it has not, as we do.
        return None
    given_masks = {slot: jnp.asarray(mask) for slot, mask in masks.items() if mask is not None}
    return Keras(Masked(given_masks, causal, layer(**given)), twice if alone else in_order)


def rotary_embedding(use: Drawn) -> Function:
    """Su et al. 2021, equation 15, in complex numbers: pair i of step t times `exp(1j * t * base ** (-2i / d))`."""
    base = read_ratio(use.arguments.get("base", 10000.0))

    def formula(params: Any, inputs: Any) -> Any:
        x = inputs["x"]
        half = x.shape[-1] // 2
        steps = np.arange(x.shape[1]).reshape(-1, *[1] * (x.ndim - 2))
        turns = np.exp(1j * steps * base ** (-2 * np.arange(half) / x.shape[-1]))
        turned = (x[..., :half] + 1j * x[..., half:]) * turns
        return jnp.concatenate([turned.real, turned.imag], axis=-1)

    return formula


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


def sinusoidal(use: Drawn) -> Function:
    """Vaswani et al. 2017, section 3.5, the columns of sines and cosines in turn."""
    base = use.arguments.get("max_wavelength", 10000.0)

    def formula(params: Any, inputs: Any) -> Any:
        time, features = inputs["x"].shape[-2:]
        angles = np.array([[t / base ** (place // 2 * 2 / features) for place in range(features)] for t in range(time)])
        return inputs["x"] + np.where(np.arange(features) % 2, np.cos(angles), np.sin(angles)).astype("float32")

    return formula


ORACLES: dict[str, Oracle] = {
    "additive_attention": scored(L.AdditiveAttention),
    "attention": scored(L.Attention),
    "grouped_query_attention": headed,
    "multi_head_attention": headed,
    "rotary_embedding": rotary_embedding,
    "self_attention": headed,
    "class_token": class_token,
    "position_embedding": position_embedding,
    "sinusoidal_position_encoding": sinusoidal,
}
