"""Arguments and input types of the layers that move, mark or disturb values, and of the rarer activations."""

from typing import Any

from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.layers import ACTIVATIONS
from tests.compiler.library.layers.drawing import (
    Configurations,
    anything,
    arguments,
    axes,
    numbers,
    one,
    plain,
    sizes,
    tensors,
)
from tests.compiler.library.layers.running import normal

rates = arguments(rate=st.sampled_from([0.0, 0.5]))
any_rank = one(tensors(0, 1, 2, 3))


@st.composite
def steps(draw: Any) -> dict[str, Any]:
    """Values of some steps, and what may say which of them count."""
    x = draw(tensors(1, 2, 2, 2, 3, dtypes=anything))
    long = draw(st.sampled_from([x.shape[0]] * 3 + [7]))
    return {"x": x, "mask": TensorType((long,), draw(st.sampled_from(["bool"] * 3 + ["int32"])))}


CONFIGURATIONS: Configurations = {
    "activity_regularization": (arguments(maybe_l1=st.floats(0, 1), maybe_l2=st.floats(0, 1)), any_rank),
    "alpha_dropout": (rates, any_rank),
    "attach_mask": (plain, steps()),
    "celu": (arguments(maybe_alpha=st.floats(0.5, 2)), any_rank),
    "gaussian_dropout": (rates, any_rank),
    "gaussian_noise": (arguments(stddev=st.sampled_from([0.0, 0.5])), any_rank),
    "glu": (arguments(maybe_axis=axes), one(tensors(0, 1, 2, 3))),
    "hard_shrink": (arguments(maybe_threshold=st.floats(0, 2)), any_rank),
    "hard_silu": (plain, any_rank),
    "hard_tanh": (plain, any_rank),
    "log_sigmoid": (plain, any_rank),
    "masking": (arguments(maybe_mask_value=numbers), one(tensors(1, 2, 2, 2, 3))),
    "mish": (plain, any_rank),
    "permute": (
        arguments(dims=st.sampled_from([[-1], [-1, -2], [-2, -3, -1], [-1, -1], [2, 1]]) | axes),
        one(tensors(1, 2, 3, dtypes=anything)),
    ),
    "repeat_vector": (arguments(n=sizes), one(tensors(0, 1, 1, 2, dtypes=anything))),
    "soft_shrink": (arguments(maybe_threshold=st.floats(0, 2)), any_rank),
    "sparsemax": (arguments(maybe_axis=axes), any_rank),
    "sparse_plus": (plain, any_rank),
    "sparse_sigmoid": (plain, any_rank),
    "spatial_dropout1d": (rates, one(tensors(1, 2, 2, 3))),
    "spatial_dropout2d": (rates, one(tensors(2, 3, 3, 3))),
    "spatial_dropout3d": (rates, one(tensors(3, 4, 4, 4))),
    "squareplus": (arguments(maybe_b=st.floats(0, 5)), any_rank),
    "stochastic_depth": (rates, any_rank),
    "tanh_shrink": (plain, any_rank),
    "threshold": (arguments(threshold=numbers, default_value=numbers), any_rank),
}


def padded(use: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The steps but the first of each row hold the value of padding, every other one."""
    x = inputs["x"]
    x[:, 1::2] = use.layer.mask_value
    return {"x": x}


VALUES = {"masking": padded}

x = normal(3, 4, 5)
USES: dict[str, tuple[Any, Any]] = {
    "activity_regularization": ({"l1": 0.1}, x),
    "alpha_dropout": (0.3, x),
    "attach_mask": ({}, {"x": x, "mask": normal(3, 4) > 0}),
    "gaussian_dropout": (0.3, x),
    "gaussian_noise": (0.3, x),
    "glu": (-2, x),
    "masking": ({}, x),
    "permute": ([-1, -2], x),
    "repeat_vector": (2, x[:, 0]),
    "spatial_dropout1d": (0.3, x),
    "spatial_dropout2d": (0.3, normal(3, 2, 4, 5)),
    "spatial_dropout3d": (0.3, normal(3, 2, 1, 4, 5)),
    "stochastic_depth": (0.3, x),
    "threshold": ({"threshold": 0.2, "default_value": -1}, x),
    **{name: ({}, x) for name in CONFIGURATIONS if name in ACTIVATIONS and name != "threshold"},
}
"""One use of each, with a batch of three rows."""

RANDOM = (
    "alpha_dropout",
    "gaussian_dropout",
    "gaussian_noise",
    "spatial_dropout1d",
    "spatial_dropout2d",
    "stochastic_depth",
)
"""Those that draw random numbers in training."""
