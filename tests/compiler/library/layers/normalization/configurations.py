"""Arguments and input types of the layers of `normalization`."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    arguments,
    axes,
    one,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

several = axes | st.lists(axes, min_size=1, max_size=3)
wrapped = st.sampled_from(
    [
        {"dense": 2},
        {"dense": {"units": 3, "activation": "softmax"}},
        {"conv1d": {"filters": 2, "kernel_size": 1}},
        {"conv2d_transpose": {"filters": 2, "kernel_size": 2}},
        {"depthwise_conv2d": 2},
        {"einsum_dense": {"equation": "...d,dhk->...hk", "output_shape": [2, 3]}},
        {"time_distributed": {"layer": {"dense": 2}}},
        {"lstm": 2},
        {"flatten": {}},
        {"add": {}},
        {"spectral_norm": {"layer": {"dense": 2}}},
    ]
)
x = normal(3, 4, 6)

CONFIGURATIONS: Configurations = {
    "batch_norm": (
        arguments(maybe_axis=axes, maybe_center=yes_or_no, maybe_scale=yes_or_no),
        one(tensors(1, 2, 3)),
    ),
    "layer_norm": (
        arguments(
            maybe_axis=axes | st.lists(axes, min_size=1, max_size=3), maybe_center=yes_or_no, maybe_scale=yes_or_no
        ),
        one(tensors(1, 2, 3)),
    ),
    "group_norm": (
        arguments(
            groups=st.sampled_from([-1, 0, 1, 1, 2, 3]), maybe_axis=axes, maybe_center=yes_or_no, maybe_scale=yes_or_no
        ),
        one(tensors(1, 2, 3)),
    ),
    "rms_norm": (arguments(maybe_axis=several), one(tensors(1, 2, 3))),
    "spectral_norm": (arguments(layer=wrapped, maybe_power_iterations=st.integers(1, 2)), one(tensors(1, 2, 3))),
    "unit_norm": (arguments(maybe_axis=several), one(tensors(1, 2, 3))),
}
USES: dict[str, tuple[Any, Any]] = {
    "batch_norm": ({}, normal(3, 4, 5)),
    "layer_norm": ({}, normal(3, 4, 5)),
    "group_norm": ({"groups": 2}, x),
    "rms_norm": ({}, x),
    "spectral_norm": ({"layer": {"conv1d": {"filters": 2, "kernel_size": 2}}}, x),
    "unit_norm": ({}, x),
}
"""One use of each, with a batch of three rows."""
