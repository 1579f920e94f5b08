"""Recurrent layers and `time_distributed` beyond what Keras shows: masks, weights, refusals, what a wrapper passes on."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.prng import root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.functions import Linear, Tanh
from modelc.compiler.library.layers.activations.parametric import Softmax
from tests.compiler.library.layers.running import Running, filled, normal

x = normal(2, 3, 4)
mask = np.array([[1, 1, 0], [1, 1, 1]], bool)
masks = {"x": jnp.asarray(mask)}
RECURRENT = ("gru", "lstm", "simple_rnn")


@pytest.mark.parametrize("name", RECURRENT)
def test_padding_at_the_end_changes_nothing_whatever_is_in_it(name: str) -> None:
    running = filled({"bidirectional": {"layer": {name: 2}}}, x)
    padded = running.output(np.where(mask[:1, :, None], x[:1], 1e9), masks={"x": masks["x"][:1]})
    np.testing.assert_allclose(padded, running.output(x[:1, :2]), rtol=1e-6)


@pytest.mark.parametrize("name", RECURRENT)
def test_the_mask_goes_with_the_sequence_in_the_order_of_its_outputs(name: str) -> None:
    arguments: dict[str, Any] = {"units": 2, "return_sequences": True}
    backward = {name: {**arguments, "go_backwards": True}}
    assert not filled({name: 2}, x, masks)(x, masks=masks).masks
    np.testing.assert_array_equal(filled({name: arguments}, x, masks)(x, masks=masks).masks["output"], mask)
    np.testing.assert_array_equal(filled(backward, x, masks)(x, masks=masks).masks["output"], mask[:, ::-1])


@pytest.mark.parametrize("name", RECURRENT)
def test_every_weight_takes_its_own_rules(name: str) -> None:
    regularizers = {"kernel": "l1", "recurrent": "l2", "bias": "l1_l2"}
    constraints = {"kernel": "max_norm", "recurrent": "unit_norm", "bias": "non_negative"}
    arguments: dict[str, Any] = {f"{part}_regularizer": rule for part, rule in regularizers.items()}
    arguments |= {f"{part}_constraint": rule for part, rule in constraints.items()}
    layer = LAYERS.build({name: {"units": 2, **arguments}})
    params = layer.plan(TensorType((3, 4))).params
    for part, weight in (("kernel", "kernel"), ("recurrent", "recurrent_kernel"), ("bias", "bias")):
        assert params[weight].regularizer == getattr(layer, f"{part}_regularizer") is not None
        assert params[weight].constraint == getattr(layer, f"{part}_constraint") is not None


def test_half_precision_sequences_stay_close_to_full_ones() -> None:
    half = jnp.asarray(x, jnp.bfloat16)
    for name in RECURRENT:
        running = filled({name: {"units": 2, "return_sequences": True}}, x)
        found = running(half).outputs
        assert all(value.dtype == jnp.bfloat16 for value in found.values())
        np.testing.assert_allclose(found["output"].astype("float32"), running.output(x), atol=0.05)


def test_weights_inside_time_distributed_have_no_prefix() -> None:
    running = filled({"time_distributed": {"layer": "batch_norm"}}, x)
    assert running.params.keys() == {"gamma", "beta"}
    assert running.state.keys() == {"moving_mean", "moving_variance"}
    twice = filled({"time_distributed": {"layer": {"time_distributed": {"layer": {"dense": 2}}}}}, normal(2, 3, 4, 5))
    assert twice.params.keys() == {"kernel", "bias"}


def test_time_distributed_runs_the_layer_on_each_step() -> None:
    inner, frames = {"gru": {"units": 2, "return_sequences": True}}, normal(2, 3, 4, 5)
    wrapped = filled({"time_distributed": {"layer": inner}}, frames)
    alone = Running(LAYERS.build(inner), wrapped.params)
    result = wrapped(frames).outputs
    assert sorted(result) == ["output", "state_h"]
    for time in range(3):
        for port, value in alone(frames[:, time]).outputs.items():
            np.testing.assert_allclose(result[port][:, time], value, rtol=1e-6)


def test_dropout_inside_time_distributed_draws_for_every_step() -> None:
    ones = np.ones((1, 20, 30), "float32")
    running = filled({"time_distributed": {"layer": {"dropout": 0.5}}}, ones)
    y = running.output(ones, train=True, key=root_key(0))
    assert len({tuple(step) for step in y[0]}) == 20


def test_time_distributed_ends_in_the_activation_inside() -> None:
    dense = {"dense": {"units": 3, "activation": "softmax"}}
    running = filled({"time_distributed": {"layer": dense}}, x)
    parts = running.layer.split()
    assert parts is not None
    before, activation = parts
    assert activation == Softmax()
    middle = Running(before, running.params)(x).outputs["output"]
    np.testing.assert_allclose(activation.function(middle), running.output(x), rtol=1e-6)

    def wrapped(raw: Any) -> Any:
        return LAYERS.build({"time_distributed": {"layer": raw}})

    assert wrapped("softmax").split() == (Linear(), Softmax())
    assert wrapped({"activation": "tanh"}).split() == (Linear(), Tanh())
    assert wrapped({"gru": 2}).split() is None
    assert wrapped({"gru": 2}).ends_in() == Tanh()


def test_what_is_known_of_the_layer_inside_is_known_of_the_wrapper() -> None:
    embedding = LAYERS.build({"time_distributed": {"layer": {"embedding": {"input_dim": 7, "output_dim": 2}}}})
    assert embedding.vocabulary_size() == 7
    for inner, raw in (("flatten", "flatten"), ("lstm", {"bidirectional": {"layer": {"lstm": 2}}})):
        wrapper = LAYERS.build({"time_distributed": {"layer": raw}})
        assert LAYERS.name_of(wrapper.layers()[-1]) == inner


REFUSALS: list[tuple[Any, TensorType, str, str]] = [
    ({"concatenate": -1}, TensorType((3, 4)), "expected a layer with one input, got `concatenate`", "layer"),
    ({"dense": 2}, TensorType((3,)), "expected a sequence [time, ...] of two axes or more, got [3]", ""),
    (
        {"embedding": {"input_dim": 5, "output_dim": 2, "mask_zero": True}},
        TensorType((3, 4), "int32"),
        "`embedding` masks parts of each step, which `time_distributed` cannot pass on",
        "layer",
    ),
    ({"gru": 2}, TensorType((3, 4)), "expected a sequence [time, features], got [4]", ""),
    ({"softmax": -2}, TensorType((3, 4)), "`axis` is -2, but [4] does not have this axis", "layer"),
]


@pytest.mark.parametrize(("raw", "type_", "message", "argument"), REFUSALS)
def test_time_distributed_refuses_what_has_no_meaning_for_a_step(
    raw: Any, type_: TensorType, message: str, argument: str
) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"time_distributed": {"layer": raw}}).plan(type_)
    assert (caught.value.message, caught.value.argument) == (message, argument)
    assert caught.value.help


def test_a_refusal_of_the_layer_inside_says_what_a_step_is() -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"time_distributed": {"layer": {"gru": 2}}}).plan(TensorType((3, 4)))
    assert caught.value.note == "each of the 3 steps of [3, 4] is [4]"


@pytest.mark.parametrize(
    ("name", "message", "cure"),
    [
        ("gru", "expected h of shape [2] as `initial_state`, got [3]", "the state of another gru"),
        ("lstm", "expected h and c of shape [2] as `initial_state`, got [3]", "both states of another lstm"),
    ],
)
def test_a_state_of_another_size_is_refused(name: str, message: str, cure: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({name: 2}).plan(TensorType((3, 4)), (TensorType((3,)),))
    assert (caught.value.message, caught.value.slot) == (message, "initial_state")
    assert f"use {cure}" in caught.value.help


def test_an_activation_that_does_not_fit_is_blamed_on_its_argument() -> None:
    for argument in ("activation", "recurrent_activation"):
        with pytest.raises(PlanError) as caught:
            LAYERS.build({"gru": {"units": 2, argument: {"softmax": -2}}}).plan(TensorType((3, 4)))
        assert caught.value.argument == argument
