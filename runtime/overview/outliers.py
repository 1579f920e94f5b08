"""Numbers far outside of the others of their variable, such as 9999 among 0 to 10."""

from typing import NamedTuple

import numpy as np

from modelc.runtime.data.variables import Counted

LEAST_VALUES = 20
"""Of fewer values nothing is said."""
MOST_SHARE, ALONE_SHARE = 0.01, 0.2
"""The share of the values that may be outside, and the share that may if all of these are one number, which then stands for
something else."""


class Outside(NamedTuple):
    """The numbers outside, `least` to `most`, which `number` values have, and the range of all others."""

    least: float
    most: float
    number: int
    inner_least: float
    inner_most: float


def outside(counted: Counted) -> Outside | None:
    """The numbers far outside of the others among those that were `counted`; None where there are none.

    Values are taken as `asinh((value - median) / (upper - lower quartile))`, linear in the middle and logarithmic in the
    tails, so that a distribution with a long tail, as incomes and counts have, has no gap there. On one side, those behind
    the widest gap are outside where the gap is wider than all that the others reach from the median.
    """
    values, counts = np.asarray(counted.values, "float64"), counted.counts
    total = int(counts.sum())
    if total < LEAST_VALUES or len(values) < 3 or not np.isfinite(values).all():
        return None
    lower, median, upper = values[np.searchsorted(np.cumsum(counts), np.array([0.25, 0.5, 0.75]) * total)]
    if upper == lower:
        return None
    far = np.arcsinh((values - median) / (upper - lower))
    above = behind_gap(far, counts, total)
    below = behind_gap(-far[::-1], counts[::-1], total)
    if above is None and below is None:
        return None
    if above is not None:
        return Outside(values[above], values[-1], int(counts[above:].sum()), values[0], values[above - 1])
    assert below is not None
    last = len(values) - below - 1
    return Outside(values[0], values[last], int(counts[: last + 1].sum()), values[last + 1], values[-1])


def behind_gap(far: np.ndarray, counts: np.ndarray, total: int) -> int | None:
    """The place in `far`, ascending, of the first value behind a gap that is wide enough; None where there is no such."""
    gaps = np.diff(far)
    gaps[far[1:] <= 0] = 0
    place = int(np.argmax(gaps)) + 1
    reach = max(far[place - 1], -far[0])
    share = counts[place:].sum() / total
    most = ALONE_SHARE if place == len(far) - 1 else MOST_SHARE
    return place if gaps[place - 1] > reach and share <= max(most, 1.5 / total) else None
