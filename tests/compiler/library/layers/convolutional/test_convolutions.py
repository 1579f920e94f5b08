"""What convolution does beyond what Keras shows: masks, refusals, weights of every kind."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.families import kind_of
from tests.compiler.library.layers.running import filled, normal, refusal

CONVOLUTIONS = [name for name in LAYERS if kind_of(name) == "convolutional"]


def test_a_causal_convolution_sees_no_later_step() -> None:
    x = normal(1, 8, 2)
    running = filled({"conv1d": {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"}}, x)
    changed = x.copy()
    changed[:, 5:] = 9
    before, after = running.output(x), running.output(changed)
    np.testing.assert_array_equal(before[:, :5], after[:, :5])
    assert not np.allclose(before[:, 5], after[:, 5])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_transposed_convolution_is_the_gradient_of_the_convolution(padding: str) -> None:
    small, large = normal(2, 4, 3, 5), normal(2, 8, 6, 2)
    arguments: dict[str, Any] = {"kernel_size": 2, "strides": 2, "padding": padding, "use_bias": False}
    there = filled({"conv2d": {"filters": 5, **arguments}}, large)
    back = filled({"conv2d_transpose": {"filters": 2, **arguments}}, small)
    back.params["kernel"] = there.params["kernel"]
    gradient = jax.grad(lambda x: jnp.sum(there(x).outputs["output"] * small))(large)
    np.testing.assert_allclose(back.output(small), gradient, rtol=1e-5, atol=1e-5)


def test_layers_of_convolutions_may_run_inside_a_loop() -> None:
    assert len(CONVOLUTIONS) == 10
    assert all(LAYERS.find(name).loop_safe for name in CONVOLUTIONS)


@pytest.mark.parametrize(
    ("raw", "weights"),
    [
        ({"conv1d": {"filters": 2, "kernel_size": 3}}, {"kernel": "kernel", "bias": "bias"}),
        ({"conv2d": {"filters": 2, "kernel_size": 3}}, {"kernel": "kernel", "bias": "bias"}),
        ({"conv2d_transpose": {"filters": 2, "kernel_size": 3}}, {"kernel": "kernel", "bias": "bias"}),
        ({"depthwise_conv2d": {"kernel_size": 3}}, {"kernel": "depthwise", "bias": "bias"}),
        (
            {"separable_conv2d": {"filters": 2, "kernel_size": 3}},
            {"depthwise_kernel": "depthwise", "pointwise_kernel": "pointwise", "bias": "bias"},
        ),
    ],
    ids=lambda value: next(iter(value)),
)
def test_every_weight_has_its_own_regularizer_constraint_and_first_values(raw: Any, weights: dict[str, str]) -> None:
    ((name, arguments),) = raw.items()
    given = dict(arguments)
    for place, field in enumerate(weights.values(), 1):
        given[f"{field}_regularizer"] = {"l2": place}
        given[f"{field}_constraint"] = {"max_norm": {"max_value": place, "axis": -1}}
        given[f"{field}_initializer"] = {"constant": place}
    layer: Any = LAYERS.build({name: given})
    plan = layer.plan(TensorType((8, 8, 4) if "2d" in name else (8, 4)))
    assert set(plan.params) == set(weights)
    for weight, field in weights.items():
        assert plan.params[weight].regularizer == getattr(layer, f"{field}_regularizer")
        assert plan.params[weight].constraint == getattr(layer, f"{field}_constraint")
        assert plan.params[weight].initializer == getattr(layer, f"{field}_initializer")
    assert len({str(weight.regularizer) for weight in plan.params.values()}) == len(weights)


@pytest.mark.parametrize(
    ("raw", "shape", "message", "help_", "argument"),
    [
        (
            {"conv1d": {"filters": 8, "kernel_size": 3}},
            [32],
            "expected a sequence [time, features], got [32]",
            "ids need `embedding` before it; for 32 steps of one number, `reshape: [32, 1]`",
            "",
        ),
        (
            {"conv3d": {"filters": 8, "kernel_size": 3}},
            [8, 8, 8],
            "expected a volume [depth, height, width, channels], got [8, 8, 8]",
            "add the channel axis: `reshape: [8, 8, 8, 1]`, or `shape: [8, 8, 8, 1]` in the input",
            "",
        ),
        (
            {"separable_conv1d": {"filters": 2, "kernel_size": 3, "dilation_rate": 3}},
            [6, 2],
            "a window of 3, dilated to 7, does not fit into a sequence of 6",
            "use `padding: same`, a smaller `kernel_size`, or reduce the sequence less before this layer",
            "kernel_size",
        ),
        (
            {"conv2d_transpose": {"filters": 2, "kernel_size": 3, "strides": [2, 1], "output_padding": 1}},
            [4, 4, 2],
            "`output_padding` [1, 1] is not less than `strides` [2, 1]",
            "make it smaller in each direction, or omit it",
            "output_padding",
        ),
        (
            {"conv1d_transpose": {"filters": 2, "kernel_size": 2, "padding": "same", "output_padding": 0}},
            [1, 2],
            "the output would have the size 0",
            "make `output_padding` larger, or omit it for `size * strides`",
            "output_padding",
        ),
    ],
    ids=lambda value: "",
)
def test_what_does_not_fit_is_refused(raw: Any, shape: list[int], message: str, help_: str, argument: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help, error.argument) == (message, help_, argument)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"conv2d": {"filters": 1, "kernel_size": 1, "padding": "causal"}}, "'valid' or 'same'"),
    ],
    ids=str,
)
def test_arguments_out_of_bounds_are_refused(raw: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LAYERS.build(raw)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ({"conv1d": {"filters": 2, "kernel_size": 3}}, "conv1d: {filters: 2, kernel_size: 3}"),
    ],
    ids=str,
)
def test_sizes_are_shown_as_they_can_be_written(raw: Any, shown: str) -> None:
    layer = LAYERS.build(raw)
    assert show_named(layer) == shown
    if layer.primary is not None and len(layer.model_fields_set) == 1:
        name, _, written = shown.partition(": ")
        assert LAYERS.build({name: json.loads(written)}) == layer
