"""The recurrent layers and their wrappers against Keras 3: values, gradients, masks, dropout and default values."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.contracts.layer import Call
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.recurrent.base import mask_of
from tests.compiler.library.layers.comparing import Case, check, close, compare, our_name
from tests.compiler.library.layers.running import QUICK, filled, normal

COMPARED = {"gru", "simple_rnn", "time_distributed"}
L = keras.layers
ORACLES = {"gru": L.GRU, "lstm": L.LSTM, "simple_rnn": L.SimpleRNN}

x = normal(3, 4, 5)
ids = np.array([[[1, 0], [4, 4]]], "int32")
video = normal(2, 3, 4, 5, 2)
state = (normal(3, 2, seed=1),)
two_states = (*state, normal(3, 2, seed=2))
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)


def alone(name: str, inputs: Any = x, mask: Any = None, units: int = 2, **arguments: Any) -> Case:
    """A recurrent layer as it is."""
    return Case(
        {name: {"units": units, **arguments}},
        lambda: ORACLES[name](units, return_state=True, **arguments),
        inputs,
        mask=mask,
        ports=("output", "state_h"),
    )


def both_ways(name: str, merge_mode: str, inputs: Any = x, mask: Any = None, **arguments: Any) -> Case:
    return Case(
        {"bidirectional": {"layer": {name: {"units": 2, **arguments}}, "merge_mode": merge_mode}},
        lambda: L.Bidirectional(ORACLES[name](2, return_state=True, **arguments), merge_mode=merge_mode),
        inputs,
        mask=mask,
        ports=("output", "forward_state_h", "backward_state_h"),
    )


def timewise(raw: Any, layer: Callable[[], Any], inputs: Any = x) -> Case:
    return Case({"time_distributed": {"layer": raw}}, lambda: L.TimeDistributed(layer()), inputs)


CASES = [
    alone("simple_rnn", normal(1, 1, 1), units=1),
    alone("simple_rnn", {"x": x, "initial_state": state}, holes, return_sequences=True),
    alone("simple_rnn", mask=holes, return_sequences=True, go_backwards=True, activation="relu", use_bias=False),
    alone("gru", normal(1, 1, 1), units=1),
    alone("gru", {"x": x, "initial_state": state}, holes),
    alone("gru", use_bias=False, return_sequences=True, activation="relu", recurrent_activation="hard_sigmoid"),
    alone("gru", mask=holes, return_sequences=True, go_backwards=True),
    alone("gru", normal(1, 1, 3), reset_after=False),
    alone("gru", {"x": x, "initial_state": state}, holes, reset_after=False, return_sequences=True, go_backwards=True),
    both_ways("gru", "concat", mask=holes, return_sequences=True),
    both_ways("gru", "mul", reset_after=False),
    both_ways("simple_rnn", "ave", {"x": x, "initial_state": two_states}),
    timewise({"dense": {"units": 3, "activation": "softmax"}}, lambda: L.Dense(3, "softmax")),
    timewise({"conv2d": {"filters": 3, "kernel_size": 2}}, lambda: L.Conv2D(3, 2), video),
    timewise({"conv2d": {"filters": 1, "kernel_size": 1}}, lambda: L.Conv2D(1, 1), normal(1, 1, 1, 1, 1)),
    timewise("batch_norm", L.BatchNormalization, video),
    timewise({"embedding": {"input_dim": 5, "output_dim": 2}}, lambda: L.Embedding(5, 2), ids),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("mask", [None, holes])
def test_statistics_inside_are_those_of_all_steps_as_one_batch(mask: Any) -> None:
    masks = {} if mask is None else {"x": jnp.asarray(mask)}
    running, oracle = filled({"time_distributed": {"layer": "batch_norm"}}, x, masks), L.BatchNormalization()
    oracle.build((12, 5))
    frozen = [running.state[variable.name] for variable in oracle.non_trainable_variables]

    def seen(y: Any) -> Any:
        return y if mask is None else jnp.where(mask[..., None], y, 0)

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        result = running.with_params(params, inputs, masks=masks, train=True)
        return (seen(result.outputs["output"]),), dict(result.state)

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        flat = None if mask is None else jnp.asarray(mask.reshape(12))
        weights = [params[variable.name] for variable in oracle.trainable_variables]
        y, new = oracle.stateless_call(weights, frozen, inputs["x"].reshape(12, 5), mask=flat, training=True)
        names = (variable.name for variable in oracle.non_trainable_variables)
        return (seen(y.reshape(3, 4, 5)),), dict(zip(names, new, strict=True))

    new = compare(ours, theirs, jax.tree.map(jnp.asarray, running.params), {"x": jnp.asarray(x)})
    assert new.keys() == {"moving_mean", "moving_variance"}


@pytest.mark.parametrize(
    ("name", "dropout", "recurrent_dropout", "mask", "others"),
    [
        ("lstm", 0.5, 0.0, holes, {}),
        ("lstm", 0.0, 0.4, None, {}),
        ("lstm", 0.5, 0.4, holes, {}),
        ("gru", 0.5, 0.0, holes, {"reset_after": False}),
        ("gru", 0.5, 0.4, holes, {}),
        ("gru", 0.0, 0.4, None, {"reset_after": False}),
        ("simple_rnn", 0.5, 0.4, holes, {}),
    ],
)
def test_dropout_is_applied_as_keras_does(
    name: str, dropout: float, recurrent_dropout: float, mask: Any, others: dict[str, Any]
) -> None:
    arguments = {"units": 2, "dropout": dropout, "recurrent_dropout": recurrent_dropout, **others}
    masks = {} if mask is None else {"x": jnp.asarray(mask)}
    running, key = filled({name: arguments}, x, masks), jax.random.key(3)
    oracle: Any = ORACLES[name](return_state=True, **arguments)
    oracle.build(x.shape)
    gates = {"gru": 3, "lstm": 4, "simple_rnn": 1}[name] if recurrent_dropout else 1

    def drawn(like: Any, rate: float) -> Any:
        """Our own masks in Keras's form: one, or with recurrent dropout one for each gate."""
        purpose = "dropout" if like.shape[-1] == 5 else "recurrent_dropout"
        ours = mask_of(Call({}, key=key), purpose, rate, (like.shape[0], gates, like.shape[-1]), like)
        return ours[:, 0] if gates == 1 else [ours[:, gate] for gate in range(gates)]

    oracle.cell._create_dropout_mask = drawn
    weights = [running.params[our_name(variable)] for variable in oracle.trainable_variables]
    others_of_keras = [variable.value for variable in oracle.non_trainable_variables]

    def theirs() -> Any:
        return oracle.stateless_call(weights, others_of_keras, x, mask=mask, training=True)[0]

    def ours(train: bool) -> Any:
        return dict(running(x, masks=masks, train=train, key=key if train else None).outputs)

    result, without, expected = jax.jit(lambda: (ours(True), ours(False), theirs()), compiler_options=QUICK)()
    for port, value in zip(("output", "state_h", "state_c"), expected, strict=False):
        close(result[port], value, 1e-5, port)
    assert not np.allclose(result["output"], without["output"])


@pytest.mark.parametrize("name", [*sorted(ORACLES), "conv_lstm1d", "conv_lstm2d", "conv_lstm3d"])
def test_arguments_and_their_defaults_are_those_of_keras(name: str) -> None:
    given = {"filters": 7, "kernel_size": 3} if name.startswith("conv") else {"units": 7}
    oracles = {**ORACLES, "conv_lstm1d": L.ConvLSTM1D, "conv_lstm2d": L.ConvLSTM2D, "conv_lstm3d": L.ConvLSTM3D}
    theirs = oracles[name](**given).get_config()
    ours = LAYERS.dump(LAYERS.build({name: given}))[name]
    left_out = {"activity_regularizer", "data_format", "dtype", "name", "seed", "trainable", "zero_output_for_mask"}
    left_out |= {"return_state", "unroll", "use_cudnn"}
    assert ours.keys() == theirs.keys() - left_out
    # Keras says whether, we say for how long.
    assert ours.pop("stateful") is None and theirs.pop("stateful") is False
    for argument, value in ours.items():
        other = theirs[argument]
        if isinstance(other, dict):
            other = keras.src.utils.naming.to_snake_case(other["class_name"])
        if isinstance(value, dict):
            (value,) = value
        assert value == (list(other) if isinstance(other, tuple) else other), argument
