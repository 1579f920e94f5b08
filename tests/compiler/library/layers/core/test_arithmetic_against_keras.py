"""Arithmetic and reductions against Keras 3's functions; what masks do, against NumPy over the steps that count."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.api import check
from tests.compiler.library.layers.comparing import Case, check_together, close
from tests.compiler.library.layers.running import build, normal, refusal

ops: Any = keras.ops
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
positive = np.abs(x3) + 0.1
signed = normal(1, 3, 4, seed=3)


def case(raw: Any, function: Callable[[Any], Any], inputs: Any = x3, **options: Any) -> Case:
    """A layer against a function of one array, or of a tuple of them."""
    return Case(raw, lambda: function, inputs, **options)


REDUCTIONS: dict[str, Any] = {"max": ops.max, "mean": ops.mean, "min": ops.min, "sum": ops.sum}
ELEMENTWISE: dict[str, Any] = {"abs": ops.abs, "cos": ops.cos, "log": ops.log, "sin": ops.sin, "sqrt": ops.sqrt}
CASES = [
    *(
        case({name: arguments}, partial(function, axis=axes, keepdims=keepdims), x)
        for name, function in REDUCTIONS.items()
        for arguments, axes, keepdims, x in (
            (-1, -1, False, x3),
            ([-3, -1], (1, 3), False, image),
            ({"axis": -2, "keepdims": True}, -2, True, normal(1, 1, 1)),
            ([-1], -1, False, normal(3, 5)),
        )
    ),
    case({"max": -1}, lambda x: ops.max(x, -1), np.ones((2, 3, 4), "float32")),
    *(case({name: {}}, function, positive) for name, function in ELEMENTWISE.items()),
    *(case({name: {}}, ELEMENTWISE[name], signed) for name in ("abs", "cos", "sin")),
    case({"argmax": {}}, lambda x: ops.argmax(x, -1)),
    case({"argmax": {"axis": -2, "keepdims": True}}, lambda x: ops.argmax(x, axis=-2, keepdims=True), image),
    case({"argmax": {}}, lambda x: ops.argmax(x, -1), np.ones((2, 3, 4), "float32")),
    case({"cast": "int8"}, lambda x: ops.cast(x, "int8"), x3 * 10),
    case({"clip": {"min_value": -0.5, "max_value": 0.5}}, lambda x: ops.clip(x, -0.5, 0.5)),
    case({"clip": {"min_value": "1/3"}}, lambda x: ops.maximum(x, 1 / 3)),
    case({"clip": {"max_value": 0}}, lambda x: ops.minimum(x, 0.0)),
    case({"power": 2}, lambda x: ops.power(x, 2), signed),
    case({"power": -1}, lambda x: ops.power(x, -1.0), positive),
    case({"power": "1/3"}, lambda x: ops.power(x, 1 / 3), positive),
    case({"stop_gradient": {}}, ops.stop_gradient),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    check_together(CASES)


def test_casts_keep_values_and_hold_floats_at_the_ends_of_a_type() -> None:
    bytes_ = np.arange(6, dtype="uint8").reshape(2, 3)
    y = build({"cast": "float32"}, bytes_).output(bytes_)
    assert y.dtype == "float32" and np.array_equal(y, bytes_)
    x = np.array([[-300.7, -1.9, 1.9, 300.7, np.nan]], "float32")
    for dtype, expected in (("int8", [-128, -1, 1, 127, 0]), ("uint8", [0, 0, 1, 255, 0])):
        y = jax.jit(lambda x, dtype=dtype: build({"cast": dtype}, x)(x).outputs["output"])(x)
        np.testing.assert_array_equal(y[0], expected)


mask = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
masks = {"x": jnp.asarray(mask)}
garbage = np.where(mask[..., None], normal(3, 4, 5) - 3, np.nan).astype("float32")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", lambda steps: steps.mean(0)),
        ("sum", lambda steps: steps.sum(0)),
        ("max", lambda steps: steps.max(0)),
        ("min", lambda steps: steps.min(0)),
    ],
)
def test_padding_does_not_count_where_time_is_reduced(name: str, expected: Any) -> None:
    running = build({name: -2}, garbage, masks)
    rows = [expected(steps[real]) for steps, real in zip(garbage[:2], mask[:2], strict=True)]
    right = np.stack([*rows, np.zeros(5, "float32")])
    close(running.output(garbage, masks=masks), right, 1e-6)
    gradient = jax.grad(lambda x: jnp.sum(running(x, masks=masks).outputs["output"]))(jnp.asarray(garbage))
    assert np.isfinite(gradient).all()
    assert not np.any(np.asarray(gradient)[~mask])
    both = build({name: [-1, -2]}, garbage, masks).output(garbage, masks=masks)
    reduce = getattr(np, name)
    close(both[:2], np.array([reduce(steps[real]) for steps, real in zip(garbage[:2], mask[:2], strict=True)]), 1e-6)


def test_the_largest_step_is_searched_among_real_ones() -> None:
    y = build({"argmax": -2}, garbage, masks).output(garbage, masks=masks)
    first = np.flatnonzero(mask[0])[np.argmax(garbage[0, mask[0]], axis=0)]
    np.testing.assert_array_equal(y[0], first)
    np.testing.assert_array_equal(y[2], 0)


def test_a_layer_that_drops_a_mask_names_what_uses_it() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {words: {shape: [7], dtype: int32}}\n"
        "  layers: [embedding: {input_dim: 9, output_dim: 4, mask_zero: true}, global_max_pool1d]\n"
    )
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.helps) == ("W904", ("write `max: -2`, which ignores padding",))
    assert not check(text.replace("global_max_pool1d", "max: -2"), "spec.yaml").problems


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "cure"),
    [
        ({"mean": [-1, -1]}, [[3, 4]], "`axis` [-1, -1] has a duplicate axis", "write `axis: [-1]`"),
        (
            {"mean": 1},
            [[3, 4]],
            "`axis` is 1, but axes count from the end, because the batch axis is never written",
            "write `axis: -2` for what Keras calls 1; [3, 4] has the axes -2 (3), -1 (4)",
        ),
        (
            {"clip": {}},
            [[3]],
            "expected `min_value` or `max_value`, got neither",
            "write for example `clip: {min_value: 0, max_value: 1}`",
        ),
        (
            {"clip": {"min_value": 2, "max_value": 1}},
            [[3]],
            "`min_value` 2 is larger than `max_value` 1",
            "swap them",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, shapes: list[list[int]], message: str, cure: str) -> None:
    error = refusal(raw, *shapes)
    assert (error.message, error.help) == (message, cure)
