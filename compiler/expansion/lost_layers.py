"""Tells layers that stand where none can be: what they ask for is not computed, and the parser reports their place."""

from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.language.grammar import INPUT
from modelc.compiler.library.layers import LAYERS


def is_layer(key: str, value: SourceNode) -> bool:
    """Whether the entry of a mapping is a layer with its arguments, wherever that stands."""
    entries = entries_of(value)
    return key in LAYERS and not (entries and entries.keys().isdisjoint(LAYERS.find(key).model_fields))


def is_no_input(key: str, value: SourceNode) -> bool:
    """Whether the entry of `inputs` is a layer, and no input that is called like one."""
    return is_layer(key, value) and entries_of(value).keys().isdisjoint(INPUT.keys)
