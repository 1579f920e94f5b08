"""Expands YAML aliases: nodes become plain data with places; copies count against the size budgets, holes are left out."""

from typing import Any

from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.syntax.positions import Mark, Node, Unreadable, place

MAX_DEPTH = 64
MAX_NODES = 100_000
REACHED = "the limit is reached here"


class Expansion:
    """Nodes to plain data, each alias replaced by a copy of its anchor's value.

    `values` and `keys` are the nodes by path, `holes` the paths of what is there but unreadable: such a value is
    absent from its mapping, and None in its list, so that the items after it keep their index.
    """

    def __init__(self, root: Node, file: str) -> None:
        self.file = file
        self.values: dict[Path, Node] = {}
        self.keys: dict[Path, Node] = {}
        self.holes: set[Path] = set()
        self.nodes = 0
        self.alias: Node | None = None
        self.data = self.expand(root, (), 0)

    def expand(self, node: Node, path: Path, depth: int) -> Any:
        """The data of `node` at `path`. Raises `Unreadable` at the alias that exceeds a budget."""
        kind = node.kind
        if kind == "alias":
            before, self.alias = self.alias, self.alias or node
            data = self.expand(node.content, path, depth)
            self.alias = before
            return data
        self.values[path] = node
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise over_nodes(self.file, (self.alias or node).start, self.alias)
        if kind == "scalar":
            return node.content
        if kind == "hole":
            self.holes.add(path)
            return None
        if depth == MAX_DEPTH:
            raise over_depth(self.file, (self.alias or node).start)
        if kind == "sequence":
            return [self.expand(item, (*path, index), depth + 1) for index, item in enumerate(node.content)]
        data = {}
        for key, value in node.content:
            below = (*path, key.content)
            self.keys[below] = key
            self.nodes += 1
            part = self.expand(value, below, depth + 1)
            if below not in self.holes:
                data[key.content] = part
        return data


def over_nodes(file: str, start: Mark, alias: Node | None) -> Unreadable:
    message = f"the spec has more than {MAX_NODES:,} keys and values"
    notes = ("an alias counts as often as what it names",) if alias else ()
    label = Label(place(file, start, alias.end if alias else None), REACHED)
    return Unreadable(Problem("E005", message, label, notes, ("move data into a data file",)))


def over_depth(file: str, start: Mark) -> Unreadable:
    message = f"the spec is nested more than {MAX_DEPTH} levels deep"
    return Unreadable(Problem("E005", message, Label(place(file, start), REACHED)))
