"""Arguments and input types of the layers that convolve, pool, pad, crop and repeat along space."""

from typing import Any

from hypothesis import strategies as st

from tests.compiler.library.layers.drawing import (
    Configurations,
    activations,
    anything,
    arguments,
    one,
    paddings,
    tensors,
    yes_or_no,
)
from tests.compiler.library.layers.running import normal


def each(count: int, least: int = 1, most: int = 3) -> st.SearchStrategy[Any]:
    """One number, or one for each axis."""
    numbers = st.integers(least, most)
    return numbers | st.lists(numbers, min_size=count, max_size=count)


def edges(count: int, most: int = 2) -> st.SearchStrategy[Any]:
    """Counts for both ends of each axis, in every form."""
    pair = each(2, 0, most)
    return pair if count == 1 else st.integers(0, most) | st.lists(pair, min_size=count, max_size=count)


def inputs(count: int, **options: Any) -> st.SearchStrategy[dict[str, Any]]:
    """What fits, and sometimes one axis too few."""
    return one(tensors(count + 1, count + 1, count + 1, count, **options))


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
CONFIGURATIONS: Configurations = {}
for d in (1, 2, 3):
    pool = {"maybe_strides": each(d), "maybe_padding": paddings}
    CONFIGURATIONS |= {
        f"conv{d}d_transpose": (
            arguments(filters=filters, maybe_output_padding=each(d, 0, 2), **convolutions(d)),
            inputs(d),
        ),
        f"global_max_pool{d}d": (arguments(maybe_keepdims=yes_or_no), inputs(d)),
        f"adaptive_avg_pool{d}d": (arguments(output_size=each(d, 1, 9)), inputs(d)),
        f"adaptive_max_pool{d}d": (arguments(output_size=each(d, 1, 9)), inputs(d)),
        f"zero_padding{d}d": (arguments(maybe_padding=edges(d)), inputs(d, dtypes=anything)),
        f"cropping{d}d": (arguments(maybe_cropping=edges(d)), inputs(d, dtypes=anything)),
    }
    if d != 2:
        groups = st.integers(1, 2)
        padding = {"maybe_padding": causal} if d == 1 else {}
        CONFIGURATIONS |= {
            f"conv{d}d": (arguments(filters=filters, maybe_groups=groups, **convolutions(d, **padding)), inputs(d)),
            f"max_pool{d}d": (arguments(maybe_pool_size=each(d), **pool), inputs(d)),
            f"avg_pool{d}d": (arguments(pool_size=each(d), **pool), inputs(d)),
            f"global_avg_pool{d}d": (arguments(maybe_keepdims=yes_or_no), inputs(d)),
            f"up_sampling{d}d": (arguments(maybe_size=each(d)), inputs(d, dtypes=anything)),
        }
    if d != 3:
        CONFIGURATIONS |= {
            f"depthwise_conv{d}d": (arguments(maybe_depth_multiplier=multiplier, **convolutions(d)), inputs(d)),
            f"separable_conv{d}d": (
                arguments(filters=filters, maybe_depth_multiplier=multiplier, **convolutions(d)),
                inputs(d),
            ),
        }
CONFIGURATIONS["up_sampling2d"] = (
    arguments(maybe_size=each(2), maybe_interpolation=st.sampled_from(["nearest", "bilinear"])),
    inputs(2, dtypes=anything),
)

SPACES = {"1d": normal(3, 5, 4), "2d": normal(3, 5, 5, 2), "3d": normal(3, 3, 4, 3, 2)}
WORDS: dict[str, Any] = {
    "separable_conv": {"filters": 2, "kernel_size": 3},
    "depthwise_conv": 2,
    "conv": {"filters": 2, "kernel_size": 2},
    "avg_pool": 2,
    "adaptive": 2,
    "cropping": 1,
}


def use(name: str) -> tuple[Any, Any]:
    found = [arguments for word, arguments in WORDS.items() if name.startswith(word)]
    dimensions = next(ending for ending in SPACES if ending in name)
    return found[0] if found else {}, SPACES[dimensions]


USES: dict[str, tuple[Any, Any]] = {name: use(name) for name in CONFIGURATIONS}
"""One use of each, with a batch of three rows."""
