"""Parses `trainable`, which stands beside layers, nodes and blocks."""

from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import Item, Share, Unembed
from modelc.compiler.language.layer_grammar import TRAINABLE
from modelc.compiler.language.parser.walk import read
from modelc.compiler.language.suggestions.reporter import Reporter


def read_trainable(reporter: Reporter, raw: Any, item: Item | None, path: Path) -> bool:
    """What the key `trainable` at `path` says of `item`, None for a chain. Weights of another node can only be frozen there."""
    at = (*path, "trainable")
    found = read(reporter, TRAINABLE, raw, at)
    if found is False and item is not None and isinstance(item.body, Share | Unembed):
        of = item.body.of.node
        message = f"`{item.body.key}` uses the weights of `{of}`, which are frozen where they are"
        related = [(item.path, "the weights of another node")]
        help = f"move `trainable: false` to `{of}`"
        reporter.add("E108", message, at, key=True, label="has no weights of its own", help=help, related=related)
    return found is not False
