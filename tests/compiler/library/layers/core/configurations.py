"""Arguments and input types of the layers of `core`."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    any_rank,
    anything,
    arguments,
    axes,
    numbers,
    one,
    plain,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

some_axes = axes | st.lists(axes, min_size=1, max_size=3)
with_axes = one(tensors(1, 2, 2, 3))
places = st.integers(-4, 4)
transformed = st.sampled_from([-2, -1, [-2, -1], [-1, -3], -3])
output_modes = st.sampled_from(["complex", "real", "imag", "magnitude"])
integers = st.sampled_from(["int32", "int32", "int8", "uint8", "uint32", "float32", "bool"])


def positive(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """For what has no value, or a gradient without end, for other numbers."""
    return {"x": abs(inputs["x"]) + 0.1}


x = normal(3, 4, 5)
ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")
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


@st.composite
def steps(draw: Any) -> dict[str, Any]:
    """Values of some steps, and what may say which of them count."""
    x = draw(tensors(1, 2, 2, 2, 3, dtypes=anything))
    long = draw(st.sampled_from([x.shape[0]] * 3 + [7]))
    return {"x": x, "mask": TensorType((long,), draw(st.sampled_from(["bool"] * 3 + ["int32"])))}


def padded(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The steps but the first of each row hold the value of padding, every other one."""
    x = inputs["x"]
    x[:, 1::2] = use.layer.mask_value
    return {"x": x}


@st.composite
def entries(draw: Any) -> dict[str, Any]:
    """Entries, and the segment of each."""
    x = draw(tensors(1, 2, 2, 3))
    count = draw(st.sampled_from([x.shape[0]] * 4 + [8]))
    return {"x": x, "segment_ids": TensorType((count,), draw(st.sampled_from(["int32", "int32", "uint8", "float32"])))}


@st.composite
def complex_parts(draw: Any) -> dict[str, Any]:
    """Real values, and sometimes imaginary ones beside them."""
    x = draw(tensors(1, 2, 2, 3))
    return {"x": x, **({"imag": x.with_mask(x.rank > 1 and draw(yes_or_no))} if draw(yes_or_no) else {})}


def in_segments(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Ids of segments that there are."""
    ids = inputs["segment_ids"]
    return {**inputs, "segment_ids": (ids % use.layer.num_segments).astype(ids.dtype)}


CONFIGURATIONS: Configurations = {
    **{f"segment_{name}": (arguments(num_segments=sizes), entries()) for name in ("max", "mean", "sum")},
    "fft": (arguments(maybe_axis=transformed, maybe_output_mode=output_modes), complex_parts()),
    "rfft": (arguments(maybe_axis=transformed, maybe_output_mode=output_modes), with_axes),
    **{
        name: (arguments(divisor=st.integers(1, 9) | st.just(300)), one(tensors(0, 1, 2, dtypes=integers)))
        for name in ("floor_divide", "mod")
    },
    **{
        name: (arguments(axis=some_axes, maybe_keepdims=yes_or_no), with_axes) for name in ("max", "mean", "min", "sum")
    },
    **dict.fromkeys(("abs", "cos", "log", "sin", "sqrt"), (plain, any_rank)),
    "argmax": (arguments(maybe_axis=axes, maybe_keepdims=yes_or_no), with_axes),
    "cast": (
        arguments(dtype=st.sampled_from(["float32", "bfloat16", "int8", "uint8", "int32", "bool"])),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "clip": (arguments(maybe_min_value=places, maybe_max_value=places), any_rank),
    "power": (arguments(exponent=st.sampled_from([2, -1, 0.5, "1/3"])), any_rank),
    "stop_gradient": (plain, one(tensors(0, 1, 2, 3, dtypes=anything))),
    "dense": (
        arguments(units=sizes, maybe_activation=activations, maybe_use_bias=yes_or_no),
        one(tensors(0, 1, 2, 3)),
    ),
    "embedding": (
        arguments(input_dim=sizes, output_dim=sizes, maybe_mask_zero=yes_or_no),
        one(tensors(0, 1, 1, 2, dtypes=st.sampled_from(["int32", "uint8", "int8", "float32"]))),
    ),
    "layer_scale": (arguments(maybe_init_values=st.floats(-1, 1)), one(tensors(0, 1, 2, 3))),
    "einsum_dense": (mapped(), one(tensors(1, 2, 2, 3))),
    "parameter": (
        arguments(shape=st.lists(sizes, max_size=3), maybe_value_initializer=st.sampled_from(["zeros", "he_normal"])),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "constant": (
        arguments(
            shape=st.lists(sizes, max_size=3),
            value_initializer=st.sampled_from(["ones", "he_normal", {"from_file": "x.npy"}]),
            maybe_dtype=st.sampled_from(["float32", "int32"]),
        ),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "attach_mask": (plain, steps()),
    "masking": (arguments(maybe_mask_value=numbers), one(tensors(1, 2, 2, 2, 3))),
}


def signed(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Numbers on both sides of 0, where there are such."""
    x = inputs["x"] * 13
    return {"x": x if x.dtype.kind == "u" else (x - 21).astype(x.dtype)}


VALUES = {
    **dict.fromkeys(("segment_max", "segment_mean", "segment_sum"), in_segments),
    **dict.fromkeys(("floor_divide", "mod"), signed),
    **dict.fromkeys(("log", "power", "sqrt"), positive),
    "masking": padded,
}
segments = {"x": x, "segment_ids": np.array([[0, 2, 2, 0], [1, 1, 1, 1], [2, 1, 0, 0]], "int32")}
USES: dict[str, tuple[Any, Any]] = {
    **{f"segment_{name}": (4, segments) for name in ("max", "mean", "sum")},
    **dict.fromkeys(("fft", "rfft"), ({}, x)),
    **dict.fromkeys(("floor_divide", "mod"), (3, ids)),
    **dict.fromkeys(("max", "mean", "min", "sum"), (-2, x)),
    **{name: ({}, x) for name in ("abs", "argmax", "cos", "sin", "stop_gradient")},
    **{name: ({}, abs(x) + 0.1) for name in ("log", "sqrt")},
    "cast": ("int32", x * 10),
    "clip": ({"min_value": -0.5, "max_value": 1}, x),
    "power": (2, x),
    "dense": (3, x),
    "embedding": ({"input_dim": 5, "output_dim": 2, "mask_zero": True}, ids),
    "layer_scale": (0.1, normal(3, 4, 6)),
    "einsum_dense": ({"equation": "...d,dhk->...hk", "output_shape": [2, 3], "bias_axes": "k"}, x),
    "parameter": ([2, 3], x),
    "constant": ({"shape": [2, 3], "value_initializer": "random_normal"}, x),
    "attach_mask": ({}, {"x": x, "mask": normal(3, 4) > 0}),
    "masking": ({}, x),
}
"""One use of each, with a batch of three rows."""
