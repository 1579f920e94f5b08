"""Arguments and input types of the layers of `reshaping`."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from tests.compiler.library.layers.drawing import (
    SPACES,
    Configurations,
    anything,
    arguments,
    axes,
    each,
    one,
    paddings,
    plain,
    sizes,
    spaces,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal


def ends(count: int, most: int = 2) -> st.SearchStrategy[Any]:
    """Counts for both ends of each axis, in every form."""
    pair = each(2, 0, most)
    return pair if count == 1 else st.integers(0, most) | st.lists(pair, min_size=count, max_size=count)


@st.composite
def gathered(draw: Any) -> dict[str, Any]:
    """What entries are taken of, and indices of any shape."""
    x = draw(tensors(1, 2, 2, 3, dtypes=anything))
    return {
        "x": x,
        "indices": draw(tensors(0, 1, 1, 2, dtypes=st.sampled_from(["int32", "int32", "uint8", "float32"]))),
    }


@st.composite
def along(draw: Any) -> dict[str, Any]:
    """What entries are taken of, and indices that differ along one axis, some of size 1 along others."""
    x = draw(tensors(1, 2, 2, 3, dtypes=anything))
    shape = list(x.shape)
    shape[draw(st.integers(0, x.rank - 1))] = draw(sizes)
    if draw(yes_or_no):
        shape[draw(st.integers(0, x.rank - 1))] = 1
    mask = x.rank > 1 and draw(yes_or_no)
    return {"x": x, "indices": TensorType(tuple(shape), draw(st.sampled_from(["int32", "int32", "uint8"])), mask)}


def inside(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Indices that there are."""
    random = np.random.default_rng(use.seed + 2)
    (size,) = use.layer.vocabularies(**use.types).values()
    indices = random.integers(0, size, inputs["indices"].shape)
    return {"x": inputs["x"], "indices": indices.astype(inputs["indices"].dtype)}


some_axes = axes | st.lists(axes, min_size=1, max_size=3)
places = st.integers(-4, 4)
x = normal(3, 4, 5)

CONFIGURATIONS: Configurations = {
    "expand_dims": (arguments(axis=st.integers(-4, -1)), one(tensors(0, 1, 2, 2, 3, dtypes=anything))),
    "gather": (arguments(maybe_axis=axes), gathered()),
    "take_along_axis": (arguments(axis=axes), along()),
    "select": (arguments(axis=axes, index=places), one(tensors(1, 2, 2, 3, dtypes=anything))),
    "slice": (
        arguments(axis=axes, maybe_start=places, maybe_stop=places, maybe_step=st.integers(-3, 3)),
        one(tensors(1, 2, 2, 3, dtypes=anything)),
    ),
    "split": (
        arguments(
            indices_or_sections=st.integers(1, 4) | st.lists(st.integers(1, 5), max_size=3, unique=True).map(sorted),
            maybe_axis=axes,
        ),
        one(tensors(1, 2, 2, 3, dtypes=anything)),
    ),
    "squeeze": (
        arguments(axis=some_axes),
        one(tensors(1, 2, 3, dtypes=anything).map(lambda x: x.with_shape(*(size // 5 + 1 for size in x.shape)))),
    ),
    "flatten": (plain, one(tensors(0, 1, 2, 3, dtypes=anything))),
    "reshape": (
        arguments(shape=st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), max_size=3)),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "permute": (
        arguments(dims=st.sampled_from([[-1], [-1, -2], [-2, -3, -1], [-1, -1], [2, 1]]) | axes),
        one(tensors(1, 2, 3, dtypes=anything)),
    ),
    "repeat_vector": (arguments(n=sizes), one(tensors(0, 1, 1, 2, dtypes=anything))),
    **{
        f"{kind}_padding{d}d": (arguments(maybe_padding=ends(d)), spaces(d, dtypes=anything))
        for kind in ("zero", "edge", "reflection")
        for d in (1, 2, 3)
    },
    **{
        f"extract_patches{d}d": (
            arguments(size=each(d), maybe_strides=each(d), maybe_padding=paddings, maybe_dilation_rate=each(d, most=2)),
            spaces(d, dtypes=anything),
        )
        for d in (1, 2, 3)
    },
    "roll": (
        arguments(shift=places | st.lists(places, min_size=1, max_size=2), axis=some_axes),
        one(tensors(1, 2, 2, 3, dtypes=anything)),
    ),
    **{f"cropping{d}d": (arguments(maybe_cropping=ends(d)), spaces(d, dtypes=anything)) for d in (1, 2, 3)},
    **{f"up_sampling{d}d": (arguments(maybe_size=each(d)), spaces(d, dtypes=anything)) for d in (1, 3)},
    "up_sampling2d": (
        arguments(maybe_size=each(2), maybe_interpolation=st.sampled_from(["nearest", "bilinear"])),
        spaces(2, dtypes=anything),
    ),
}
VALUES = {"gather": inside, "take_along_axis": inside}
USES: dict[str, tuple[Any, Any]] = {
    "gather": (-2, {"x": x, "indices": np.array([[3, 0], [1, 1], [2, 0]], "int32")}),
    "take_along_axis": (-1, {"x": x, "indices": np.arange(60, dtype="int32").reshape(3, 4, 5) % 5}),
    "expand_dims": (-1, x),
    "select": ({"axis": -2, "index": -1}, x),
    "slice": ({"axis": -2, "start": 1, "stop": 3}, x),
    "split": ({"indices_or_sections": 2, "axis": -2}, x),
    "squeeze": (-2, x[:, :1]),
    "flatten": ({}, x),
    "reshape": ([-1], x),
    "permute": ([-1, -2], x),
    "repeat_vector": (2, x[:, 0]),
    **{f"{kind}_padding{d}d": ({}, SPACES[d]) for kind in ("zero", "edge", "reflection") for d in (1, 2, 3)},
    **{f"extract_patches{d}d": (2, SPACES[d]) for d in (1, 2, 3)},
    "roll": ({"shift": 1, "axis": -2}, x),
    **{f"cropping{d}d": (1, SPACES[d]) for d in (1, 2, 3)},
    **{f"up_sampling{d}d": ({}, SPACES[d]) for d in (1, 2, 3)},
}
"""One use of each, with a batch of three rows."""
