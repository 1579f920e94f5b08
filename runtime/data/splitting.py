"""Which rows of a source are for training, validation and test: those of `test` are drawn first, those of `validation` from
what is left. What is drawn by the seed is a function of the seed and the row alone, not of the order of an epoch or the batch.
"""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.splits import Split, sizes
from modelc.runtime.data.arrays import Array


@dataclass(frozen=True, slots=True)
class Parts:
    """The places of the rows of each part in their source, ascending; None for a part that the splits do not have."""

    train: Array
    validation: Array | None = None
    test: Array | None = None


def split_rows(data: DataSpec, rows: int) -> Parts:
    """The parts of so many rows. Raises RunError E404, `at` the split that leaves none to train on."""
    left, parts = np.arange(rows), {}
    for key, size in sizes(data.splits, rows).items():
        chosen = np.zeros(rows, dtype=bool)
        chosen[chosen_rows(data.splits[key], left, size, random_sort_keys(rows, data.seed, key))] = True
        parts[key], left = np.flatnonzero(chosen), left[~chosen[left]]
    return Parts(left, parts.get("validation"), parts.get("test"))


def chosen_rows(split: Split, left: Array, size: int, sort_keys: Array) -> Array:
    """The rows that `split` takes of those that are `left`: from an end, or those with the smallest of the `sort_keys`."""
    if split.first is not None:
        return left[:size]
    if split.last is not None:
        return left[len(left) - size :]
    return left[np.argsort(sort_keys[left], kind="stable")[:size]]


def random_sort_keys(rows: int, seed: int, key: str) -> Array:
    """A random 64-bit sort key for each row, a function of the seed, the `key` of the split and the row's number.

    Philox counts (Salmon et al., 2011): its k-th value depends on nothing but the key and k.
    """
    digest = blake2b(f"modelc/{key}/{seed}".encode(), digest_size=16).digest()
    return np.random.Philox(key=int.from_bytes(digest, "little")).random_raw(rows)
