"""What padding, cropping and repeating refuse, and how their sizes are written."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import refusal


@pytest.mark.parametrize(
    ("raw", "shape", "message", "help_", "argument"),
    [
        (
            {"cropping2d": [[2, 2], [0, 1]]},
            [4, 8, 3],
            "nothing remains of [4, 8] when 2 + 2, 0 + 1 are cropped",
            "the sum of both numbers of each axis must be below its size: 4, 8",
            "cropping",
        ),
    ],
    ids=lambda value: "",
)
def test_what_does_not_fit_is_refused(raw: Any, shape: list[int], message: str, help_: str, argument: str) -> None:
    error = refusal(raw, shape)
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
    ],
    ids=str,
)
def test_sizes_are_shown_as_they_can_be_written(raw: Any, shown: str) -> None:
    layer = LAYERS.build(raw)
    assert show_named(layer) == shown
    if layer.primary is not None and len(layer.model_fields_set) == 1:
        name, _, written = shown.partition(": ")
        assert LAYERS.build({name: json.loads(written)}) == layer
