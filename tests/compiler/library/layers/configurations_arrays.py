"""Arguments and input types of the operations on arrays: reducing, taking, adding axes, arithmetic."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    anything,
    arguments,
    axes,
    branches,
    one,
    plain,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

some_axes = axes | st.lists(axes, min_size=1, max_size=3)
any_rank = one(tensors(0, 1, 2, 3))
with_axes = one(tensors(1, 2, 2, 3))
places = st.integers(-4, 4)

CONFIGURATIONS: Configurations = {
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
    "divide": (arguments(maybe_broadcast=yes_or_no), branches()),
    "expand_dims": (arguments(axis=st.integers(-4, -1)), one(tensors(0, 1, 2, 2, 3, dtypes=anything))),
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
    "power": (arguments(exponent=st.sampled_from([2, -1, 0.5, "1/3"])), any_rank),
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
    "stack": (arguments(maybe_axis=axes), branches()),
    "stop_gradient": (plain, one(tensors(0, 1, 2, 3, dtypes=anything))),
}


def positive(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"x": abs(inputs["x"]) + 0.1}


VALUES = dict.fromkeys(("log", "power", "sqrt"), positive)
"""What has no value, or a gradient without end, for other numbers."""

x = normal(3, 4, 5)
two = (x, normal(3, 4, 5, seed=1))
USES: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("max", "mean", "min", "sum"), (-2, x)),
    **{name: ({}, x) for name in ("abs", "argmax", "cos", "sin", "stop_gradient")},
    **{name: ({}, abs(x) + 0.1) for name in ("log", "sqrt")},
    "cast": ("int32", x * 10),
    "clip": ({"min_value": -0.5, "max_value": 1}, x),
    "divide": ({}, two),
    "expand_dims": (-1, x),
    "matmul": ({}, (x, normal(3, 5, 2))),
    "power": (2, x),
    "select": ({"axis": -2, "index": -1}, x),
    "slice": ({"axis": -2, "start": 1, "stop": 3}, x),
    "split": ({"indices_or_sections": 2, "axis": -2}, x),
    "squeeze": (-2, x[:, :1]),
    "stack": (-1, two),
}
"""One use of each, with a batch of three rows."""
