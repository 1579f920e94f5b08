"""Arguments and input types of the layers of `merging`."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    arguments,
    axes,
    branches,
    plain,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

x = normal(3, 4, 5)
two = (x, normal(3, 4, 5, seed=1))

CONFIGURATIONS: Configurations = {
    "divide": (arguments(maybe_broadcast=yes_or_no), branches()),
    "matmul": (
        plain,
        st.tuples(tensors(2, mask=False), sizes, yes_or_no).map(
            lambda drawn: {
                "inputs": (
                    drawn[0],
                    drawn[0].with_shape(drawn[0].shape[-1], drawn[1]) if drawn[2] else drawn[0],
                )
            }
        ),
    ),
    "stack": (arguments(maybe_axis=axes), branches()),
    "add": (arguments(maybe_broadcast=yes_or_no), branches()),
    "concatenate": (arguments(maybe_axis=axes), branches()),
    "multiply": (arguments(maybe_broadcast=yes_or_no), branches()),
    "average": (arguments(maybe_broadcast=yes_or_no), branches()),
    "dot": (arguments(axes=axes | st.lists(axes, min_size=1, max_size=3), maybe_normalize=yes_or_no), branches()),
    "maximum": (arguments(maybe_broadcast=yes_or_no), branches()),
    "minimum": (arguments(maybe_broadcast=yes_or_no), branches()),
    "subtract": (arguments(maybe_broadcast=yes_or_no), branches()),
}
USES: dict[str, tuple[Any, Any]] = {
    "divide": ({}, two),
    "matmul": ({}, (x, normal(3, 5, 2))),
    "stack": (-1, two),
    "add": ({}, (x, x)),
    "concatenate": (-1, (x, x)),
    "multiply": ({}, (x, x)),
    "average": ({}, two),
    "dot": ({"axes": -1, "normalize": True}, two),
    "maximum": ({}, two),
    "minimum": ({}, two),
    "subtract": ({}, two),
}
"""One use of each, with a batch of three rows."""
