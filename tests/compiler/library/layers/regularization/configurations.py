"""Arguments and input types of the layers of `regularization`."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    any_rank,
    anything,
    arguments,
    one,
    tensors,
)
from tests.compiler.library.layers.running import normal

rates = arguments(rate=st.sampled_from([0.0, 0.5]))
x = normal(3, 4, 5)

CONFIGURATIONS: Configurations = {
    "dropout": (
        arguments(rate=st.sampled_from([0.0, 0.5]), maybe_noise_shape=st.lists(st.integers(1, 2), max_size=3)),
        one(tensors(0, 1, 2, 3)),
    ),
    "activity_regularization": (arguments(maybe_l1=st.floats(0, 1), maybe_l2=st.floats(0, 1)), any_rank),
    "alpha_dropout": (rates, any_rank),
    "gaussian_dropout": (rates, any_rank),
    "gaussian_noise": (arguments(stddev=st.sampled_from([0.0, 0.5])), any_rank),
    "random_normal": (arguments(maybe_stddev=st.sampled_from([0.0, 0.5])), one(tensors(0, 1, 2, 3, dtypes=anything))),
    "spatial_dropout1d": (rates, one(tensors(1, 2, 2, 3))),
    "spatial_dropout2d": (rates, one(tensors(2, 3, 3, 3))),
    "spatial_dropout3d": (rates, one(tensors(3, 4, 4, 4))),
    "stochastic_depth": (rates, any_rank),
}
USES: dict[str, tuple[Any, Any]] = {
    "dropout": (0.4, x),
    "activity_regularization": ({"l1": 0.1}, x),
    "alpha_dropout": (0.3, x),
    "gaussian_dropout": (0.3, x),
    "gaussian_noise": (0.3, x),
    "random_normal": (0.3, x),
    "spatial_dropout1d": (0.3, x),
    "spatial_dropout2d": (0.3, normal(3, 2, 4, 5)),
    "spatial_dropout3d": (0.3, normal(3, 2, 1, 4, 5)),
    "stochastic_depth": (0.3, x),
}
"""One use of each, with a batch of three rows."""

RANDOM = (
    "alpha_dropout",
    "gaussian_dropout",
    "gaussian_noise",
    "random_normal",
    "spatial_dropout1d",
    "spatial_dropout2d",
    "stochastic_depth",
)
"""Those that draw random numbers in training."""
