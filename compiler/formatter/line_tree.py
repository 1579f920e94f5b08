"""The layout of a YAML text as a tree: which entry begins on which line, and its column after formatting."""

import re

from modelc.compiler.syntax.composer import Composer
from modelc.compiler.syntax.positions import Node
from modelc.compiler.syntax.yaml_events import yaml_events

DASHES = re.compile(r"(?:-(?: +|$))*")
STEP = 2
"""Columns of a level."""


class Unusual(Exception):
    """Raised for a text that cannot be formatted without changing its meaning; the message says why."""


class Tree:
    """The entries of a YAML text that begin on their own lines, and the lines inside multi-line strings."""

    def __init__(self, text: str, name: str) -> None:
        composer = Composer(yaml_events(text, name), name)
        root = composer.document()
        assert root is not None
        self.root = root
        self.lines = text.split("\n")
        self.anchored = bool(composer.anchors)
        self.entries: dict[int, int] = {}
        """The column at which what begins on a line, with its dashes, is to stand."""
        self.inside: set[int] = set()
        self.ending: set[int] = set()
        self.walk(root, 0)

    @property
    def is_block(self) -> bool:
        return self.root.kind == "mapping" and self.root.end is None

    def walk(self, node: Node, column: int) -> None:
        """Record the entries of `node` that begin on their own lines; they are formatted to `column`."""
        if node.kind == "scalar" and node.end is not None:
            # A text that ends where a line begins is one of `|` or `>`; the last line of others may end in a comment.
            self.inside.update(range(node.start.line + 1, node.end.line))
            self.ending |= {node.end.line} if node.end.line > node.start.line and node.end.column else set()
        elif node.kind == "mapping":
            for key, value in node.content:
                if node.end is None:
                    self.begins(key.start.line, key.start.column, column)
                self.walk(value, column + STEP)
        elif node.kind == "sequence":
            for item in node.content:
                if node.end is None and self.dash(item, column) < item.start.line and first(item) is item:
                    # A word below its dash stands where a key would.
                    self.entries.setdefault(item.start.line, column + STEP)
                self.walk(item, column + STEP)

    def begins(self, line: int, old: int, column: int) -> None:
        """Record that an entry begins at the column `old` of `line`; after dashes, their column is recorded already."""
        before = self.lines[line][:old]
        if not before.strip():
            self.entries.setdefault(line, column)
        elif not DASHES.fullmatch(before.lstrip()):
            raise Unusual(f"line {line + 1} does not begin with a key")

    def dash(self, item: Node, column: int) -> int:
        """Record and return the line of the dash of `item`, which may be above it."""
        line = first(item).start.line
        if not re.match(r"\s*-(\s|$)", self.lines[line]) or line in self.entries:
            above = line
            while line not in self.entries and not re.match(r"\s*-\s*(#.*)?$", self.lines[above]):
                above -= 1
                if above < 0:
                    raise Unusual(f"the dash of line {line + 1} was not found")
            line = above
        self.entries.setdefault(line, column)
        return line


def first(node: Node) -> Node:
    """The part of `node` that begins first: the anchor of a mapping may be on the line above."""
    if node.kind == "mapping" and node.end is None and node.content:
        return first(node.content[0][0])
    if node.kind == "sequence" and node.end is None and node.content:
        return first(node.content[0])
    return node
