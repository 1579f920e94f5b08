"""In which order rows are trained on: a pure function of (seed, epoch), so that any step can be reached directly."""

from typing import Any

import numpy as np

Indices = np.ndarray[Any, np.dtype[np.int32]]


def shuffled(seed: int, epoch: int, rows: int) -> Indices:
    """The order of `rows` rows in `epoch`: sorted by the lots that Philox (Salmon et al., 2011) draws for both numbers.

    The raw stream is used because, unlike `Generator.permutation`, numpy never changes it.
    """
    lots = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64)).random_raw(rows)
    return np.argsort(lots, kind="stable").astype(np.int32)


def in_order(rows: int) -> Indices:
    """The order of the data: what rows of a batch hand to the same rows of the next needs it."""
    return np.arange(rows, dtype=np.int32)


def batches(order: Indices, batch_size: int) -> tuple[Indices, Indices]:
    """`order` cut into batches: row numbers `[steps, batch_size]`, and how many of each batch are real, `[steps]`.

    A smaller last batch is filled up by repeating its own rows; only the first of it are real. Its own rows, because
    what overflows in a row that only pads would reach the gradients as 0 * NaN.
    """
    steps = -(-len(order) // batch_size)
    last = order[(steps - 1) * batch_size :]
    filled = np.concatenate([order[: (steps - 1) * batch_size], np.resize(last, batch_size)])
    real = np.full(steps, batch_size, dtype=np.int32)
    real[-1] = len(last)
    return filled.reshape(steps, batch_size), real
