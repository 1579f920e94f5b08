"""Puts weights that are taken from elsewhere in place of those that were drawn, before the first step."""

from collections.abc import Sequence

from modelc.compiler.lowering.lower import Tree
from modelc.compiler.lowering.rolled_repeats import Roll, from_named, to_named
from modelc.runtime.training.row_state import merge_trees


def with_taken(rolls: Sequence[Roll], drawn: Tree, taken: Tree) -> Tree:
    """`drawn` weights, of which those of rolled repeats are stacked, with the ones that are `taken` by the path of each copy."""
    return from_named(rolls, merge_trees(to_named(rolls, drawn), taken)) if taken else drawn
