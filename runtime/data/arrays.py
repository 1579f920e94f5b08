"""What arrays of the data are called in signatures: columns, inputs, targets and masks, `[rows, ...]` each, on the host."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]
"""By name."""


def rows_of(columns: Arrays) -> int:
    """How many rows `columns` of equal length have."""
    return len(next(iter(columns.values()), ()))
