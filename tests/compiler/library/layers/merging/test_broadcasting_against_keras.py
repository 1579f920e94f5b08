"""Merging of two inputs by Keras 3's functions, with broadcasting, and what becomes of their masks."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check_together
from tests.compiler.library.layers.running import build, normal, refusal

ops: Any = keras.ops
L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)
positive = np.abs(x3) + 0.1


def case(raw: Any, function: Callable[[Any], Any], inputs: Any = x3, **options: Any) -> Case:
    """A layer against a function of one array, or of a tuple of them."""
    return Case(raw, lambda: function, inputs, **options)


CASES = [
    case({"divide": {}}, lambda both: ops.divide(*both), (x3, positive)),
    case({"matmul": {}}, lambda both: ops.matmul(*both), (x3, normal(2, 4, 3))),
    case({"matmul": {}}, lambda both: ops.matmul(*both), (image, normal(2, 3, 4, 1))),
    case({"stack": {}}, lambda two: ops.stack(two, axis=-1), (x3, x3 * 2, x3 + 1)),
    case({"stack": -3}, lambda two: ops.stack(two, axis=1), (x3, x3 * 2)),
    *(
        Case({name: {"broadcast": True}}, oracle, inputs)
        for name, oracle in (("add", L.Add), ("multiply", L.Multiply), ("average", L.Average), ("maximum", L.Maximum))
        for inputs in ((image, normal(2, 1, 1, 4)), (x3[:, :1], x3[..., :1] * 2, x3 + 1))
    ),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    check_together(CASES)


mask = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
garbage = np.where(mask[..., None], normal(3, 4, 5) - 3, np.nan).astype("float32")


def test_an_input_stretched_along_time_says_nothing_about_steps() -> None:
    gate = normal(3, 1, 5)
    given = {"inputs": (jnp.asarray(mask), None)}
    running = build({"multiply": {"broadcast": True}}, (garbage, gate), given)
    np.testing.assert_array_equal(running((garbage, gate), masks=given).masks["output"], mask)
    sequence, step = TensorType((4, 5), mask=True), TensorType((1, 5))
    plan = LAYERS.build({"multiply": {"broadcast": True}}).plan((sequence, step))
    assert plan.output.mask and not plan.drops_mask
    assert LAYERS.build("multiply").plan((sequence, sequence.with_mask(False))).drops_mask


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "divide"])
def test_a_mask_is_kept_beside_inputs_without_one_where_that_is_asked_for(name: str) -> None:
    other = normal(*garbage.shape)
    given = {"inputs": (None, jnp.asarray(mask))}
    running = build({name: {"keep_mask": True}}, (other, garbage), given)
    np.testing.assert_array_equal(running((other, garbage), masks=given).masks["output"], mask)
    assert "output" not in running((other, garbage)).masks
    masked, bare = TensorType((4, 5), mask=True), TensorType((4, 5))
    for inputs in ((masked, bare), (bare, masked), (masked, masked)):
        plan = running.layer.plan(inputs)
        assert plan.output.mask and not plan.drops_mask
    assert not running.layer.plan((bare, bare)).output.mask
    assert LAYERS.build(name).plan((masked, bare)).drops_mask


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "cure"),
    [
        (
            {"matmul": {}},
            [[3, 4], [3, 4]],
            "expected [..., rows, inner] and [..., inner, columns], got [3, 4] and [3, 4]",
            "`permute: [-1, -2]` transposes a matrix",
        ),
        (
            {"multiply": {}},
            [[7, 7, 4], [1, 1, 4]],
            "expected inputs of the same shape, got [7, 7, 4] and [1, 1, 4]",
            "write `broadcast: true` to broadcast axes of size 1 to the size of the others",
        ),
        (
            {"multiply": {"broadcast": True}},
            [[7, 4], [2, 4]],
            "expected inputs of the same shape, got [7, 4] and [2, 4]",
            "all axes must be equal: nothing is broadcast",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, shapes: list[list[int]], message: str, cure: str) -> None:
    error = refusal(raw, *shapes)
    assert (error.message, error.help) == (message, cure)
