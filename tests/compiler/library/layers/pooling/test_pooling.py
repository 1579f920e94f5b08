"""What pooling does beyond what Keras shows: masks, refusals, precision, windows that Keras misses."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import filled, normal, refusal


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


@pytest.mark.parametrize(
    ("raw", "shape", "message", "help_", "argument"),
    [
        (
            "max_pool1d",
            [8, 8, 3],
            "expected a sequence [time, features], got [8, 8, 3]",
            "for each of the 8 sequences, put it into `time_distributed`; for all places as one sequence, write `reshape: [64, 3]` before it",
            "",
        ),
        (
            {"avg_pool1d": 5},
            [4, 2],
            "a window of 5 does not fit into a sequence of 4",
            "use `padding: same`, a smaller `pool_size`, or reduce the sequence less before this layer",
            "pool_size",
        ),
    ],
    ids=lambda value: "",
)
def test_what_does_not_fit_is_refused(raw: Any, shape: list[int], message: str, help_: str, argument: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help, error.argument) == (message, help_, argument)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
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
