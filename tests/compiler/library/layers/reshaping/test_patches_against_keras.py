"""Patches, rolled axes and padded edges against Keras 3 and NumPy, beyond what is drawn."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np

from tests.compiler.library.layers.comparing import Case, check_together
from tests.compiler.library.layers.running import build, normal, refusal

ops: Any = keras.ops
image, sequence = normal(2, 5, 6, 3), normal(2, 7, 3)


def case(raw: Any, function: Any, inputs: Any = image) -> Case:
    return Case(raw, lambda: function, inputs)


CASES = [
    case({"extract_patches2d": 2}, lambda x: ops.image.extract_patches(x, 2)),
    case({"extract_patches2d": {"size": 3, "strides": 1}}, lambda x: ops.image.extract_patches(x, 3, 1)),
    case({"extract_patches3d": 1}, lambda x: x, image[:, None]),
    case(
        {"extract_patches1d": {"size": 3, "strides": 2}},
        lambda x: jnp.stack([x[:, place : place + 3].reshape(2, -1) for place in (0, 2, 4)], 1),
        sequence,
    ),
    case({"roll": {"shift": [-2, 1], "axis": [-3, -2]}}, lambda x: ops.roll(x, (-2, 1), (1, 2))),
    *(
        case(
            {f"{name}_padding{d}d": 2},
            lambda x, d=d, mode=mode: ops.pad(x, [(0, 0), *[(2, 2)] * d, (0, 0)], mode=mode),
            {1: sequence, 2: image, 3: normal(2, 3, 4, 3, 1)}[d],
        )
        for name, mode in (("edge", "edge"), ("reflection", "reflect"))
        for d in (1, 2, 3)
    ),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    check_together(CASES)


def test_patches_that_overlap_with_gaps_hold_what_numpy_cuts_out() -> None:
    """Keras takes no dilation together with strides."""
    raw = {"extract_patches2d": {"size": 2, "strides": 2, "dilation_rate": 2}}
    found = build(raw, image).output(image)
    for row in range(2):
        for column in range(2):
            window = image[:, 2 * row : 2 * row + 3 : 2, 2 * column : 2 * column + 3 : 2]
            np.testing.assert_array_equal(found[:, row, column], window.reshape(2, -1))


def test_a_mask_is_rolled_with_its_steps_and_with_no_other_axis() -> None:
    mask = np.array([[1, 1, 0, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0]], bool)
    masks = {"x": jnp.asarray(mask)}
    for raw, right in (
        ({"shift": 2, "axis": -2}, np.roll(mask, 2, 1)),
        ({"shift": [1, -1], "axis": [-1, -2]}, np.roll(mask, -1, 1)),
        ({"shift": 2, "axis": -1}, mask),
    ):
        running = build({"roll": raw}, sequence, masks)
        np.testing.assert_array_equal(running(sequence, masks=masks).masks["output"], right)


def test_what_does_not_fit_is_refused() -> None:
    error = refusal({"reflection_padding2d": 3}, [3, 8, 1])
    assert error.message == "[3, 8] has too little to mirror 3 values along an axis of size 3"
    assert error.help == ("give at most 2 there: the value at the edge is not mirrored; `edge_padding2d` has no bound")
    error = refusal({"roll": {"shift": [1, 2, 3], "axis": [-1, -2]}}, [4, 5])
    assert error.message == "`shift` has 3 numbers for 2 axes"
    assert "does not fit into an image of [3, 8]" in refusal({"extract_patches2d": 4}, [3, 8, 1]).message
