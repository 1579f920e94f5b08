"""Helps for a layer that is there, and stands behind the one that needs it."""

from modelc.compiler.graph.graph import Node
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.syntax.document import Document


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
