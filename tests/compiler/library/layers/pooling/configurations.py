"""Arguments and input types of the layers of `pooling`."""

from typing import Any

from tests.compiler.library.layers.drawing import (
    SPACES,
    Configurations,
    arguments,
    each,
    one,
    paddings,
    pairs,
    spaces,
    tensors,
    yes_or_no,
)

images = one(tensors(3, 3, 3, 3, 2))
kept = arguments(maybe_keepdims=yes_or_no)
CONFIGURATIONS: Configurations = {
    "avg_pool2d": (arguments(pool_size=pairs, maybe_strides=pairs, maybe_padding=paddings), images),
    "global_avg_pool2d": (kept, images),
    "max_pool2d": (arguments(maybe_pool_size=pairs, maybe_strides=pairs, maybe_padding=paddings), images),
}
for d in (1, 2, 3):
    pool = {"maybe_strides": each(d), "maybe_padding": paddings}
    CONFIGURATIONS |= {
        f"global_max_pool{d}d": (kept, spaces(d)),
        f"adaptive_avg_pool{d}d": (arguments(output_size=each(d, 1, 9)), spaces(d)),
        f"adaptive_max_pool{d}d": (arguments(output_size=each(d, 1, 9)), spaces(d)),
    }
    if d != 2:
        CONFIGURATIONS |= {
            f"max_pool{d}d": (arguments(maybe_pool_size=each(d), **pool), spaces(d)),
            f"avg_pool{d}d": (arguments(pool_size=each(d), **pool), spaces(d)),
            f"global_avg_pool{d}d": (kept, spaces(d)),
        }

USES: dict[str, tuple[Any, Any]] = {
    name: (2 if name.startswith(("avg_pool", "adaptive")) else {}, SPACES[int(name[-2])]) for name in CONFIGURATIONS
} | {"max_pool2d": (2, SPACES[2])}
"""One use of each, with a batch of three rows."""
