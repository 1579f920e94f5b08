"""Arguments and input types of the layers that normalize or scale."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.layers.drawing import Configurations, arguments, axes, one, tensors, yes_or_no
from tests.compiler.layers.running import normal

several = axes | st.lists(axes, min_size=1, max_size=3)

CONFIGURATIONS: Configurations = {
    "group_norm": (
        arguments(
            groups=st.sampled_from([-1, 0, 1, 1, 2, 3]), maybe_axis=axes, maybe_center=yes_or_no, maybe_scale=yes_or_no
        ),
        one(tensors(1, 2, 3)),
    ),
    "layer_scale": (arguments(maybe_init_values=st.floats(-1, 1)), one(tensors(0, 1, 2, 3))),
    "rms_norm": (arguments(maybe_axis=several), one(tensors(1, 2, 3))),
    "unit_norm": (arguments(maybe_axis=several), one(tensors(1, 2, 3))),
}

x = normal(3, 4, 6)
USES: dict[str, tuple[Any, Any]] = {
    "group_norm": ({"groups": 2}, x),
    "layer_scale": (0.1, x),
    "rms_norm": ({}, x),
    "unit_norm": ({}, x),
}
"""One use of each, with a batch of three rows."""
