"""A document as a tree of nodes, each of which knows where it was written: what merging and expansion work on.

Nodes are immutable: one that is used elsewhere is not copied, and still knows its place. Knows no language.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem
from modelc.compiler.syntax.alias_expansion import MAX_NODES
from modelc.compiler.syntax.document import Document, Hop, Where


class SourceNode(NamedTuple):
    """One value, compared by identity. `content` is a scalar, a tuple of nodes, or a mapping from a key to its place and node.

    `at` is where the value is written. `trail` leads from there to where it is used: it is node of every problem of the
    node. `block` is the name of the block whose body this is, empty for everything else. `computed` says that an
    expression gave the value, `copied` that it is a `repeat` with the copies of its item.
    """

    kind: Literal["scalar", "list", "mapping", "hole"]
    content: Any
    at: Where
    trail: tuple[Hop, ...] = ()
    block: str = ""
    computed: bool = False
    copied: bool = False

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    @property
    def data(self) -> Any:
        """The value as plain data; holes are absent."""
        if self.kind == "mapping":
            return {key: node.data for key, (_, node) in self.content.items() if node.kind != "hole"}
        if self.kind == "list":
            return [node.data for node in self.content]
        return self.content

    @property
    def has_hole(self) -> bool:
        """Whether the value is or contains a hole."""
        return self.kind == "hole" or any(child.has_hole for child in self.children)

    @property
    def children(self) -> Sequence["SourceNode"]:
        """The values in a mapping or a list, in order."""
        if self.kind == "mapping":
            return [child for _, child in self.content.values()]
        return self.content if self.kind == "list" else ()

    def get(self, key: str) -> "SourceNode | None":
        """The value of `key` in a mapping; None if there is none."""
        found = self.content.get(key) if self.kind == "mapping" else None
        return None if found is None else found[1]

    def child(self, key: str | int) -> "SourceNode | None":
        """The value of a key in a mapping, or at an index of a list, a string or a number; None if there is none."""
        if self.kind != "list":
            return self.get(str(key))
        index = index_in(str(key), self.content)
        return None if index is None else self.content[index]

    def with_child(self, key: str | int, child: "SourceNode | None", at: "Where | None" = None) -> "SourceNode":
        """This mapping or list with the value `child` of `key`, or without `key`; `at` is where a new key is written."""
        if isinstance(key, int):
            items = () if child is None else (child,)
            return self._replace(content=(*self.content[:key], *items, *self.content[key + 1 :]))
        content = dict(self.content)
        if child is None:
            content.pop(key, None)
        else:
            content[key] = (at or self.content[key][0], child)
        return self._replace(content=content)

    def with_content(self, content: Any) -> "SourceNode":
        """The same with another content of its kind: what `_replace` does, which takes twice as long."""
        kind, _, at, trail, block, computed, copied = self
        return SourceNode(kind, content, at, trail, block, computed, copied)

    def with_trail(self, trail: tuple[Hop, ...]) -> "SourceNode":
        """The same with another trail."""
        kind, content, at, _, block, computed, copied = self
        return SourceNode(kind, content, at, trail, block, computed, copied)

    def map(self, change: Callable[[str, "SourceNode"], "SourceNode"]) -> "SourceNode":
        """This mapping with each value changed, by its key and the value."""
        return self.with_content({key: (at, change(key, value)) for key, (at, value) in self.content.items()})


def index_in(text: str, items: Sequence[object]) -> int | None:
    """The index of one of `items` that `text` says, counted from 0; None where it says none of them."""
    # Python refuses to read numbers of thousands of digits.
    digits = text.lstrip("0") or text[-1:]
    index = int(digits) if digits.isdecimal() and len(digits) <= len(str(len(items))) else len(items)
    return index if index < len(items) else None


Entries = Mapping[str, tuple[Where, SourceNode]]
"""The entries of a mapping: by key its place and its node."""


def entries_of(node: SourceNode | None) -> Entries:
    """The entries of a mapping; none of anything else."""
    return node.content if node is not None and node.kind == "mapping" else {}


def hole(at: Where) -> SourceNode:
    """A value that is present but cannot be used; its problem is reported."""
    return SourceNode("hole", None, at)


def tree(document: Document) -> SourceNode:
    """The tree of a document."""
    missing: dict[Path, list[str]] = {}
    for path in document.holes:
        if path and isinstance(path[-1], str):
            missing.setdefault(path[:-1], []).append(path[-1])
    return node_at(document, missing, document.data, ())


def node_at(document: Document, missing: Mapping[Path, Sequence[str]], data: Any, path: Path) -> SourceNode:
    """The tree of the `data` at a path of a document; `missing` are the keys below each path whose values are holes."""
    at = Where(document, path)
    trail = document.trails.get(path, ())
    if path in document.holes:
        return hole(at)
    if isinstance(data, dict):
        content = {}
        for key in (*data, *missing[path]) if path in missing else data:
            here = (*path, key)
            content[key] = Where(document, here, True), node_at(document, missing, data.get(key), here)
        return SourceNode("mapping", content, at, trail)
    if isinstance(data, list):
        items = tuple([node_at(document, missing, value, (*path, index)) for index, value in enumerate(data)])
        return SourceNode("list", items, at, trail)
    return SourceNode("scalar", data, at, trail)


class Located(Mapping[Path, Place]):
    """Places by path, computed on demand from where each node was written."""

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


class Without(Mapping[Path, Place]):
    """Places by path, as far as they are not among `gone`."""

    def __init__(self, places: Mapping[Path, Place], gone: frozenset[Path]) -> None:
        self.places = places
        self.gone = gone

    def __getitem__(self, path: Path) -> Place:
        if path in self.gone:
            raise KeyError(path)
        return self.places[path]

    def __iter__(self) -> Iterator[Path]:
        return (path for path in self.places if path not in self.gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: object) -> bool:
        return path not in self.gone and path in self.places


def document_of(root: SourceNode, original: Document) -> tuple[Document, tuple[Problem, ...]]:
    """The document with the tree `root`, made from `original`; the problem if it has become too large."""
    parts = Parts()
    try:
        data = parts.add(root, ())
    except TooLarge as stop:
        return original, (stop.problem(),)
    return replace(
        original,
        data=data,
        values=Located(parts.values),
        keys=Located(parts.keys),
        holes=frozenset(parts.holes),
        trails=parts.trails,
        blocks=parts.blocks,
        origins=parts.values,
        computed=frozenset(parts.computed),
        copied=frozenset(parts.copied),
    ), ()


class Parts:
    """What a document says about the nodes of a tree, by path."""

    def __init__(self) -> None:
        self.values: dict[Path, Where] = {}
        self.keys: dict[Path, Where] = {}
        self.holes: set[Path] = set()
        self.trails: dict[Path, tuple[Hop, ...]] = {}
        self.blocks: dict[Path, str] = {}
        self.computed: set[Path] = set()
        self.copied: set[Path] = set()

    def add(self, node: SourceNode, path: Path) -> Any:
        """The data of `node` at `path`, all of which is added. Raises TooLarge."""
        kind, content, at, trail, block, computed, copied = node
        self.values[path] = at
        if len(self.values) + len(self.keys) > MAX_NODES:
            raise TooLarge(node)
        if trail:
            self.trails[path] = trail
        if block:
            self.blocks[path] = block
        if computed:
            self.computed.add(path)
        if copied:
            self.copied.add(path)
        if kind == "scalar":
            return content
        if kind == "list":
            return [self.add(item, (*path, index)) for index, item in enumerate(content)]
        if kind == "hole":
            self.holes.add(path)
            return None
        data = {}
        for key, (where, below) in content.items():
            here = (*path, key)
            self.keys[here] = where
            value = self.add(below, here)
            if below.kind != "hole":
                data[key] = value
        return data


class TooLarge(Exception):
    """Raised if a tree exceeds the budget, with the node that did, and of what it has too many."""

    def __init__(self, node: SourceNode, what: str = f"{MAX_NODES:,} keys and values") -> None:
        super().__init__()
        self.node = node
        self.what = what

    def problem(self) -> Problem:
        message = f"with its blocks and variables expanded, the spec has more than {self.what}"
        label = Label(self.node.at.place(), "the limit is reached here")
        help = "use blocks less often, or repeat them with `repeat`, which counts once"
        return Problem("E005", message, label, helps=(help,))
