"""Images brought to one size, against Keras 3."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, compare, is_float
from tests.compiler.library.layers.running import build, normal

L = keras.layers
wide, tall, pixel = normal(2, 5, 9, 3), normal(1, 7, 4, 2), normal(2, 1, 1, 1)


def resizing(height: int, width: int, x: np.ndarray, **others: Any) -> Case:
    arguments = {"height": height, "width": width, **others}
    return Case({"resizing": arguments}, lambda: L.Resizing(**arguments), x)


def cropping(height: int, width: int, x: np.ndarray) -> Case:
    return Case({"center_crop": {"height": height, "width": width}}, lambda: L.CenterCrop(height, width), x)


CASES = [
    *(
        resizing(height, width, wide, interpolation=method)
        for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for height, width in ((8, 4), (5, 9))
    ),
    *(resizing(3, 4, wide, interpolation=method, antialias=True) for method in ("bilinear", "bicubic", "lanczos3")),
    *(resizing(4, 4, x, crop_to_aspect_ratio=True) for x in (wide, tall, pixel)),
    *(resizing(4, 3, x, pad_to_aspect_ratio=True, fill_value=0.5) for x in (wide, tall, pixel)),
    resizing(3, 8, tall, crop_to_aspect_ratio=True, interpolation="nearest"),
    resizing(2, 3, pixel),
    *(cropping(height, width, wide) for height, width in ((2, 4), (5, 9), (4, 4), (7, 3), (6, 12))),
    cropping(3, 3, pixel),
]
COMPARED = {case.name for case in CASES}


def test_values_and_gradients() -> None:
    """All in one compiled function: compiling each would take longer than all the rest."""
    inputs = [jnp.asarray(case.inputs) for case in CASES]
    assert all(map(is_float, inputs)), "no gradients would be compared"

    def ours(params: Any, inputs: Any) -> tuple[Any, Any]:
        pairs = zip(CASES, inputs, strict=True)
        return tuple(case.running()(x).outputs["output"] for case, x in pairs), {}

    def theirs(params: Any, inputs: Any) -> tuple[Any, Any]:
        return tuple(case.oracle()(x) for case, x in zip(CASES, inputs, strict=True)), {}

    compare(ours, theirs, {}, inputs, [str(case.raw) for case in CASES])


def test_bytes_are_copied_and_cut_as_bytes() -> None:
    x = np.arange(24, dtype="uint8").reshape(1, 4, 3, 2)
    copied = build({"resizing": {"height": 8, "width": 6, "interpolation": "nearest"}}, x).output(x)
    np.testing.assert_array_equal(copied, x.repeat(2, 1).repeat(2, 2))
    cut = build({"center_crop": {"height": 2, "width": 2}}, x).output(x)
    np.testing.assert_array_equal(cut, x[:, 1:3, :2])
    assert copied.dtype == cut.dtype == np.uint8


def test_narrow_floats_are_interpolated_in_float32() -> None:
    x = (normal(2, 40, 40, 1) + 100).astype("bfloat16")
    arguments = {"height": 3, "width": 3, "antialias": True}
    narrow = build({"resizing": arguments}, x)(jnp.asarray(x)).outputs["output"]
    assert narrow.dtype == jnp.bfloat16
    exact = build({"resizing": arguments}, x.astype("float32")).output(x.astype("float32"))
    np.testing.assert_allclose(narrow.astype("float32"), exact, rtol=2**-8)


@pytest.mark.parametrize(
    ("raw", "dtype", "message", "cure"),
    [
        (
            {"resizing": {"height": 2, "width": 2, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}},
            "float32",
            "`crop_to_aspect_ratio` and `pad_to_aspect_ratio` are both true",
            "keep one of them",
        ),
        (
            {"resizing": {"height": 2, "width": 2, "fill_value": 1}},
            "float32",
            "`fill_value` is 1, but no edges are added",
            "write `pad_to_aspect_ratio: true`, or omit `fill_value`",
        ),
        (
            {"resizing": {"height": 2, "width": 2, "interpolation": "nearest", "antialias": True}},
            "float32",
            "`antialias` has no effect with `interpolation: nearest`",
            "choose `interpolation: bilinear`, or omit `antialias`",
        ),
        (
            {"resizing": {"height": 2, "width": 2}},
            "uint8",
            "expected float values, got uint8",
            "add `rescaling: 1/255` before it",
        ),
        (
            {"center_crop": {"height": 9, "width": 2}},
            "uint8",
            "expected float values, got uint8",
            "add `rescaling: 1/255` before it",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, dtype: str, message: str, cure: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(TensorType((4, 5, 3), dtype))
    assert (caught.value.message, caught.value.help) == (message, cure)
