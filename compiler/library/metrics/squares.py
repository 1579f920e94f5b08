"""Sums of squares of float32 that may be too small or too large for float32: three sums that add up, joined in float64.

The squares of small and of large values are added up apart from the others, scaled by a power of two. Blue 1978
(https://doi.org/10.1145/355769.355771).
"""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.library.base.formulas import FAR, FIT
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np

SCALES = {"": 1.0, "/small": FIT**-2, "/large": FIT**2}
"""What each of the three sums of a name is a multiple of, by what follows the name."""


def squares(name: str, values: Array, less: Array | float = 0.0) -> dict[str, Array]:
    """The squares of `values - less` as three arrays whose sums add up to `exact_sum` of `name`: each square is in one of
    them, and the others are 0 there. What is NaN or infinite stays so.
    """
    distance = values - less
    size = jnp.abs(distance)
    small, large = size < 1 / FAR, size > FAR
    # Scaled before they are subtracted: the distance of two float32 may be no float32. That of values from 1 on is not
    # small unless it is 0, and to scale them could overflow.
    parts = (
        jnp.where(small | large, 0.0, distance),
        jnp.where(small & (jnp.abs(values) < 1), values * FIT - less * FIT, 0.0),
        jnp.where(large, values / FIT - less / FIT, 0.0),
    )
    return {name + kind: jnp.square(part) for kind, part in zip(SCALES, parts, strict=True)}


def exact_sum(sums: Mapping[str, Any], name: str) -> NumpyArray:
    """The sum called `name` out of those of `squares`, of which any but the first may be left out, as float64."""
    there = [
        (np.asarray(sums[name + kind], np.float64), scale) for kind, scale in SCALES.items() if name + kind in sums
    ]
    found: NumpyArray = np.asarray(sum(part * scale for part, scale in there))
    return found
