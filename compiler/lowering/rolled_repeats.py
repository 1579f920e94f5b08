"""A repeat as one loop, which `passes/roll_repeats` finds: what an iteration computes, weights stacked and by name."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.library.base.lazy import jnp
from modelc.compiler.library.base.stacked_weights import STACKED


class FeedSource(NamedTuple):
    """What feeds a node of the first copy in the other iterations: a node of the same copy, the same value each time,
    or the `end` of the copy before.
    """

    kind: Literal["inside", "constant", "carried"]
    end: Edge | None = None


class Roll(NamedTuple):
    """A repeat that is computed as one loop of `times` iterations over the `nodes` of the first copy.

    The loop carry is fed to them by `carrier`. `carried` goes into the first iteration, `end` from the first copy into
    the next, `last` is the same of the last copy: the value of the whole. `inside` has the paths of all copies, `at`
    that of the last node of them all.
    """

    path: str
    times: int
    nodes: tuple[Node, ...]
    carried: Edge
    end: Edge
    last: Edge
    inside: frozenset[str]
    at: str

    @property
    def carrier(self) -> Edge:
        """The edge inside of the loop that brings the end of the iteration before. It is no edge of the graph: the edge
        that goes into the first iteration may also feed the nodes as a constant.
        """
        return carrier(self.path)

    def stacked(self, path: str) -> str:
        """The path of the stacked weights of the node of the first copy at `path`."""
        return f"{self.path}/{STACKED}" + path[len(self.path) + 2 :]

    def copies(self, path: str) -> list[str]:
        """The paths of that node in every copy."""
        return [f"{self.path}/{index}" + path[len(self.path) + 2 :] for index in range(self.times)]


def carrier(path: str) -> Edge:
    """The `carrier` of the roll at `path`."""
    return Edge(f"{path}/{STACKED}", "output")


Entries = Mapping[str, Any]


def to_named(rolls: Sequence[Roll], tree: Mapping[str, Entries]) -> dict[str, Entries]:
    """A tree of weights or state with every copy under its own path."""
    named = dict(tree)
    for roll in rolls:
        for node in roll.nodes:
            entries = named.pop(roll.stacked(node.path), None)
            if entries is not None:
                for index, path in enumerate(roll.copies(node.path)):
                    named[path] = {name: array[index] for name, array in entries.items()}
    return named


def from_named(rolls: Sequence[Roll], tree: Mapping[str, Entries]) -> dict[str, Entries]:
    """The inverse of `to_named`: the copies of rolled repeats stacked."""
    stacked = dict(tree)
    for roll in rolls:
        for node in roll.nodes:
            copies = [stacked.pop(path) for path in roll.copies(node.path) if path in stacked]
            if copies:
                stacked[roll.stacked(node.path)] = {
                    name: jnp.stack([entries[name] for entries in copies]) for name in copies[0]
                }
    return stacked
