"""A model as a graph: every layer a node with a path, every edge by name. Values only; `builder` makes them from a
spec.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import Unbuilt
from modelc.compiler.language.expressions.deferred import Named
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer


class Edge(NamedTuple):
    """A value in the graph: one port of one node, or an input of the model (port `output`)."""

    node: str
    port: str = "output"

    def __str__(self) -> str:
        return self.node if self.port == "output" else f"{self.node}.{self.port}"


class Feed(NamedTuple):
    """One edge into a slot of a node; `edge` is None where its name could not be found. `path` is where it is written."""

    slot: str
    edge: Edge | None
    path: Path


class Asked(NamedTuple):
    """A value whose shape an argument of a layer asks for, `named` in the expression at `path`; `edge` is None where the
    name could not be found.
    """

    named: Named
    edge: Edge | None
    path: Path


class Node(NamedTuple):
    """One layer at one place in the graph.

    `path` names it everywhere; `owner` is the path of the node whose weights it uses (its own, unless shared);
    `scope` holds the paths of what it stands in (nodes of several layers, blocks, branches, repeats), outermost first.
    `layer` is None for a hole. `shared` is where the text asks for it to be built here, if that is by sharing. Until type
    inference, a layer may be `unbuilt` and wait for the shapes that are `asked`, also later; that is no use of their values.
    `frozen` says that training changes no weights that it owns.
    """

    path: str
    layer: Layer | None
    feeds: tuple[Feed, ...] | None
    owner: str
    scope: tuple[str, ...]
    at: Path
    shared: Path = ()
    unbuilt: Unbuilt | None = None
    asked: tuple[Asked, ...] = ()
    frozen: bool = False

    @property
    def needs(self) -> Iterator[tuple[Edge, Path]]:
        """All that must be known before the node is, and where it is named."""
        named: tuple[Feed | Asked, ...] = (*(self.feeds or ()), *self.asked)
        for one in named:
            if one.edge is not None:
                yield one.edge, one.path

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges into the layer, in the order of its feeds."""
        return tuple(feed.edge for feed in self.feeds or () if feed.edge is not None)

    @property
    def first(self) -> Edge | None:
        """The edge into the first slot of the layer: of what it looks up or learns from."""
        return next(iter(self.moved), None)

    @property
    def moved(self) -> tuple[Edge, ...]:
        """The edges into the first slot of the layer, several where it takes many: of what it moves or joins."""
        slot = "" if self.layer is None else self.layer.slots[0].name
        return tuple(feed.edge for feed in self.feeds or () if feed.slot == slot and feed.edge is not None)


class Wanted(NamedTuple):
    """A type that a value must have: that of the input `name` of a model that is used as a block at `at`.

    Its nodes are those below the path `inside`; `shared` is the `share` that builds them, where one does.
    """

    edge: Edge | None
    type: TensorType
    name: str
    at: Path
    inside: str
    shared: Path = ()


class Repeated(NamedTuple):
    """Copies in sequence, below `path`."""

    path: str
    times: int
    tied: bool


@dataclass(frozen=True)
class Graph:
    """All nodes in canonical order (topological, ties by path), with the model's inputs and outputs.

    `ends` has the ports of what is made of several nodes, by path and port: the edges that they stand for. `named` are
    the edges that the outputs of blocks name, their `slot` what the text calls the node.
    """

    inputs: Mapping[str, TensorType | None]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, Edge | None]
    ends: Mapping[str, Mapping[str, Edge | None]] = field(default_factory=dict)
    wanted: tuple[Wanted, ...] = ()
    repeats: tuple[Repeated, ...] = ()
    named: tuple[Feed, ...] = ()

    @cached_property
    def by_path(self) -> Mapping[str, Node]:
        """The nodes by path."""
        return {node.path: node for node in self.nodes}

    def node(self, path: str) -> Node | None:
        return self.by_path.get(path)
