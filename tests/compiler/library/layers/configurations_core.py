"""Arguments and input types of the layers that nearly every model has, and of the usual activations."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from modelc.compiler.library.layers import ACTIVATIONS
from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    anything,
    arguments,
    axes,
    branches,
    numbers,
    one,
    paddings,
    pairs,
    plain,
    sizes,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal

images = tensors(3, 3, 3, 3, 2)
pools = {"maybe_strides": pairs, "maybe_padding": paddings}

CONFIGURATIONS: Configurations = {
    "activation": (arguments(function=activations), one(tensors(1, 2, 3))),
    "add": (arguments(maybe_broadcast=yes_or_no), branches()),
    "avg_pool2d": (arguments(pool_size=pairs, **pools), one(images)),
    "batch_norm": (
        arguments(maybe_axis=axes, maybe_center=yes_or_no, maybe_scale=yes_or_no),
        one(tensors(1, 2, 3)),
    ),
    "concatenate": (arguments(maybe_axis=axes), branches()),
    "conv2d": (
        arguments(
            filters=st.sampled_from([1, 2, 4]),
            kernel_size=pairs,
            maybe_strides=pairs,
            maybe_padding=paddings,
            maybe_dilation_rate=pairs,
            maybe_groups=st.integers(1, 2),
            maybe_activation=activations,
            maybe_use_bias=yes_or_no,
        ),
        one(images),
    ),
    "dense": (
        arguments(units=sizes, maybe_activation=activations, maybe_use_bias=yes_or_no),
        one(tensors(0, 1, 2, 3)),
    ),
    "dropout": (
        arguments(rate=st.sampled_from([0.0, 0.5]), maybe_noise_shape=st.lists(st.integers(1, 2), max_size=3)),
        one(tensors(0, 1, 2, 3)),
    ),
    "elu": (arguments(maybe_alpha=numbers), one(tensors(0, 1, 2))),
    "embedding": (
        arguments(input_dim=sizes, output_dim=sizes, maybe_mask_zero=yes_or_no),
        one(tensors(0, 1, 1, 2, dtypes=st.sampled_from(["int32", "uint8", "int8", "float32"]))),
    ),
    "exponential": (plain, one(tensors(0, 1, 2))),
    "flatten": (plain, one(tensors(0, 1, 2, 3, dtypes=anything))),
    "gelu": (arguments(maybe_approximate=yes_or_no), one(tensors(0, 1, 2))),
    "global_avg_pool2d": (arguments(maybe_keepdims=yes_or_no), one(images)),
    "hard_sigmoid": (plain, one(tensors(0, 1, 2))),
    "layer_norm": (
        arguments(
            maybe_axis=axes | st.lists(axes, min_size=1, max_size=3), maybe_center=yes_or_no, maybe_scale=yes_or_no
        ),
        one(tensors(1, 2, 3)),
    ),
    "leaky_relu": (arguments(maybe_negative_slope=st.floats(0, 1)), one(tensors(0, 1, 2))),
    "linear": (plain, one(tensors(0, 1, 2))),
    "log_softmax": (arguments(maybe_axis=axes), one(tensors(0, 1, 2))),
    "max_pool2d": (arguments(maybe_pool_size=pairs, **pools), one(images)),
    "multiply": (arguments(maybe_broadcast=yes_or_no), branches()),
    "relu": (
        arguments(
            maybe_negative_slope=st.floats(0, 1), maybe_max_value=st.floats(0, 6), maybe_threshold=st.floats(0, 1)
        ),
        one(tensors(0, 1, 2)),
    ),
    "relu6": (plain, one(tensors(0, 1, 2))),
    "rescaling": (
        arguments(scale=numbers | st.just("1/255"), maybe_offset=numbers),
        one(tensors(0, 1, 2, dtypes=anything)),
    ),
    "reshape": (
        arguments(shape=st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), max_size=3)),
        one(tensors(0, 1, 2, 3, dtypes=anything)),
    ),
    "selu": (plain, one(tensors(0, 1, 2))),
    "sigmoid": (plain, one(tensors(0, 1, 2))),
    "silu": (plain, one(tensors(0, 1, 2))),
    "softmax": (arguments(maybe_axis=axes), one(tensors(0, 1, 2))),
    "softplus": (plain, one(tensors(0, 1, 2))),
    "softsign": (plain, one(tensors(0, 1, 2))),
    "tanh": (plain, one(tensors(0, 1, 2))),
}

x3, image = normal(3, 4, 5), normal(3, 5, 5, 2)
ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")

USES: dict[str, tuple[Any, Any]] = {
    "activation": ("softmax", x3),
    "add": ({}, (x3, x3)),
    "avg_pool2d": (2, image),
    "batch_norm": ({}, x3),
    "concatenate": (-1, (x3, x3)),
    "conv2d": ({"filters": 2, "kernel_size": 3}, image),
    "dense": (3, x3),
    "dropout": (0.4, x3),
    "embedding": ({"input_dim": 5, "output_dim": 2, "mask_zero": True}, ids),
    "flatten": ({}, x3),
    "global_avg_pool2d": ({}, image),
    "layer_norm": ({}, x3),
    "max_pool2d": (2, image),
    "multiply": ({}, (x3, x3)),
    "rescaling": (2, x3),
    "reshape": ([-1], x3),
    **{name: ({}, x3) for name in CONFIGURATIONS if name in ACTIVATIONS},
}
"""One use of each, with a batch of three rows."""
