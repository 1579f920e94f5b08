"""Arguments and input types of the layers that make of columns of a table what a network takes."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.layers.drawing import Configurations, anything, arguments, axes, one, tensors, yes_or_no
from tests.compiler.layers.running import normal

statistics = st.lists(st.floats(0, 4), min_size=1, max_size=3) | st.floats(0, 4)

CONFIGURATIONS: Configurations = {
    "normalization": (
        arguments(
            maybe_axis=st.none() | axes | st.lists(axes, min_size=1, max_size=2),
            maybe_mean=statistics,
            maybe_variance=statistics,
            maybe_invert=yes_or_no,
        ),
        one(tensors(0, 1, 2, 2, 3, dtypes=anything)),
    ),
}

x = normal(3, 4, 5)
USES: dict[str, tuple[Any, Any]] = {
    "normalization": ({}, x),
}
"""One use of each, with a batch of three rows."""
