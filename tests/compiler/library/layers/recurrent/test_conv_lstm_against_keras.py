"""The convolutional LSTMs against Keras 3: values, gradients, first states, dropout; masks against shorter sequences."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, PlanError
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.recurrent.base import mask_of
from tests.compiler.library.layers.comparing import Case, check, close, our_name
from tests.compiler.library.layers.running import QUICK, Running, filled, normal

COMPARED = {"conv_lstm1d", "conv_lstm2d", "conv_lstm3d"}
L = keras.layers
ORACLES: dict[str, Any] = {"conv_lstm1d": L.ConvLSTM1D, "conv_lstm2d": L.ConvLSTM2D, "conv_lstm3d": L.ConvLSTM3D}
PORTS = ("output", "state_h", "state_c")

rows, images, volumes = normal(2, 3, 7, 3), normal(2, 3, 6, 5, 2), normal(1, 2, 3, 3, 2, 2)
same_state = (normal(2, 6, 5, 2, seed=1), normal(2, 6, 5, 2, seed=2))
holes = np.array([[1, 1, 0], [0, 1, 1]], bool)


def alone(name: str, inputs: Any, mask: Any = None, **arguments: Any) -> Case:
    arguments = {"filters": 2, "kernel_size": 3, **arguments}
    return Case(
        {name: arguments}, lambda: ORACLES[name](return_state=True, **arguments), inputs, mask=mask, ports=PORTS
    )


CASES = [
    alone("conv_lstm1d", rows, kernel_size=2, strides=2, use_bias=False, go_backwards=True, return_sequences=True),
    alone(
        "conv_lstm2d", {"x": images, "initial_state": same_state}, padding="same", recurrent_activation="hard_sigmoid"
    ),
    alone("conv_lstm2d", images[:1], holes[:1], kernel_size=[2, 3], dilation_rate=2, return_sequences=True),
    alone("conv_lstm2d", normal(1, 1, 1, 1, 1), filters=1, kernel_size=1, activation="relu"),
    alone("conv_lstm3d", volumes, kernel_size=2, strides=[1, 2, 1], padding="same", return_sequences=True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


def test_a_mask_of_many_rows_leaves_out_the_steps_of_each() -> None:
    raw = {"conv_lstm2d": {"filters": 2, "kernel_size": 3}}
    masks = {"x": jnp.asarray(holes)}
    running = filled(raw, images, masks)

    def found() -> Any:
        together = running(np.where(holes[..., None, None, None], images, 1e9), masks=masks).outputs
        return together, [running(row[None, real]).outputs for row, real in zip(images, holes, strict=True)]

    together, each = jax.jit(found, compiler_options=QUICK)()
    for place, outputs in enumerate(each):
        for port in PORTS:
            close(together[port][place], outputs[port][0], 1e-5, port)


def test_both_ways_is_two_of_them_with_zeros_at_masked_steps() -> None:
    inner = {"filters": 2, "kernel_size": 3, "return_sequences": True}
    masks = {"x": jnp.asarray(holes)}
    both = filled({"bidirectional": {"layer": {"conv_lstm1d": inner}}}, rows, masks)

    def one(way: str) -> Running:
        own = {name.removeprefix(way): value for name, value in both.params.items() if name.startswith(way)}
        return Running(LAYERS.build({"conv_lstm1d": {**inner, "go_backwards": way == "backward/"}}), own)

    forward, backward = one("forward/").output(rows, masks=masks), one("backward/").output(rows, masks=masks)
    result = both(rows, masks=masks)
    expected = np.concatenate([forward, backward[:, ::-1]], axis=-1)
    close(result.outputs["output"], np.where(holes[..., None, None], expected, 0), 1e-6)
    np.testing.assert_array_equal(result.masks["output"], holes)


@pytest.mark.parametrize(("dropout", "recurrent_dropout"), [(0.5, 0.0), (0.4, 0.3)])
def test_dropout_is_applied_as_keras_does(dropout: float, recurrent_dropout: float) -> None:
    arguments = {"filters": 2, "kernel_size": 3, "dropout": dropout, "recurrent_dropout": recurrent_dropout}
    running, key = filled({"conv_lstm2d": arguments}, images), jax.random.key(3)
    oracle: Any = L.ConvLSTM2D(return_state=True, **arguments)
    oracle.build(images.shape)

    def drawn(like: Any, rate: float) -> Any:
        purpose = "dropout" if like.shape[1:3] == (6, 5) else "recurrent_dropout"
        ours = mask_of(Call({}, key=key), purpose, rate, (like.shape[0], 4, *like.shape[1:]), like)
        return [ours[:, gate] for gate in range(4)]

    oracle.cell._create_dropout_mask = drawn
    weights = [running.params[our_name(variable)] for variable in oracle.trainable_variables]
    frozen = [variable.value for variable in oracle.non_trainable_variables]

    def outputs() -> Any:
        result = running(images, train=True, key=key).outputs
        without = running(images).outputs["output"]
        return result, without, oracle.stateless_call(weights, frozen, images, training=True)[0]

    result, without, expected = jax.jit(outputs, compiler_options=QUICK)()
    for port, value in zip(PORTS, expected, strict=True):
        close(result[port], value, 1e-5, port)
    assert not np.allclose(result["output"], without)


def test_half_precision_stays_close() -> None:
    running = filled({"conv_lstm1d": {"filters": 2, "kernel_size": 3}}, rows)
    half = running(jnp.asarray(rows, jnp.bfloat16)).outputs
    assert {str(value.dtype) for value in half.values()} == {"bfloat16"}
    np.testing.assert_allclose(half["output"].astype("float32"), running.output(rows), atol=0.05)


REFUSALS: list[tuple[str, dict[str, Any], tuple[int, ...], str, str]] = [
    (
        "conv_lstm2d",
        {},
        (5, 8, 8),
        "expected a sequence of images [time, height, width, channels], got [5, 8, 8]",
        "without a channel axis, add it: `reshape: [5, 8, 8, 1]`",
    ),
    (
        "conv_lstm1d",
        {},
        (8, 8, 8, 1),
        "expected a sequence of sequences [time, width, channels], got [8, 8, 8, 1]",
        "`reshape` to 3 axes",
    ),
    (
        "conv_lstm2d",
        {"dilation_rate": 3},
        (2, 5, 5, 1),
        "a window of [3, 3], dilated to [7, 7], does not fit into an image of [5, 5]",
        "use `padding: same`, a smaller `kernel_size`, or reduce the image less before this layer",
    ),
]


@pytest.mark.parametrize(("name", "arguments", "shape", "message", "cure"), REFUSALS)
def test_what_does_not_fit_is_refused(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], message: str, cure: str
) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({name: {"filters": 2, "kernel_size": 3, **arguments}}).plan(TensorType(shape))
    assert (caught.value.message, caught.value.help) == (message, cure)


def test_states_of_another_size_are_refused() -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"conv_lstm2d": {"filters": 2, "kernel_size": 3}}).plan(
            TensorType((3, 5, 5, 1)), (TensorType((5, 5, 2)), TensorType((5, 5, 2)))
        )
    assert caught.value.message == "expected h and c of shape [3, 3, 2] as `initial_state`, got [5, 5, 2], [5, 5, 2]"
    assert "another conv_lstm2d with the same `filters`" in caught.value.help
