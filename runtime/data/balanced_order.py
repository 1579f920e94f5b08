"""Rows drawn with repetition, so that each value of a column comes equally often: a pure function of (seed, epoch)."""

import numpy as np

from modelc.runtime.data.arrays import Array


def balanced_rows(seed: int, epoch: int, classes: Array) -> Array:
    """As many rows as there are, drawn with repetition: first one of the `classes`, of which each row has the number, then one of its
    rows, all alike.

    The draws are those of Philox (Salmon et al., 2011), two for each place, by the raw stream, which numpy never changes.
    """
    rows = len(classes)
    raw = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64)).random_raw(2 * rows)
    # The 53 upper bits, as numbers from 0 to below 1.
    draws = ((raw >> np.uint64(11)) * 2.0**-53).reshape(rows, 2)
    sizes = np.bincount(classes)
    order, starts = np.argsort(classes, kind="stable"), np.cumsum(sizes) - sizes
    chosen = (draws[:, 0] * len(sizes)).astype(np.int64)
    places = (draws[:, 1] * sizes[chosen]).astype(np.int64)
    return np.asarray(order[starts[chosen] + places], np.int32)
