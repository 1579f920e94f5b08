"""The distinct values of an array, texts or numbers: where each first stands, and where all are among them."""

from typing import NamedTuple

from modelc.compiler.library.base.lazy import NumpyArray, np


class Distinct(NamedTuple):
    """The distinct `values`, sorted; the `first` place of each, the place of each element among them (`among`), flat, and the
    number of times that each is there (`counts`).
    """

    values: NumpyArray
    first: NumpyArray
    among: NumpyArray
    counts: NumpyArray


def distinct(values: NumpyArray) -> Distinct:
    """The distinct ones of `values` of any shape."""
    # With the first places NumPy sorts stably: its other way to sort texts of any length (`StringDType`) reads beyond the array.
    found = np.unique(values.ravel(), return_index=True, return_inverse=True, return_counts=True)
    return Distinct(*found)
