"""Arguments and input types of the layers of `activations`."""

from typing import Any

from hypothesis import strategies as st

from modelc.compiler.library.layers import ACTIVATIONS
from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    any_rank,
    arguments,
    axes,
    numbers,
    one,
    plain,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

x = normal(3, 4, 5)

CONFIGURATIONS: Configurations = {
    "activation": (arguments(function=activations), one(tensors(1, 2, 3))),
    "elu": (arguments(maybe_alpha=numbers), one(tensors(0, 1, 2))),
    "exponential": (plain, one(tensors(0, 1, 2))),
    "gelu": (arguments(maybe_approximate=yes_or_no), one(tensors(0, 1, 2))),
    "hard_sigmoid": (plain, one(tensors(0, 1, 2))),
    "leaky_relu": (arguments(maybe_negative_slope=st.floats(0, 1)), one(tensors(0, 1, 2))),
    "linear": (plain, one(tensors(0, 1, 2))),
    "log_softmax": (arguments(maybe_axis=axes), one(tensors(0, 1, 2))),
    "relu": (
        arguments(
            maybe_negative_slope=st.floats(0, 1), maybe_max_value=st.floats(0, 6), maybe_threshold=st.floats(0, 1)
        ),
        one(tensors(0, 1, 2)),
    ),
    "relu6": (plain, one(tensors(0, 1, 2))),
    "selu": (plain, one(tensors(0, 1, 2))),
    "sigmoid": (plain, one(tensors(0, 1, 2))),
    "silu": (plain, one(tensors(0, 1, 2))),
    "softmax": (arguments(maybe_axis=axes), one(tensors(0, 1, 2))),
    "softplus": (plain, one(tensors(0, 1, 2))),
    "softsign": (plain, one(tensors(0, 1, 2))),
    "tanh": (plain, one(tensors(0, 1, 2))),
    "prelu": (arguments(maybe_shared_axes=axes | st.lists(axes, min_size=1, max_size=2)), one(tensors(0, 1, 2, 3))),
    "celu": (arguments(maybe_alpha=st.floats(0.5, 2)), any_rank),
    "glu": (arguments(maybe_axis=axes), one(tensors(0, 1, 2, 3))),
    "hard_shrink": (arguments(maybe_threshold=st.floats(0, 2)), any_rank),
    "hard_silu": (plain, any_rank),
    "hard_tanh": (plain, any_rank),
    "log_sigmoid": (plain, any_rank),
    "mish": (plain, any_rank),
    "soft_shrink": (arguments(maybe_threshold=st.floats(0, 2)), any_rank),
    "sparsemax": (arguments(maybe_axis=axes), any_rank),
    "sparse_plus": (plain, any_rank),
    "sparse_sigmoid": (plain, any_rank),
    "squareplus": (arguments(maybe_b=st.floats(0, 5)), any_rank),
    "tanh_shrink": (plain, any_rank),
    "threshold": (arguments(threshold=numbers, default_value=numbers), any_rank),
}
USES: dict[str, tuple[Any, Any]] = {
    "activation": ("softmax", x),
    "prelu": ([-2], x),
    "glu": (-2, x),
    "threshold": ({"threshold": 0.2, "default_value": -1}, x),
    **{name: ({}, x) for name in ACTIVATIONS if name != "threshold"},
}
"""One use of each, with a batch of three rows."""
