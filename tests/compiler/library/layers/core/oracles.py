"""Oracles of the layers of `core`."""

from typing import Any

import jax.numpy as jnp
import keras

from modelc.compiler.library.base.fields import read_axes, read_ratio
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.oracles import Function, Keras, Operation, Oracle, along, keras_arguments, of

ops: Any = keras.ops


def plain(function: Operation) -> Oracle:
    """A function of one array without arguments."""
    return lambda use: lambda params, inputs: function(inputs["x"])


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


L = keras.layers


def layer_scale(use: Drawn) -> Function:
    """Touvron et al. 2021, equation 4."""
    return lambda params, inputs: jnp.einsum("...d,d->...d", inputs["x"], params["gamma"])


def einsum_dense(use: Drawn) -> Keras:
    """Keras wants the sizes of all axes behind the batch, or of those that the dots do not stand for."""
    given = keras_arguments(use)
    full = use.plan.output.shape
    named = given["equation"].rpartition("->")[2].removeprefix("...")
    given["output_shape"] = full[-len(named) :] if "..." in given["equation"] else full
    return Keras(L.EinsumDense(**given))


def parameter(use: Drawn) -> Function:
    """The array itself, once for each row."""
    return lambda params, inputs: jnp.stack([params["value"]] * use.batch)


def masking(use: Drawn) -> Keras | None:
    """Keras forgets the mask that was there before."""
    return None if use.types["x"].mask else Keras(L.Masking(**keras_arguments(use)))


ORACLES: dict[str, Oracle] = {
    **{name: plain(getattr(ops, name)) for name in ("abs", "cos", "log", "sin", "sqrt", "stop_gradient")},
    **{name: reduction(getattr(ops, name)) for name in ("max", "mean", "min", "sum")},
    "argmax": argmax,
    "cast": lambda use: lambda params, inputs: ops.cast(inputs["x"], use.arguments["dtype"]),
    "clip": clip,
    "power": power,
    "dense": of(L.Dense),
    "embedding": of(L.Embedding),
    "layer_scale": layer_scale,
    "einsum_dense": einsum_dense,
    "parameter": parameter,
    # What it says of masks is compared where they are used: `test_attach_mask_against_keras.py`.
    "attach_mask": lambda use: lambda params, inputs: inputs["x"],
    "masking": masking,
}
