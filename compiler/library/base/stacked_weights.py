"""How weights are held that several copies of a layer have: stacked on a first axis, under a path that says so."""

from modelc.compiler.library.base.lazy import Array

STACKED = "*"
"""Stands for the number of the copy in the path of stacked weights: `body/*/dense`."""


def rank(path: str, array: Array) -> int:
    """The axes of a weight that is held under `path`, without the one it may be stacked on."""
    return array.ndim - (STACKED in path.split("/"))
