"""Oracles of the layers of `recurrent`."""

from dataclasses import replace
from typing import Any

import keras

from modelc.compiler.library.layers import LAYERS as TABLE
from tests.compiler.library.layers.comparing import tuple_of
from tests.compiler.library.layers.drawn import Drawn
from tests.compiler.library.layers.families import oracles
from tests.compiler.library.layers.oracles import Function, Keras, Oracle, keras_arguments, larger

L = keras.layers
LAYERS = {"gru": L.GRU, "lstm": L.LSTM, "simple_rnn": L.SimpleRNN}
CELLS: dict[str, Any] = {"gru": L.GRUCell, "lstm": L.LSTMCell, "simple_rnn": L.SimpleRNNCell}
CONVOLUTIONS: dict[str, Any] = {"conv_lstm1d": L.ConvLSTM1D, "conv_lstm2d": L.ConvLSTM2D, "conv_lstm3d": L.ConvLSTM3D}


def alone(use: Drawn) -> Keras:
    return Keras(LAYERS[use.name](return_state=True, **keras_arguments(use)))


def convolutional(use: Drawn) -> Keras | None:
    given = keras_arguments(use)
    if larger(use.arguments.get("strides", 1)) and larger(use.arguments.get("dilation_rate", 1)):
        # Keras refuses both at once.
        return None
    if use.types["x"].mask and use.batch > 1:
        # Keras spreads the mask of a row over the pixels of others.
        return None
    return Keras(CONVOLUTIONS[use.name](return_state=True, **given))


def stacked(use: Drawn) -> Keras:
    cells = [named(raw) for raw in use.arguments["cells"]]
    given = {name: value for name, value in use.arguments.items() if name != "cells"}
    types = {"x": use.types["x"]}
    if len(cells) == 1:
        # Keras fails over the states of a stack of one cell; the layer of that cell is the same.
        ((name, arguments),) = cells
        inner = keras_arguments(Drawn(name, {**arguments, **given}, types, 1, False, 0))
        return Keras(LAYERS[name](return_state=True, **inner), names=tuple(use.plan.params))
    layers = [
        CELLS[name](**without_order(keras_arguments(Drawn(name, arguments, types, 1, False, 0))))
        for name, arguments in cells
    ]

    def nested(states: Any) -> list[Any]:
        left = iter(states)
        return [[next(left), next(left)] if name == "lstm" else next(left) for name, _ in cells]

    # Keras's variables come cell by cell, and so do our weights.
    names = tuple(use.plan.params)
    return Keras(L.RNN(L.StackedRNNCells(layers), return_state=True, **given), states=nested, names=names)


def without_order(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a layer that its cell has too."""
    return {name: value for name, value in given.items() if name not in ("return_sequences", "go_backwards")}


def both_ways(use: Drawn) -> Keras | None:
    (name,) = use.arguments["layer"]
    if name not in LAYERS:
        # Keras cannot copy a stack of cells; `test_stacked_rnn_against_keras.py` runs one stack each way.
        return None
    inner = LAYERS[name](return_state=True, **keras_arguments(inside(use, {"x": use.types["x"]})))
    others = {name: value for name, value in use.arguments.items() if name != "layer"}
    return Keras(L.Bidirectional(inner, **others))


def inside(use: Drawn, types: Any, batch: int = 1) -> Drawn:
    """The use of the wrapped layer."""
    name, arguments = named(use.arguments["layer"])
    return Drawn(name, arguments, types, batch, use.train, use.seed)


def named(raw: Any) -> tuple[str, dict[str, Any]]:
    """The name and the arguments of a layer as it stands in a spec."""
    name, arguments = (raw, {}) if isinstance(raw, str) else next(iter(raw.items()))
    return name, arguments if isinstance(arguments, dict) else {str(TABLE.find(name).primary): arguments}


def every_step(use: Drawn) -> Keras | Function | None:
    """The oracle of the wrapped layer, for all steps of all rows as one batch.

    Keras's own wrapper normalizes step by step in training.
    """
    x = use.types["x"]
    if x.mask and use.train:
        # What stands at masked steps, which do not count in the statistics, is nobody's business.
        return None
    inner = inside(use, {"x": x.with_shape(*x.shape[1:]).with_mask(False)}, use.batch * x.shape[0])
    oracle = oracles()[inner.name](inner)

    def flat(inputs: Any) -> dict[str, Any]:
        return {"x": inputs["x"].reshape(-1, *x.shape[1:])}

    def by_step(y: Any) -> Any:
        return y.reshape(use.batch, x.shape[0], *y.shape[1:])

    if isinstance(oracle, Keras):
        call, after = oracle.call, oracle.after
        return replace(
            oracle,
            call=lambda inputs: call(flat(inputs)),
            after=lambda y: by_step(after(y)),
            options={"mask": None, **oracle.options} if oracle.layer._call_has_mask_arg else oracle.options,
        )
    if oracle is None:
        return None
    function = oracle
    return lambda params, inputs: tuple(map(by_step, tuple_of(function(params, flat(inputs)))))


ORACLES: dict[str, Oracle] = {
    **dict.fromkeys(LAYERS, alone),
    **dict.fromkeys(CONVOLUTIONS, convolutional),
    "bidirectional": both_ways,
    "stacked_rnn": stacked,
    "time_distributed": every_step,
}
