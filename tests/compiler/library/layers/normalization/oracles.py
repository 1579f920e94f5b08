"""Oracles of the layers of `normalization`."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import keras

from modelc.compiler.library.base.fields import read_axes
from tests.compiler.library.layers.comparing import called
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.families import oracles
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments, of
from tests.compiler.library.layers.recurrent.oracles import inside

L = keras.layers


def batch_norm(use: Drawn) -> Keras | None:
    """Keras refuses a mask unless it has all axes but the last."""
    if use.types["x"].mask and use.types["x"].rank != 2:
        return None
    return Keras(L.BatchNormalization(**keras_arguments(use)))


def rms_norm(use: Drawn) -> Keras | Function:
    axes = sorted(read_axes(use.arguments.get("axis", -1)))
    if axes == list(range(-len(axes), 0)):
        return Keras(L.RMSNormalization(axis=axes))

    # Keras multiplies the scale along the last axes, whichever it normalized; Zhang and Sennrich 2019, equation 4.
    def scaled(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        x = inputs["x"]
        scale = params["scale"].reshape([size if axis in axes else 1 for axis, size in enumerate(x.shape, -x.ndim)])
        return x / jnp.sqrt(jnp.mean(x * x, axis=tuple(axes), keepdims=True) + 1e-6) * scale

    return scaled


def spectral_norm(use: Drawn) -> Keras | None:
    """Keras divides by the norm in training only; `test_spectral_norm_against_keras.py` has the rest."""
    inner = inside(use, use.types)
    oracle = oracles()[inner.name](inner)
    if not use.train or not isinstance(oracle, Keras) or oracle.call is not called:
        return None
    return Keras(L.SpectralNormalization(oracle.layer, use.arguments.get("power_iterations", 1)))


ORACLES: dict[str, Oracle] = {
    "batch_norm": batch_norm,
    "layer_norm": of(L.LayerNormalization),
    "group_norm": of(L.GroupNormalization),
    "rms_norm": rms_norm,
    "spectral_norm": spectral_norm,
    "unit_norm": of(L.UnitNormalization),
}
