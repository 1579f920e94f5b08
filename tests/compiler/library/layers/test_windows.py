"""What convolution and pooling do beyond what Keras shows: masks, refusals, precision, windows that Keras misses."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.families import kind_of
from tests.compiler.library.layers.running import filled, normal

CONVOLUTIONS = [name for name in LAYERS if kind_of(name) == "convolutional"]


@pytest.mark.parametrize("kind", ["avg", "max"])
def test_adaptive_windows_are_those_of_whole_numbers(kind: str) -> None:
    """PyTorch's definition, for sizes that Keras 3.15 rounds wrongly too (7 of 7, 13 of 13, 28 of 3)."""
    pool = np.mean if kind == "avg" else np.max
    for size, count in ((7, 7), (13, 13), (3, 28), (12, 7), (1, 5), (5, 1), (11, 14)):
        x = normal(2, size, 3)
        windows = [x[:, place * size // count : -(-(place + 1) * size // count)] for place in range(count)]
        expected = np.stack([pool(window, axis=1) for window in windows], axis=1)
        running = filled({f"adaptive_{kind}_pool1d": count}, x)
        np.testing.assert_allclose(running.output(x), expected, rtol=1e-5, atol=1e-6)


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


def test_the_mean_of_a_sequence_without_a_real_step_is_zero_and_harms_no_gradient() -> None:
    x = normal(2, 3, 4)
    mask = np.array([[1, 1, 0], [0, 0, 0]], bool)
    running = filled({"global_avg_pool1d": {}}, x, {"x": mask})
    masks = {"x": jnp.asarray(mask)}
    y = running.output(np.where(mask[..., None], x, np.nan), masks=masks)
    np.testing.assert_allclose(y, [x[0, :2].mean(0), np.zeros(4)], rtol=1e-5)
    gradient = jax.grad(lambda x: running(x, masks=masks).outputs["output"].sum())(x)
    np.testing.assert_allclose(gradient, np.broadcast_to(mask[..., None] / 2, x.shape))


def test_means_of_half_precision_values_are_in_float32() -> None:
    x = (normal(2, 300, 2) + 100).astype("bfloat16")
    masks: dict[str, Any] = {"x": jnp.ones((2, 300), bool)}
    raws: list[dict[str, Any]] = [{"global_avg_pool1d": {}}, {"avg_pool1d": 300}, {"adaptive_avg_pool1d": 1}]
    for raw in raws:
        found = filled(raw, x, masks)(x, masks=masks).outputs["output"]
        assert found.dtype == jnp.bfloat16
        expected = x.astype("float32").mean(axis=1)
        np.testing.assert_allclose(found.reshape(2, 2).astype("float32"), expected, rtol=2**-8)


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
            "max_pool1d",
            [8, 8, 3],
            "expected a sequence [time, features], got [8, 8, 3]",
            "`reshape` to two axes; the batch axis is never written",
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
            {"avg_pool1d": 5},
            [4, 2],
            "a window of 5 does not fit into a sequence of 4",
            "use `padding: same`, a smaller `pool_size`, or shrink the sequence less before this layer",
            "pool_size",
        ),
        (
            {"separable_conv1d": {"filters": 2, "kernel_size": 3, "dilation_rate": 3}},
            [6, 2],
            "a window of 3, dilated to 7, does not fit into a sequence of 6",
            "use `padding: same`, a smaller `kernel_size`, or shrink the sequence less before this layer",
            "kernel_size",
        ),
        (
            {"conv2d_transpose": {"filters": 2, "kernel_size": 3, "strides": [2, 1], "output_padding": 1}},
            [4, 4, 2],
            "`output_padding` [1, 1] is not less than `strides` [2, 1]",
            "make it smaller in each direction, or leave it out",
            "output_padding",
        ),
        (
            {"conv1d_transpose": {"filters": 2, "kernel_size": 2, "padding": "same", "output_padding": 0}},
            [1, 2],
            "the output would have the size 0",
            "make `output_padding` larger, or leave it out for `size * strides`",
            "output_padding",
        ),
        (
            {"cropping2d": [[2, 2], [0, 1]]},
            [4, 8, 3],
            "nothing is left of [4, 8] when 2 + 2, 0 + 1 are cut off",
            "the two numbers of each axis must stay below its size: 4, 8",
            "cropping",
        ),
    ],
    ids=lambda value: "",
)
def test_what_does_not_fit_is_refused(raw: Any, shape: list[int], message: str, help_: str, argument: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(TensorType(tuple(shape)))
    error = caught.value
    assert (error.message, error.help, error.argument) == (message, help_, argument)


def test_only_what_computes_means_wants_floats() -> None:
    pixels = TensorType((4, 4, 3), "uint8")
    for name in ("zero_padding2d", "cropping2d", "up_sampling2d"):
        assert LAYERS.build(name).plan(pixels).output.dtype == "uint8"
    raws: list[Any] = [
        {"up_sampling2d": {"interpolation": "bilinear"}},
        {"adaptive_avg_pool2d": 2},
        "global_max_pool2d",
    ]
    for raw in raws:
        with pytest.raises(PlanError, match="expected float values, got uint8"):
            LAYERS.build(raw).plan(pixels)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"zero_padding2d": [1, 2, 3]}, "expected one size or a list of 2, got a list of 3"),
        ({"zero_padding1d": -1}, "greater than or equal to 0"),
        ({"conv2d": {"filters": 1, "kernel_size": 1, "padding": "causal"}}, "'valid' or 'same'"),
        ({"up_sampling1d": 0}, "greater than or equal to 1"),
    ],
    ids=str,
)
def test_arguments_out_of_bounds_are_refused(raw: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LAYERS.build(raw)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ({"zero_padding1d": [1, 2]}, "zero_padding1d: [1, 2]"),
        ({"zero_padding1d": 2}, "zero_padding1d: 2"),
        ({"zero_padding2d": 1}, "zero_padding2d: 1"),
        ({"zero_padding2d": [1, 2]}, "zero_padding2d: [1, 2]"),
        ({"zero_padding2d": [[1, 2], [1, 2]]}, "zero_padding2d: [[1, 2], [1, 2]]"),
        ({"conv1d": {"filters": 2, "kernel_size": 3}}, "conv1d: {filters: 2, kernel_size: 3}"),
        ({"max_pool3d": [2, 2, 1]}, "max_pool3d: [2, 2, 1]"),
    ],
    ids=str,
)
def test_sizes_are_shown_as_they_can_be_written(raw: Any, shown: str) -> None:
    layer = LAYERS.build(raw)
    assert show_named(layer) == shown
    if layer.primary is not None and len(layer.model_fields_set) == 1:
        name, _, written = shown.partition(": ")
        assert LAYERS.build({name: json.loads(written)}) == layer
