"""Arguments and input types of the layers that make of columns of a table what a network takes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    anything,
    arguments,
    axes,
    numbers,
    one,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

statistics = st.lists(st.floats(0, 4), min_size=1, max_size=3) | st.floats(0, 4)

modes = st.sampled_from(["int", "one_hot", "multi_hot", "count"])
whole = st.sampled_from(["int32", "uint8", "int8", "float32"])
integers = st.integers(-5, 20)


@st.composite
def weighted(draw: Any) -> dict[str, Any]:
    """Ids, sometimes with weights that mostly fit."""
    x = draw(tensors(0, 1, 1, 2, 3, dtypes=whole))
    if draw(yes_or_no):
        return {"x": x}
    weights = draw(st.sampled_from([x.with_dtype("float32"), x.with_dtype("bfloat16").with_mask(False), x]))
    return {"x": x, "count_weights": weights}


CONFIGURATIONS: Configurations = {
    "category_encoding": (
        arguments(num_tokens=sizes, maybe_output_mode=st.sampled_from(["one_hot", "multi_hot", "count", "count"])),
        weighted(),
    ),
    "discretization": (
        arguments(maybe_num_bins=st.integers(2, 7), maybe_output_mode=modes)
        | arguments(bin_boundaries=st.lists(numbers, min_size=1, max_size=3) | numbers, maybe_output_mode=modes),
        one(tensors(0, 1, 1, 2, 3, dtypes=anything)),
    ),
    "integer_lookup": (
        arguments(max_tokens=sizes, maybe_num_oov_indices=st.integers(1, 3), maybe_output_mode=modes)
        | arguments(
            vocabulary=st.lists(integers, min_size=1, max_size=4),
            maybe_num_oov_indices=st.integers(1, 3),
            maybe_mask_token=integers,
            maybe_output_mode=modes,
        ),
        one(tensors(0, 1, 1, 2, 3, dtypes=whole)),
    ),
    "normalization": (
        arguments(
            maybe_axis=st.none() | axes | st.lists(axes, min_size=1, max_size=2),
            maybe_mean=statistics,
            maybe_variance=statistics,
            maybe_invert=yes_or_no,
        )
        | arguments(mean=st.floats(0, 4), variance=st.floats(0.5, 4), maybe_axis=axes, maybe_invert=yes_or_no),
        one(tensors(0, 1, 2, 2, 3, dtypes=anything)),
    ),
}

x = normal(3, 4, 5)
ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")
USES: dict[str, tuple[Any, Any]] = {
    "category_encoding": (5, ids),
    "discretization": ({"num_bins": 4, "output_mode": "count"}, x),
    "integer_lookup": ({"max_tokens": 5}, ids),
    "normalization": ({}, x),
}
"""One use of each, with a batch of three rows."""
