"""Arguments and input types of the layers of `convolutional`."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    SPACES,
    Configurations,
    activations,
    arguments,
    each,
    one,
    paddings,
    pairs,
    spaces,
    tensors,
    yes_or_no,
)


def convolutions(count: int, **others: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {
        "kernel_size": each(count),
        "maybe_strides": each(count),
        "maybe_padding": paddings,
        "maybe_dilation_rate": each(count),
        "maybe_activation": activations,
        "maybe_use_bias": yes_or_no,
        **others,
    }


filters = st.sampled_from([1, 2, 4])
causal = st.sampled_from(["valid", "same", "causal"])
multiplier = st.integers(1, 3)
groups = st.integers(1, 2)
CONFIGURATIONS: Configurations = {
    "conv1d": (
        arguments(filters=filters, maybe_groups=groups, **convolutions(1, maybe_padding=causal)),
        spaces(1),
    ),
    "conv2d": (
        arguments(
            filters=filters,
            kernel_size=pairs,
            maybe_strides=pairs,
            maybe_padding=paddings,
            maybe_dilation_rate=pairs,
            maybe_groups=groups,
            maybe_activation=activations,
            maybe_use_bias=yes_or_no,
        ),
        one(tensors(3, 3, 3, 3, 2)),
    ),
    "conv3d": (arguments(filters=filters, maybe_groups=groups, **convolutions(3)), spaces(3)),
    **{
        f"conv{d}d_transpose": (
            arguments(filters=filters, maybe_output_padding=each(d, 0, 2), **convolutions(d)),
            spaces(d),
        )
        for d in (1, 2, 3)
    },
    **{
        f"depthwise_conv{d}d": (arguments(maybe_depth_multiplier=multiplier, **convolutions(d)), spaces(d))
        for d in (1, 2)
    },
    **{
        f"separable_conv{d}d": (
            arguments(filters=filters, maybe_depth_multiplier=multiplier, **convolutions(d)),
            spaces(d),
        )
        for d in (1, 2)
    },
}
USES: dict[str, tuple[Any, Any]] = {
    "conv2d": ({"filters": 2, "kernel_size": 3}, SPACES[2]),
    **{f"conv{d}d": ({"filters": 2, "kernel_size": 2}, SPACES[d]) for d in (1, 3)},
    **{f"conv{d}d_transpose": ({"filters": 2, "kernel_size": 2}, SPACES[d]) for d in (1, 2, 3)},
    **{f"depthwise_conv{d}d": (2, SPACES[d]) for d in (1, 2)},
    **{f"separable_conv{d}d": ({"filters": 2, "kernel_size": 3}, SPACES[d]) for d in (1, 2)},
}
"""One use of each, with a batch of three rows."""
