"""Arguments and input types of the layers that are little more than a weight."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    anything,
    arguments,
    axes,
    one,
    sizes,
    tensors,
)
from tests.compiler.library.layers.running import normal

EQUATIONS: list[tuple[str, list[int], str]] = [
    ("...d,dhk->...hk", [2, 3], "hk"),
    ("...d,dhk->...hk", [2, 3], "h"),
    ("...hd,hde->...e", [4], "e"),
    ("btd,de->bte", [4], "e"),
    ("btd,ts->bsd", [4], "d"),
    ("btd,de->bet", [4], "e"),
    ("btd,tde->bte", [4], "te"),
    ("bd,de->be", [3], "b"),
    ("...d,de->e", [3], "e"),
    ("dd,de->de", [3], "e"),
    ("btd,de->btf", [3], "f"),
    ("btd,deg->bte", [3], "e"),
    ("no equation", [3], "e"),
]


@st.composite
def mapped(draw: Any) -> dict[str, Any]:
    equation, shape, bias = draw(st.sampled_from(EQUATIONS))
    raw: dict[str, Any] = {"equation": equation, "output_shape": draw(st.sampled_from([shape, shape, [*shape, 1]]))}
    if draw(st.booleans()):
        raw["bias_axes"] = draw(st.sampled_from([bias, bias, bias, ""]))
    if draw(st.booleans()):
        raw["activation"] = draw(activations)
    return raw


CONFIGURATIONS: Configurations = {
    "class_token": (arguments(), one(tensors(1, 2, 2, 3))),
    "einsum_dense": (mapped(), one(tensors(1, 2, 2, 3))),
    "parameter": (
        arguments(shape=st.lists(sizes, max_size=3), maybe_value_initializer=st.sampled_from(["zeros", "he_normal"])),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "position_embedding": (arguments(maybe_sequence_length=sizes), one(tensors(1, 2, 2, 3))),
    "prelu": (arguments(maybe_shared_axes=axes | st.lists(axes, min_size=1, max_size=2)), one(tensors(0, 1, 2, 3))),
    "sinusoidal_position_encoding": (
        arguments(maybe_max_wavelength=st.sampled_from([10.0, 100])),
        one(tensors(1, 2, 2, 3)),
    ),
}

x = normal(3, 4, 5)
USES: dict[str, tuple[Any, Any]] = {
    "class_token": ({}, x),
    "einsum_dense": ({"equation": "...d,dhk->...hk", "output_shape": [2, 3], "bias_axes": "k"}, x),
    "parameter": ([2, 3], x),
    "position_embedding": ({}, x),
    "prelu": ([-2], x),
    "sinusoidal_position_encoding": ({}, x),
}
"""One use of each, with a batch of three rows."""
