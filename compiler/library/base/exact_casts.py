"""Whether a cast has kept every value."""

from modelc.compiler.library.base.lazy import NumpyArray, np


def changed_by_cast(array: NumpyArray, found: NumpyArray) -> NumpyArray:
    """Where `found`, the numbers of `array` in another dtype, has others; NaN is itself."""
    with np.errstate(all="ignore"):
        # What is cast and back is itself, or was not held; the largest int64 of all is not told from its neighbour so.
        back = found.astype(array.dtype)
        changed: NumpyArray = (back != array) | ((found > 0) != (array > 0))
    if array.dtype.kind == "f" and found.dtype.kind == "f":
        changed &= ~(np.isnan(array) & np.isnan(found))
    return changed
