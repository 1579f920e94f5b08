"""Masks that are given beside the values: what the layers behind `attach_mask` make of them, and what is refused."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

import modelc
from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, normal

L = keras.layers
COMPARED = {"attach_mask"}
STEPS = normal(3, 5, 4)
MASK = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]], bool)


@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        ({"lstm": {"units": 3, "return_sequences": True}}, lambda: L.LSTM(3, return_sequences=True)),
        ({"gru": 3}, lambda: L.GRU(3)),
        ("global_avg_pool1d", L.GlobalAveragePooling1D),
    ],
    ids=["lstm", "gru", "pooling"],
)
def test_the_layers_behind_it_do_what_those_of_keras_do_with_their_mask(layer: Any, theirs: Any) -> None:
    model = modelc.compile(
        {
            "modelc": 1,
            "model": {
                "inputs": {"x": {"shape": [5, 4]}, "real": {"shape": [5], "dtype": "bool"}},
                "nodes": {
                    "masked": {"from": ["x", "real"], "attach_mask": None},
                    "y": {"from": "masked", **as_item(layer)},
                },
                "outputs": ["y"],
            },
        }
    )
    params, state = model.init(jax.random.key(0))
    inputs: Any = {"x": STEPS, "real": MASK}
    outputs, _ = model.apply(params, state, inputs)
    oracle = theirs()
    oracle.build(STEPS.shape)
    oracle.set_weights([params["y"][weight.name] for weight in oracle.weights])
    np.testing.assert_allclose(outputs["y"], oracle(STEPS, mask=MASK), rtol=1e-5, atol=1e-6)


def as_item(layer: Any) -> dict[str, Any]:
    return layer if isinstance(layer, dict) else {layer: None}


def test_steps_that_were_masked_before_stay_so_and_values_stay_as_they_are() -> None:
    before = np.array([[1, 1, 1, 0, 0]] * 3, bool)
    inputs, masks = {"x": STEPS, "mask": MASK}, {"x": before, "mask": None}
    result = build("attach_mask", inputs, masks)(inputs, masks=masks)
    np.testing.assert_array_equal(result.masks["output"], MASK & before)
    np.testing.assert_array_equal(result.outputs["output"], STEPS)


@pytest.mark.parametrize(
    ("x", "mask", "code", "message", "cure"),
    [
        ((5,), TensorType((5,), "bool"), "E301", "expected steps of values [time, ...], got [5]", "`reshape: [5, 1]`"),
        ((5, 4), TensorType((5,), "int32"), "E303", "a mask must be boolean, got int32", "`cast: bool`"),
        ((5, 4), TensorType((4,), "bool"), "E302", "expected a mask [5] for the steps of [5, 4], got [4]", "each step"),
        (
            (5, 4),
            TensorType((5, 1), "bool"),
            "E302",
            "expected a mask [5] for the steps of [5, 4], got [5, 1]",
            "each step",
        ),
    ],
)
def test_what_is_no_mask_of_the_steps_is_refused(
    x: tuple[int, ...], mask: TensorType, code: str, message: str, cure: str
) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build("attach_mask").plan(x=TensorType(x), mask=mask)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert cure in caught.value.help
