"""How weights are held that several copies of a layer have: stacked on a first axis, under a path that says so."""

from modelc.compiler.library.base.lazy import Array

STACKED = "*"
"""Stands for the number of the copy in the path of stacked weights: `body/*/dense`."""


def is_stacked(path: str) -> bool:
    """Whether the weights that are held under `path` are those of several copies."""
    return STACKED in path.split("/")


def rank(path: str, array: Array) -> int:
    """The axes of a weight that is held under `path`, without the one it may be stacked on."""
    return array.ndim - is_stacked(path)
