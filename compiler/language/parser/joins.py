"""Parses the layer that joins the branches of `parallel`, or the two ways of a `residual`."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.layer_grammar import JOIN
from modelc.compiler.language.parser.named_item import Found, read_named
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe, flow
from modelc.compiler.library.layers import LAYERS


def read_join(reporter: Reporter, raw: Any, path: Path) -> Found | None:
    """The layer that joins branches; None where it cannot be read, which is reported."""
    named = list(raw) if isinstance(raw, Mapping) else [raw]
    if len(named) == 1 and isinstance(named[0], str) and named[0] in LAYERS and joins(named[0]):
        return read_named(reporter, JOIN, raw, path)
    from modelc.compiler.language.suggestions.joins import ADVICE, VALUE_BY_VALUE

    block = next((name for name in named if name in reporter.document.defined), None)
    if block is not None:
        advice = f"{ADVICE}; or write a graph in which the branches are nodes that feed the block"
        message = f"`{block}` is a block, but only a layer can join branches"
        reporter.add("E101", message, path, label="a block", help=advice)
        return None
    name = named[0] if len(named) == 1 else None
    if isinstance(raw, list):
        message, help = f"`{path[-1]}` must be a layer, got a list", ADVICE
        if len(raw) == 1:
            help = f"write `{path[-1]}: {flow(raw[0])}`"
        reporter.add("E105", message, path, label="expected a layer", help=help)
        return None
    if raw is None or (isinstance(name, str) and is_no_join(name)):
        got = describe(raw) if raw is None else f"`{name}`"
        message = f"`{path[-1]}` must be a layer that joins several values, got {got}"
        reporter.add("E105", message, path, label="joins nothing", help=ADVICE)
        return None
    if not isinstance(name, str) or name not in LAYERS or joins(name) or reporter.has_hole(path):
        return read_named(reporter, JOIN, raw, path)
    meant = VALUE_BY_VALUE.get(name)
    help = f"write `{path[-1]}: {meant}`: `{name}` works along an axis of one value" if meant else ADVICE
    reporter.add("E106", f"`{name}` does not join several values", path, label="takes one input", help=help)
    return Found(name, None, path)


def is_no_join(name: str) -> bool:
    """Whether a word is the name of no layer, and what is like it joins nothing."""
    meant = "" if name in LAYERS else suggest(name, LAYERS).new
    return bool(meant) and not joins(meant)


def joins(name: str) -> bool:
    """Whether a layer takes any number of values."""
    slots = LAYERS.find(name).slots
    return len(slots) == 1 and slots[0].many
