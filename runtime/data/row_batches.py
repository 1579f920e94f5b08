"""All rows of some arrays in batches of one size, for what is computed of the data before training."""

from collections.abc import Iterator

import numpy as np

from modelc.runtime.data.arrays import Array, Arrays

VALUES = 2**22
"""As many values may the largest array of a batch have, where two rows have less."""


def row_batches(arrays: Arrays, largest: int) -> Iterator[tuple[int, int, dict[str, Array]]]:
    """All rows of `arrays`: the first row of a batch, how many are in it, and their values; a smaller last batch is filled
    up with its last row, so that one compilation does for all. `largest` is the number of values in one row of the
    largest array that is computed.
    """
    rows = len(next(iter(arrays.values())))
    size = min(rows, max(1, VALUES // max(largest, 1)))
    for start in range(0, rows, size):
        count = min(size, rows - start)
        batch = {name: array[start : start + count] for name, array in arrays.items()}
        if count < size:
            batch = {name: array[np.minimum(np.arange(size), count - 1)] for name, array in batch.items()}
        yield start, count, batch
