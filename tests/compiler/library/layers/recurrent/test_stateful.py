"""State that a row of one batch hands to the same row of the next: against one long sequence, and against Keras 3."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import close, our_name
from tests.compiler.library.layers.running import QUICK, Running, filled, normal

L = keras.layers
x = normal(3, 6, 4)
mask = np.arange(6) < np.array([6, 4, 5])[:, None]
WHOLE: list[tuple[str, dict[str, Any], Any]] = [
    ("lstm", {"units": 2}, x),
    ("gru", {"units": 2}, x),
    ("gru", {"units": 2, "reset_after": False}, x),
    ("simple_rnn", {"units": 2}, x),
    ("conv_lstm1d", {"filters": 2, "kernel_size": 2}, normal(3, 6, 5, 2)),
    ("stacked_rnn", {"cells": [{"lstm": 3}, {"gru": 2}]}, x),
]


@pytest.mark.parametrize(("name", "arguments", "inputs"), WHOLE, ids=lambda part: part if isinstance(part, str) else "")
def test_two_batches_are_one_long_sequence_in_two_parts(name: str, arguments: dict[str, Any], inputs: Any) -> None:
    arguments = {**arguments, "return_sequences": True}
    running = filled({name: {**arguments, "stateful": "epoch"}}, inputs)
    whole = Running(LAYERS.build({name: arguments}), running.params)

    def outputs() -> Any:
        first = running(inputs[:, :4], masks={"x": mask[:, :4]}, train=True)
        second = Running(running.layer, running.params, dict(first.state))(inputs[:, 4:], masks={"x": mask[:, 4:]})
        parts = first.outputs["output"], second.outputs["output"]
        return parts, dict(first.state), dict(second.state), dict(whole(inputs, masks={"x": mask}).outputs)

    parts, first_state, state, expected = jax.jit(outputs, compiler_options=QUICK)()
    close(np.concatenate(parts, axis=1), expected["output"], 1e-5)
    assert first_state.keys() == state.keys() == running.layer.plan(TensorType(inputs.shape[1:])).state.keys()
    for port, value in state.items():
        close(value, expected[port.replace("/", "_")], 1e-5, port)
    assert not whole(inputs).state


@pytest.mark.parametrize("name", ["lstm", "gru", "simple_rnn"])
def test_batches_go_on_as_in_keras(name: str) -> None:
    running = filled({name: {"units": 2, "stateful": "run", "go_backwards": True}}, x)
    oracle = {"lstm": L.LSTM, "gru": L.GRU, "simple_rnn": L.SimpleRNN}[name](2, stateful=True, go_backwards=True)
    oracle.build(x.shape)
    for variable in oracle.trainable_variables:
        variable.assign(running.params[our_name(variable)])
    for batch in (x, x * 2, x - 1):
        result = running(batch)
        close(result.outputs["output"], oracle(batch), 1e-5)
        running.state = dict(result.state)


def test_both_directions_go_on_as_in_keras() -> None:
    raw = {"bidirectional": {"layer": {"lstm": {"units": 2, "stateful": "epoch", "return_sequences": True}}}}
    running = filled(raw, x)
    oracle = L.Bidirectional(L.LSTM(2, stateful=True, return_sequences=True))
    oracle.build(x.shape)
    for variable in oracle.trainable_variables:
        variable.assign(running.params[our_name(variable)])
    for batch in (x, x * 2):
        result = running(batch)
        close(result.outputs["output"], oracle(batch), 1e-5)
        running.state = dict(result.state)
    assert sorted(running.state) == [f"{way}/state_{part}" for way in ("backward", "forward") for part in "ch"]


@pytest.mark.parametrize("name", ["lstm", "stacked_rnn"])
def test_rows_that_only_pad_a_batch_keep_their_state(name: str) -> None:
    raw: Any = {"units": 2} if name == "lstm" else {"cells": [{"gru": 2}, {"simple_rnn": 3}]}
    running = filled({name: {**raw, "stateful": "epoch"}}, x)
    before = running(x)
    running.state = dict(before.state)
    real = jnp.array([True, False, True])
    garbage = np.where(np.asarray(real)[:, None, None], x, np.nan)
    after, plain = running(garbage, rows=real), running(x)
    for port, value in after.state.items():
        np.testing.assert_array_equal(value[1], before.state[port][1])
        np.testing.assert_array_equal(value[0], plain.state[port][0])
        assert not np.array_equal(value[0], before.state[port][0])


def test_the_state_between_batches_of_narrow_values_is_wide() -> None:
    running = filled({"gru": {"units": 2, "stateful": "epoch"}}, x)
    half = running(jnp.asarray(x, jnp.bfloat16))
    assert str(half.outputs["output"].dtype) == "bfloat16" and str(half.state["state_h"].dtype) == "float32"
    again = Running(running.layer, running.params, dict(half.state))(jnp.asarray(x, jnp.bfloat16))
    assert str(again.outputs["output"].dtype) == "bfloat16"


def test_no_gradient_flows_into_the_batch_before() -> None:
    running = filled({"gru": {"units": 2, "stateful": "epoch"}}, x)
    state = dict(running(x).state)

    def loss(params: Any, x: Any) -> Any:
        return jnp.sum(Running(running.layer, params, state)(x).outputs["output"] ** 2)

    one = jax.grad(loss)(running.params, x)
    given = LAYERS.build({"gru": 2})

    def fixed(params: Any, x: Any) -> Any:
        result: Any = Running(given, params)({"x": x, "initial_state": (state["state_h"],)})
        return jnp.sum(result.outputs["output"] ** 2)

    for name, value in jax.grad(fixed)(running.params, x).items():
        close(one[name], value, 1e-5, name)


REFUSALS: list[tuple[Any, tuple[TensorType, ...], str, str]] = [
    (
        {"lstm": {"units": 2, "stateful": "epoch"}},
        (TensorType((2,)), TensorType((2,))),
        "`stateful: epoch` and `initial_state` both set the initial state",
        "remove one of them",
    ),
    (
        {"stacked_rnn": [{"gru": {"units": 2, "stateful": "run"}}]},
        (),
        "`gru` in the stack has `stateful: run`",
        "remove it, and give it to the whole stack",
    ),
    (
        {"time_distributed": {"layer": {"gru": {"units": 2, "stateful": "epoch"}}}},
        (),
        "`gru` is stateful, but gets single steps here, which the next batch does not continue",
        "remove `stateful`",
    ),
]


@pytest.mark.parametrize(("raw", "states", "message", "cure"), REFUSALS)
def test_what_cannot_go_on_is_refused(raw: Any, states: Any, message: str, cure: str) -> None:
    layer = LAYERS.build(raw)
    type_ = TensorType((5, 4, 3) if "time_distributed" in raw else (4, 3))
    with pytest.raises(PlanError) as caught:
        layer.plan(type_, states) if states else layer.plan(type_)
    assert (caught.value.message, caught.value.help) == (message, cure)
