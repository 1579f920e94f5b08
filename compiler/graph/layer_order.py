"""Helps for a layer that is there, and stands behind the one that needs it."""

import re

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Node
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.syntax.document import Document

BEFORE = re.compile(r"(?:add|write) `([^`]+)` before it(?! if)")
"""How a help says to put a layer before the one that it is about."""


def placed_before(document: Document, node: Node, help: str, slot: str) -> str:
    """`help`, which says to put a layer before `node`, with the place: in a node of one layer a list, before one of several
    values a node of its own, and where the layer stands behind `node` already, it is to be moved.
    """
    found = BEFORE.search(help)
    at = node.shared or node.at
    feeds = [feed for feed in node.feeds or () if feed.slot == slot]
    if found and slot and len(node.feeds or ()) > 1:
        source = document.values.get(feeds[0].path) and document.get(feeds[0].path) if len(feeds) == 1 else None
        if not isinstance(source, str) or "nodes" not in at:
            return help
        name = f"{source.replace('.', '_')}_{found[1].partition(':')[0]}"
        own = f"add a node of its own, `{name}: {{from: {source}, {found[1]}}}`, and name that in `from`"
        return help.replace(found[0], own)
    if at[-3:-2] == ("nodes",):
        written = in_its_node(document, at)
        if found:
            return help.replace(found[0], f"write `layers: [{found[1]}, {written}]`")
        return f"{help}; both stand in a list, `layers: [..., {written}]`" if "` before it" in help else help
    return moved_before(document, node, help) if help.endswith("` before it") else help


def ending_in(document: Document, node: Node | None, layer: str) -> str:
    """How `layer` is written after the last one, `node`: where that is all of a node of the graph, as a list of both."""
    at = (node.shared or node.at) if node is not None else ()
    return f"layers: [{in_its_node(document, at)}, {layer}]" if at[-3:-2] == ("nodes",) else layer


def in_its_node(document: Document, at: Path) -> str:
    """The one layer of a node of the graph, at `at`, as it is written."""
    value = document.as_typed(at) if at in document.values else None
    return str(at[-1]) if value is None else f"{at[-1]}: {flow(value)}"


def moved_before(document: Document, node: Node, help: str) -> str:
    """`help`, which says to add a layer before `node`, or to move it there where the list has it behind `node`: it would
    be there twice.
    """
    place = max((place for place, part in enumerate(node.at) if isinstance(part, int)), default=0)
    items = document.get(node.at[:place]) if node.at[:place] in document.values else None
    layer = help.partition("`")[2].partition(":")[0]
    if not place or not isinstance(items, list) or not help.startswith("add `"):
        return help
    behind = items[int(node.at[place]) + 1 :]
    moved = next((item for item in behind if item == layer or (isinstance(item, dict) and [*item] == [layer])), None)
    if moved is None:
        return help
    return f"move `{moved if isinstance(moved, str) else flow(moved)[1:-1]}` before it"
