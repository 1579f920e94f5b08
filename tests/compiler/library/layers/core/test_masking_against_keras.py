"""Steps that are masked for their values, against Keras 3."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import build, normal, refusal

L = keras.layers
x3 = normal(2, 3, 4)
holes = np.where(np.array([[1, 0, 1], [0, 0, 1]])[:, :, None], x3, 0.5).astype("float32")
CASES = [
    Case({"masking": 0.5}, lambda: L.Masking(0.5), holes),
]
COMPARED = {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


def test_masking_masks_what_is_all_padding_and_what_was_masked_before() -> None:
    result = build({"masking": 0.5}, holes)(holes)
    np.testing.assert_array_equal(result.masks["output"], [[1, 0, 1], [0, 0, 1]])
    assert not np.any(result.outputs["output"][0, 1])
    before = {"x": jnp.array([[1, 1, 0], [1, 1, 1]], bool)}
    again = build({"masking": 0.5}, holes, before)(holes, masks=before)
    np.testing.assert_array_equal(again.masks["output"], [[1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("raw", "shape", "message", "cure"),
    [
        (
            {"masking": 0},
            [3],
            "expected a sequence [time, features], got [3]",
            "for 3 numbers, `reshape: [3, 1]`; for ids, `mask_zero` of `embedding`",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(raw: Any, shape: list[int], message: str, cure: str) -> None:
    error = refusal(raw, shape)
    assert (error.message, error.help) == (message, cure)
