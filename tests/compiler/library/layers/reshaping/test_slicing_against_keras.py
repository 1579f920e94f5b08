"""Parts of arrays and axes of size 1 against Keras 3's functions, and what becomes of masks."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check_together
from tests.compiler.library.layers.running import build, normal, refusal

ops: Any = keras.ops
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)


def case(raw: Any, function: Callable[[Any], Any], inputs: Any = x3, **options: Any) -> Case:
    """A layer against a function of one array, or of a tuple of them."""
    return Case(raw, lambda: function, inputs, **options)


CASES = [
    case({"expand_dims": -1}, lambda x: ops.expand_dims(x, -1)),
    case({"expand_dims": -3}, lambda x: ops.expand_dims(x, 1)),
    case({"select": {"axis": -2, "index": -1}}, lambda x: x[:, -1]),
    case({"select": {"axis": -1, "index": 2}}, lambda x: x[..., 2], image),
    case({"slice": {"axis": -2, "start": 1}}, lambda x: x[:, 1:]),
    case({"slice": {"axis": -2, "step": -1}}, lambda x: ops.flip(x, 1)),
    case({"slice": {"axis": -3, "start": -3, "stop": -1}}, lambda x: x[:, -3:-1], image),
    case({"slice": {"axis": -1, "start": 3, "stop": 0, "step": -2}}, lambda x: x[..., 3:0:-2]),
    case({"split": 2}, lambda x: ops.split(x, 2, axis=-1), ports=("part_0", "part_1")),
    case(
        {"split": {"indices_or_sections": [1, 4], "axis": -2}},
        lambda x: ops.split(x, [1, 4], axis=-2),
        image,
        ports=("part_0", "part_1", "part_2"),
    ),
    case({"squeeze": -1}, lambda x: ops.squeeze(x, -1), x3[..., :1]),
    case({"squeeze": [-1, -3]}, lambda x: ops.squeeze(x, (1, 3)), image[:, :1, :, :1]),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    check_together(CASES)


mask = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
masks = {"x": jnp.asarray(mask)}


def test_masks_go_with_what_is_moved() -> None:
    deep = normal(3, 4, 2, 1)
    for raw, x, right in (
        ({"slice": {"axis": -3, "step": -1}}, deep, mask[:, ::-1]),
        ({"slice": {"axis": -2, "start": 1}}, deep, mask),
        ({"select": {"axis": -2, "index": 1}}, deep, mask),
        ({"squeeze": -1}, deep, mask),
        ({"expand_dims": -2}, deep, mask),
        ({"mean": -2}, deep, mask),
        ({"argmax": -1}, deep, mask),
    ):
        running = build(raw, x, masks)
        assert running.layer.plan(TensorType((4, 2, 1), mask=True)).output.mask
        np.testing.assert_array_equal(running(x, masks=masks).masks["output"], right)
    parts = build({"split": {"indices_or_sections": [1], "axis": -3}}, deep, masks)(deep, masks=masks).masks
    np.testing.assert_array_equal(parts["part_0"], mask[:, :1])
    np.testing.assert_array_equal(parts["part_1"], mask[:, 1:])
    either = {"inputs": (jnp.asarray(mask), jnp.asarray(~mask))}
    assert np.all(build({"stack": -1}, (deep, deep), either)((deep, deep), masks=either).masks["output"])


def test_what_has_no_place_for_a_mask_says_so() -> None:
    sequence, deep = TensorType((4, 5), mask=True), TensorType((4, 1), mask=True)
    for raw, x, dropped in (
        ({"select": {"axis": -2, "index": 0}}, sequence, True),
        ({"select": {"axis": -1, "index": 0}}, sequence, True),
        ({"mean": -1}, sequence, True),
        ({"mean": {"axis": -1, "keepdims": True}}, sequence, False),
        ({"mean": -2}, sequence, False),
        ({"squeeze": -1}, deep, True),
        ({"expand_dims": -3}, sequence, True),
        ({"slice": {"axis": -2, "stop": 1}}, sequence, False),
    ):
        plan = LAYERS.build(raw).plan(x)
        assert plan.drops_mask == dropped and not (dropped and plan.output.mask), raw
        assert not LAYERS.build(raw).plan(x.with_mask(False)).drops_mask


def test_a_dropped_mask_is_a_warning_at_the_layer() -> None:
    text = (
        "modelc: 1\nmodel:\n  inputs: {words: {shape: [7], dtype: int32}}\n  nodes:\n"
        "    e: {from: words, embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}\n"
        "    last: {from: e, select: {axis: -2, index: -1}}\n    middle: {from: e, mean: -2}\n"
        "    gate: {from: [e, e], multiply}\n    y: {from: [last, middle], divide}\n  outputs: [y, gate]\n"
    )
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.message) == ("W904", "`last` drops the mask of its input")


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "cure"),
    [
        (
            {"slice": {"axis": -1, "stop": 9}},
            [[3, 4]],
            "`stop` is 9, but axis -1 of [3, 4] has the size 4",
            "indices go from 0 to 4, or from -4 if they count from the end",
        ),
        (
            {"slice": {"axis": -1, "start": 2, "stop": 1}},
            [[3, 4]],
            "nothing of axis -1 of [3, 4] lies from 2 to 1 in steps of 1",
            "`start` must be before `stop`, or after it if `step` is negative",
        ),
        ({"slice": {"axis": -1, "step": 0}}, [[4]], "`step` is 0", "1 takes every entry, -1 goes backwards"),
        (
            {"select": {"axis": -2, "index": 3}},
            [[3, 4]],
            "`index` is 3, but axis -2 of [3, 4] has the size 3",
            "indices go from 0 to 2, or from -3 to -1 if they count from the end",
        ),
        (
            {"split": 3},
            [[4]],
            "axis -1 of [4] does not split into 3 equal parts: its size is 4",
            "choose a divisor of 4, or list the indices where parts begin",
        ),
        (
            {"split": [2, 9]},
            [[4]],
            "[2, 9] does not split axis -1 of [4], which has the size 4",
            "list indices from 1 to 3 in increasing order",
        ),
        (
            {"squeeze": -1},
            [[3, 4]],
            "axis -1 of [3, 4] has the size 4, but only an axis of size 1 can be removed",
            "`select` takes one entry of an axis, `mean` or `max` reduce an axis, `flatten` joins axes",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, shapes: list[list[int]], message: str, cure: str) -> None:
    error = refusal(raw, *shapes)
    assert (error.message, error.help) == (message, cure)
