"""A document as a tree of parts, each of which knows where it was written: what variables and blocks are made of.

A part is a value; putting it somewhere else copies nothing, and it still knows its place. Knows no language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem
from modelc.compiler.syntax.alias_expansion import MAX_NODES
from modelc.compiler.syntax.document import Document, Hop, Where


@dataclass(frozen=True, slots=True, eq=False)
class SourceNode:
    """One value, equal to nothing but itself. `content` is a scalar, a tuple of parts, or a mapping from a key to where it stands and its part.

    `at` is where the value is written. `trail` leads from there to where it is used: it is told with every problem of the
    part. `block` is the name of the block whose body this is, empty for everything else.
    """

    kind: Literal["scalar", "list", "mapping", "hole"]
    content: Any
    at: Where
    trail: tuple[Hop, ...] = ()
    block: str = ""

    @property
    def data(self) -> Any:
        """The value as plain data; what could not be read is absent."""
        if self.kind == "mapping":
            return {key: part.data for key, (_, part) in self.content.items() if part.kind != "hole"}
        if self.kind == "list":
            return [part.data for part in self.content]
        return self.content

    @property
    def has_hole(self) -> bool:
        """Whether the value, or something in it, could not be read."""
        return self.kind == "hole" or any(child.has_hole for child in self.children)

    @property
    def children(self) -> Sequence["SourceNode"]:
        """What stands in a mapping or a list, in order."""
        if self.kind == "mapping":
            return [child for _, child in self.content.values()]
        return self.content if self.kind == "list" else ()

    def get(self, key: str) -> "SourceNode | None":
        """The part below `key` of a mapping; None where there is none."""
        found = self.content.get(key) if self.kind == "mapping" else None
        return None if found is None else found[1]

    def child(self, key: str | int) -> "SourceNode | None":
        """The part below a key of a mapping, or at an index of a list, as text or number; None where there is none."""
        if self.kind != "list":
            return self.get(str(key))
        index = int(key) if str(key).isdecimal() else len(self.content)
        return self.content[index] if index < len(self.content) else None

    def with_child(self, key: str | int, child: "SourceNode | None", at: "Where | None" = None) -> "SourceNode":
        """This mapping or list with `child` below `key`, or with nothing there; `at` is where the key stands, if it is new."""
        if isinstance(key, int):
            items = () if child is None else (child,)
            return replace(self, content=(*self.content[:key], *items, *self.content[key + 1 :]))
        content = {**self.content, key: (at or self.content[key][0], child)}
        return replace(self, content={name: entry for name, entry in content.items() if entry[1] is not None})


Entries = Mapping[str, tuple[Where, SourceNode]]
"""The entries of a mapping: by each key where it stands and its part."""


def entries_of(part: SourceNode | None) -> Entries:
    """The entries of what should be a mapping."""
    return part.content if part is not None and part.kind == "mapping" else {}


def hole(at: Where) -> SourceNode:
    """A value that is there but cannot be used; its problem has been reported."""
    return SourceNode("hole", None, at)


def tree(document: Document) -> SourceNode:
    """The parts of a document."""
    missing: dict[Path, list[str]] = {}
    for path in document.holes:
        if path and isinstance(path[-1], str):
            missing.setdefault(path[:-1], []).append(path[-1])

    def part(data: Any, path: Path) -> SourceNode:
        at = Where(document, path)
        trail = document.trails.get(path, ())
        if path in document.holes:
            return hole(at)
        if isinstance(data, dict):
            content = {
                key: (Where(document, (*path, key), key=True), part(value, (*path, key))) for key, value in data.items()
            }
            for key in missing.get(path, ()):
                content[key] = Where(document, (*path, key), key=True), hole(Where(document, (*path, key)))
            return SourceNode("mapping", content, at, trail)
        if isinstance(data, list):
            return SourceNode("list", tuple(part(value, (*path, index)) for index, value in enumerate(data)), at, trail)
        return SourceNode("scalar", data, at, trail)

    return part(document.data, ())


class Located(Mapping[Path, Place]):
    """Places by path, each looked up where its part was written."""

    def __init__(self, found: Mapping[Path, Where]) -> None:
        self.found = found

    def __getitem__(self, path: Path) -> Place:
        return self.found[path].place()

    def __contains__(self, path: object) -> bool:
        return path in self.found

    def __iter__(self) -> Iterator[Path]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def document_of(root: SourceNode, original: Document) -> tuple[Document, tuple[Problem, ...]]:
    """The document that `root` amounts to, in the place of `original`; the problem where it has become too large."""
    values: dict[Path, Where] = {}
    keys: dict[Path, Where] = {}
    holes: set[Path] = set()
    trails: dict[Path, tuple[Hop, ...]] = {}
    blocks: dict[Path, str] = {}

    def walk(part: SourceNode, path: Path) -> Any:
        values[path] = part.at
        if len(values) + len(keys) > MAX_NODES:
            raise TooLarge(part)
        if part.trail:
            trails[path] = part.trail
        if part.block:
            blocks[path] = part.block
        if part.kind == "hole":
            holes.add(path)
            return None
        if part.kind == "list":
            return [walk(item, (*path, index)) for index, item in enumerate(part.content)]
        if part.kind == "scalar":
            return part.content
        data = {}
        for key, (where, below) in part.content.items():
            here = (*path, key)
            keys[here] = where
            value = walk(below, here)
            if below.kind != "hole":
                data[key] = value
        return data

    try:
        data = walk(root, ())
    except TooLarge as stop:
        return original, (stop.problem(),)
    document = Document(
        original.name,
        original.text,
        data,
        Located(values),
        Located(keys),
        frozenset(holes),
        trails,
        blocks,
        removed=original.removed,
    )
    return document, ()


class TooLarge(Exception):
    """Raised where a tree goes over the budget; carries the part that did."""

    def __init__(self, part: SourceNode) -> None:
        super().__init__()
        self.part = part

    def problem(self) -> Problem:
        return Problem(
            "E005",
            f"with its blocks and variables written out, the spec has more than {MAX_NODES:,} keys and values",
            Label(self.part.at.place(), "the limit is reached here"),
            helps=("use a block less often, or repeat it with `repeat`, which counts once",),
        )
