"""The order of training rows: a pure function of (seed, epoch), so that any step can be computed directly."""

from typing import Any

import numpy as np

from modelc.runtime.data.balanced_order import balanced_rows

Indices = np.ndarray[Any, np.dtype[np.int32]]


def shuffled(seed: int, epoch: int, rows: int) -> Indices:
    """The order of `rows` rows in `epoch`: sorted by random keys that Philox (Salmon et al., 2011) draws from both
    numbers.

    The raw stream is used because, unlike `Generator.permutation`, numpy never changes it.
    """
    sort_keys = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64)).random_raw(rows)
    return np.argsort(sort_keys, kind="stable").astype(np.int32)


def in_epoch(seed: int, epoch: int, rows: int, *, shuffle: bool, classes: Indices | None = None) -> Indices:
    """The order of `rows` rows in `epoch`; by `classes`, the numbers of those of the rows, rows are drawn instead."""
    if classes is not None:
        return balanced_rows(seed, epoch, classes)
    return shuffled(seed, epoch, rows) if shuffle else in_order(rows)


def in_order(rows: int) -> Indices:
    """The order of the data, as `stateful` layers need it."""
    return np.arange(rows, dtype=np.int32)


def batches(order: Indices, batch_size: int) -> tuple[Indices, Indices]:
    """`order` cut into batches: row numbers `[steps, batch_size]`, and how many of each batch are valid, `[steps]`.

    A smaller last batch is padded by repeating its own rows. Its own rows, because
    an overflow in a padding row would reach the gradients as 0 * NaN.
    """
    steps = -(-len(order) // batch_size)
    last = order[(steps - 1) * batch_size :]
    filled = np.concatenate([order[: (steps - 1) * batch_size], np.resize(last, batch_size)])
    valid = np.full(steps, batch_size, dtype=np.int32)
    valid[-1] = len(last)
    return filled.reshape(steps, batch_size), valid
