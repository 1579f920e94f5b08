"""What layers share that tell steps apart by waves: the waves, exact however long the sequence is."""

from typing import Any

from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np

BLOCK = 256
"""Steps whose waves are a table; those of later blocks are turned from it."""


def speeds_of(base: float, features: int) -> NumpyArray:
    """How far each pair of features turns in a step: `base ** (-2 * i / features)`; an odd feature is half a pair."""
    return np.asarray(base, "float64") ** (-np.arange(0, features, 2) / features)


def waves(time: int, speeds: NumpyArray, dtype: "np.dtype[Any]") -> tuple[Array, Array]:
    """Cosine and sine of `step * speeds` for each of `time` steps: `[time, len(speeds)]`.

    The angle of a late step has no digits left for its cosine in float32. So angles are taken in float64 before anything
    is compiled, once for each block of steps and once for the steps of a block, and the two are joined by the addition
    theorems: a table of all steps would be a constant of megabytes in the compiled step.
    """
    near = np.arange(min(time, BLOCK))[:, None] * speeds
    far = np.arange(0, time, BLOCK)[:, None, None] * speeds
    c, s, block_c, block_s = (
        jnp.asarray(turned, dtype) for turned in (np.cos(near), np.sin(near), np.cos(far), np.sin(far))
    )
    cos, sin = block_c * c - block_s * s, block_s * c + block_c * s
    return cos.reshape(-1, len(speeds))[:time], sin.reshape(-1, len(speeds))[:time]
