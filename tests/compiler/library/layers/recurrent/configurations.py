"""Arguments and input types of the layers of `recurrent`."""

from typing import Any

from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    arguments,
    each,
    floats,
    one,
    paddings,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

rates = st.sampled_from([0.0, 0.5])
cells: dict[str, st.SearchStrategy[Any]] = {
    "maybe_activation": activations,
    "maybe_use_bias": yes_or_no,
    "maybe_dropout": rates,
    "maybe_recurrent_dropout": rates,
    "maybe_return_sequences": yes_or_no,
    "maybe_go_backwards": yes_or_no,
    "maybe_stateful": st.sampled_from([None, None, "epoch", "run"]),
}
shared = {"units": st.just(3), **cells}
simple_rnns = arguments(**shared)
grus = arguments(**shared, maybe_reset_after=yes_or_no, maybe_recurrent_activation=activations)
lstms = arguments(**shared, maybe_unit_forget_bias=yes_or_no, maybe_recurrent_activation=activations)


@st.composite
def sequences(draw: Any, *states: int) -> dict[str, Any]:
    """A sequence, mostly, and sometimes as many first states as fit, or another number."""
    x = draw(tensors(2, 2, 2, 1))
    given_states = draw(st.sampled_from([0, 0, *states, *states, 3]))
    if not given_states:
        return {"x": x}
    return {"x": x, "initial_state": (TensorType((3,), x.dtype),) * given_states}


def conv_lstms(count: int) -> st.SearchStrategy[dict[str, Any]]:
    return arguments(
        filters=st.sampled_from([1, 3]),
        kernel_size=each(count),
        maybe_strides=each(count),
        maybe_padding=paddings,
        maybe_dilation_rate=each(count),
        **cells,
        maybe_unit_forget_bias=yes_or_no,
        maybe_recurrent_activation=activations,
    )


@st.composite
def frames(draw: Any, count: int) -> dict[str, Any]:
    """A sequence of what has `count` directions, mostly, and sometimes first states that fit some arguments."""
    x = draw(tensors(count + 2, count + 2, count + 2, count + 1))
    if x.rank == count + 2 and draw(st.integers(0, 2)) == 0:
        return {"x": x, "initial_state": (x.with_shape(*x.shape[1:-1], 3).with_mask(False),) * 2}
    return {"x": x}


def layer(name: str, choices: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return choices.map(lambda raw: {name: raw})


recurrent = layer("lstm", lstms) | layer("gru", grus) | layer("simple_rnn", simple_rnns)
stacks = arguments(
    cells=st.lists(recurrent, min_size=1, max_size=3),
    maybe_return_sequences=yes_or_no,
    maybe_stateful=st.sampled_from([None, "run"]),
)
inside = recurrent | st.sampled_from(
    [
        "batch_norm",
        "flatten",
        {"conv2d": {"filters": 2, "kernel_size": 2}},
        {"dropout": 0.5},
        {"concatenate": -1},
        {"dense": {"units": 2, "activation": "softmax"}},
        {"embedding": {"input_dim": 4, "output_dim": 2}},
        {"time_distributed": {"layer": {"dense": 2}}},
    ]
)
x, state = normal(3, 4, 5), (normal(3, 2, seed=1), normal(3, 2, seed=2))
random = {"units": 2, "return_sequences": True, "dropout": 0.3, "recurrent_dropout": 0.3}

CONFIGURATIONS: Configurations = {
    "bidirectional": (
        arguments(
            layer=recurrent | layer("stacked_rnn", stacks),
            maybe_merge_mode=st.sampled_from(["concat", "sum", "mul", "ave"]),
        ),
        sequences(2, 4),
    ),
    **{f"conv_lstm{count}d": (conv_lstms(count), frames(count)) for count in (1, 2, 3)},
    "gru": (grus, sequences(1)),
    "lstm": (lstms, sequences(2)),
    "simple_rnn": (simple_rnns, sequences(1)),
    "stacked_rnn": (stacks, sequences(1, 2, 3)),
    "time_distributed": (
        arguments(layer=inside),
        one(tensors(1, 2, 3, 3, 4, dtypes=floats | st.sampled_from(["float32", "int32"]))),
    ),
}
USES: dict[str, tuple[Any, Any]] = {
    "bidirectional": ({"layer": {"lstm": random}}, x),
    "conv_lstm1d": ({"filters": 2, "kernel_size": 3, "recurrent_dropout": 0.3}, normal(3, 2, 5, 2)),
    "conv_lstm2d": ({"filters": 2, "kernel_size": 2, "dropout": 0.3}, normal(3, 2, 4, 3, 2)),
    "conv_lstm3d": ({"filters": 1, "kernel_size": 2}, normal(3, 2, 3, 2, 2, 1)),
    "gru": ({**random, "stateful": "epoch"}, x),
    "lstm": (random, {"x": x, "initial_state": state}),
    "simple_rnn": (random, {"x": x, "initial_state": state[:1]}),
    "stacked_rnn": ({"cells": [{"lstm": {"units": 3, "dropout": 0.3}}, {"gru": 2}]}, x),
    "time_distributed": ({"layer": "batch_norm"}, x),
}
"""One use of each, with a batch of three rows."""

SLOW = tuple(CONFIGURATIONS)
"""They take seconds to compile: fewer uses of each are compared."""
