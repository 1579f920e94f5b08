"""Oracles of the layers of `core`."""

from typing import Any

import jax
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


def constant(use: Drawn) -> Function | None:
    """The array itself, once for each row; what would be read of a file is for `test_array_files.py`."""
    if isinstance(use.arguments["value_initializer"], dict):
        return None
    value = use.running().state["value"]
    return lambda params, inputs: jnp.stack([value] * use.batch)


def masking(use: Drawn) -> Keras | None:
    """Keras forgets the mask that was there before."""
    return None if use.types["x"].mask else Keras(L.Masking(**keras_arguments(use)))


def segments(use: Drawn) -> Function:
    """Keras's functions on each example, of entries that the masks leave."""
    count, name = use.arguments["num_segments"], use.name.removeprefix("segment_")
    counted = jnp.ones((use.batch, use.types["x"].shape[0]), bool)
    for mask in use.masks.values():
        counted = counted if mask is None else counted & mask

    def one(x: Any, ids: Any, counted: Any) -> Any:
        counted = counted.reshape(-1, *[1] * (x.ndim - 1))
        sizes = ops.segment_sum(counted * jnp.ones_like(x), ids, count)
        if name == "max":
            return jnp.where(sizes > 0, ops.segment_max(jnp.where(counted, x, -1e9), ids, count), 0)
        total = ops.segment_sum(x * counted, ids, count)
        return total / jnp.where(sizes > 0, sizes, 1) if name == "mean" else total

    return lambda params, inputs: jax.vmap(one)(inputs["x"], inputs["segment_ids"], counted)


def fourier(use: Drawn) -> Function:
    """Keras's transforms of the last axis, of one axis after the other."""
    axes, mode = read_axes(use.arguments.get("axis", -1)), use.arguments.get("output_mode", "complex")

    def last(pair: Any, axis: int, transform: Any) -> Any:
        turned = transform(tuple(ops.moveaxis(part, axis, -1) for part in pair))
        return tuple(ops.moveaxis(part, -1, axis) for part in turned)

    def run(params: Any, inputs: Any) -> Any:
        pair = inputs["x"], inputs.get("imag", jnp.zeros_like(inputs["x"]))
        *first, end = axes
        pair = last(pair, end, ops.fft if use.name == "fft" else lambda pair: ops.rfft(pair[0]))
        for axis in first:
            pair = last(pair, axis, ops.fft)
        real, imag = pair
        found = {"complex": lambda: ops.stack(pair, -1), "real": lambda: real, "imag": lambda: imag}
        return found.get(mode, lambda: ops.sqrt(real**2 + imag**2))()

    return run


def divided(function: Operation) -> Oracle:
    return lambda use: (
        lambda params, inputs: function(inputs["x"], jnp.asarray(use.arguments["divisor"], inputs["x"].dtype))
    )


ORACLES: dict[str, Oracle] = {
    "constant": constant,
    **{f"segment_{name}": segments for name in ("max", "mean", "sum")},
    **dict.fromkeys(("fft", "rfft"), fourier),
    "floor_divide": divided(ops.floor_divide),
    "mod": divided(ops.mod),
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
