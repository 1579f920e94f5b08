"""Stacks of recurrent layers against Keras 3's `RNN` of `StackedRNNCells`: values, gradients, masks, states, dropout."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.parametric import Relu
from tests.compiler.library.layers.comparing import close, compare
from tests.compiler.library.layers.running import QUICK, Running, filled, normal

COMPARED = {"stacked_rnn"}
L = keras.layers
CELLS = {"lstm": L.LSTMCell, "gru": L.GRUCell, "simple_rnn": L.SimpleRNNCell}

x = normal(3, 4, 5)
holes = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]], bool)
states = tuple(normal(3, units, seed=seed) for seed, units in ((1, 4), (2, 4), (3, 3), (4, 2), (5, 2)))
STACK: list[Any] = [{"lstm": 4}, {"gru": 3}, {"lstm": {"units": 2, "activation": "relu"}}]
PORTS = ("output", "lstm_state_h", "lstm_state_c", "gru_state_h", "lstm_2_state_h", "lstm_2_state_c")
CASES: list[tuple[list[Any], Any, Any, dict[str, Any], tuple[str, ...]]] = [
    (STACK, {"x": x, "initial_state": states}, holes, {"return_sequences": True}, PORTS),
    (STACK, {"x": x}, None, {"return_sequences": True, "go_backwards": True}, PORTS),
    (STACK, {"x": x}, holes, {"go_backwards": True}, PORTS),
    ([{"simple_rnn": 3}, {"simple_rnn": 2}], {"x": x[:1, :1]}, None, {}, ("output", "simple_rnn_state_h", "simple_rnn_2_state_h")),
]  # fmt: skip


def written(cell: Any) -> tuple[str, dict[str, Any]]:
    ((name, arguments),) = cell.items()
    return name, arguments if isinstance(arguments, dict) else {"units": arguments}


@pytest.mark.parametrize(("cells", "inputs", "mask", "arguments", "ports"), CASES)
def test_values_and_gradients(
    cells: list[Any], inputs: Any, mask: Any, arguments: dict[str, Any], ports: tuple[str, ...]
) -> None:
    masks = {} if mask is None else {"x": jnp.asarray(mask)}
    running = filled({"stacked_rnn": {"cells": cells, **arguments}}, inputs, masks)
    stack = L.StackedRNNCells([CELLS[name](**given) for name, given in map(written, cells)])
    oracle = L.RNN(stack, return_state=True, **arguments)
    oracle.build(inputs["x"].shape)
    # Keras's variables come cell by cell, and so do our weights.
    assert [variable.name for variable in oracle.trainable_variables] == [
        name.rpartition("/")[2] for name in running.params
    ]

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        result = running.with_params(params, inputs, masks=masks)
        assert tuple(result.outputs) == ports
        return tuple(result.outputs.values()), {}

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        given = list(inputs.get("initial_state", ()))
        first: Any = {"initial_state": [given[0:2], given[2], given[3:5]]} if given else {}
        frozen = [variable.value for variable in oracle.non_trainable_variables]
        outputs, _ = oracle.stateless_call(
            [params[name] for name in running.params], frozen, inputs["x"], mask=mask, **first
        )
        return tuple(jax.tree.leaves(outputs)), {}  # fmt: skip

    params = jax.tree.map(jnp.asarray, dict(running.params))
    compare(ours, theirs, params, jax.tree.map(jnp.asarray, inputs), ports)


def test_a_stack_is_its_layers_one_after_the_other_with_their_own_dropout() -> None:
    arguments = {"units": 3, "dropout": 0.4, "recurrent_dropout": 0.4}
    running, key = filled({"stacked_rnn": [{"gru": arguments}, {"gru": arguments}]}, x), jax.random.key(1)
    masks = {"x": jnp.asarray(holes)}

    def outputs() -> Any:
        dropped = running(x, masks=masks, train=True, key=key).outputs["output"]
        first = Running(LAYERS.build({"gru": {"units": 3, "return_sequences": True}}), part(running, "gru"))
        second = Running(LAYERS.build({"gru": 3}), part(running, "gru_2"))
        middle = first(x, masks=masks)
        plain = running(x, masks=masks).outputs["output"]
        return dropped, plain, second(middle.outputs["output"], masks={"x": middle.masks["output"]}).outputs["output"]

    dropped, plain, expected = jax.jit(outputs, compiler_options=QUICK)()
    close(plain, expected, 1e-6)
    assert not np.allclose(dropped, plain)


def part(running: Running, name: str) -> dict[str, Any]:
    """The weights of one cell of a stack."""
    prefix = f"{name}/"
    return {path.removeprefix(prefix): value for path, value in running.params.items() if path.startswith(prefix)}


def test_both_ways_runs_one_stack_forwards_and_one_backwards() -> None:
    cells = [{"lstm": 3}, {"gru": 2}]
    both = filled({"bidirectional": {"layer": {"stacked_rnn": {"cells": cells, "return_sequences": True}}}}, x)
    assert "backward_lstm_state_c" in both(x).outputs

    def one(way: str, **arguments: Any) -> np.ndarray:
        layer = LAYERS.build({"stacked_rnn": {"cells": cells, "return_sequences": True, **arguments}})
        return Running(layer, part(both, way)).output(x)

    expected = np.concatenate([one("forward"), one("backward", go_backwards=True)[:, ::-1]], axis=-1)
    close(both.output(x), expected, 1e-6)


def test_a_stack_ends_in_the_activation_of_its_last_cell() -> None:
    assert LAYERS.build({"stacked_rnn": [{"lstm": 3}, {"gru": {"units": 2, "activation": "relu"}}]}).ends_in() == Relu()


def test_images_run_through_a_stack_too() -> None:
    conv = {"conv_lstm1d": {"filters": 2, "kernel_size": 2}}
    plan = LAYERS.build({"stacked_rnn": [conv, conv]}).plan(TensorType((3, 7, 2)))
    assert plan.output.shape == (5, 2)


REFUSALS: list[tuple[Any, int, str, str]] = [
    ([], 0, "expected at least one recurrent layer, got none", "cells"),
    ([{"lstm": 2}, {"dense": 2}], 0, "expected recurrent layers, got `dense`", "cells"),
    ([{"bidirectional": {"layer": {"lstm": 2}}}], 0, "expected recurrent layers, got `bidirectional`", "cells"),
    ([{"stacked_rnn": [{"lstm": 2}]}], 0, "expected recurrent layers, got `stacked_rnn`", "cells"),
    ([{"lstm": {"units": 2, "go_backwards": True}}], 0, "`lstm` in the stack has `go_backwards: true`", "cells"),
    ([{"gru": {"units": 2, "return_sequences": True}}], 0, "`gru` in the stack has `return_sequences: true`", "cells"),
    ([{"lstm": 2}, {"gru": 2}], 2, "expected 3 states as `initial_state`, got 2", ""),
    ([{"lstm": 3}, {"gru": 2}], 3, "expected h and c of shape [3] as `initial_state`, got [2], [2]", ""),
    (
        [{"gru": {"units": 2, "activation": {"softmax": -2}}}],
        0,
        "`axis` is -2, but [2] does not have this axis",
        "cells",
    ),
]


@pytest.mark.parametrize(("cells", "given", "message", "argument"), REFUSALS)
def test_what_does_not_fit_is_refused(cells: Any, given: int, message: str, argument: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"stacked_rnn": cells}).plan(TensorType((4, 5)), (TensorType((2,)),) * given or None)
    assert (caught.value.message, caught.value.argument) == (message, argument)
    assert caught.value.help
    assert bool(caught.value.slot) == bool(given)
