"""Build sites (paths and scopes) and namespaces of a model, the state of `builder` while it builds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import Item, NodeSpec, Reference, Share
from modelc.compiler.language.item_names import names_of

Owner = Callable[[str], str]
"""The path of the node whose weights the node at a path uses."""


class BuildSite(NamedTuple):
    """Where something is built: its path, what it is in, whose weights it uses, the `share` that asks for it, and whether it is
    frozen.
    """

    path: str
    scope: tuple[str, ...]
    owner: Owner
    shared: Path = ()
    frozen: bool = False

    def part(self, name: str) -> "BuildSite":
        """The site of a part called `name`."""
        path, scope = (f"{self.path}/{name}", (*self.scope, self.path)) if self.path else (name, ())
        return self._replace(path=path, scope=scope)

    def as_copy_of(self, other: str, owner: Owner) -> "BuildSite":
        """This site, with the weights of the site at `other`."""
        here = self.path
        return self._replace(owner=lambda path: owner(other + path[len(here) :]))


@dataclass(frozen=True, slots=True)
class Namespace:
    """The names of one graph of the text: of the model, or of one use of a block. `at` is where it is built.

    A chain is one too: its `nodes` are its items by name. That of a block has what is `given` to its use, in the `outer`
    one. `building` has the names that are being copied by `share`, `ends` what `end_of_shares` found, `circles` the nodes
    of which was said that they share each other.
    """

    at: BuildSite
    inputs: Mapping[str, Edge | None]
    nodes: Mapping[str, NodeSpec]
    complete: bool
    outer: "Namespace | None" = None
    given: tuple[Edge | None, ...] = ()
    building: list[str] = field(default_factory=list)
    ends: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    circles: list[frozenset[str]] = field(default_factory=list)

    def site(self, name: str) -> BuildSite:
        """The place of the node called `name`."""
        return self.at.part(name)


def chain_nodes(items: Sequence[Item]) -> dict[str, NodeSpec]:
    """The items of a chain by name, as nodes that `share` can name."""
    named = zip(names_of(items), items, strict=True)
    return {name: NodeSpec(name, (), (item,), False, item.path) for name, item in named}


def only_share(spec: NodeSpec) -> Reference | None:
    """The node that a node shares which is a `share` and nothing else."""
    item = spec.items[0] if spec.items and not spec.chain and spec.repeat is None else None
    return item.body.of if item is not None and item.repeat is None and isinstance(item.body, Share) else None


def end_of_shares(names: Namespace, name: str) -> tuple[str, tuple[str, ...]]:
    """The node that `name` stands for through nodes which are a `share` and nothing else, and the circle that they lead
    into, its first node repeated at its end; empty where they lead into none.

    A loop that remembers, because there may be any number of them, each with all others before it.
    """
    way: dict[str, int] = {}
    while name not in names.ends:
        if name in way:
            names.ends[name] = name, (*list(way)[way[name] :], name)
            break
        way[name] = len(way)
        spec = names.nodes.get(name)
        other = None if spec is None else only_share(spec)
        if other is None:
            names.ends[name] = name, ()
            break
        name = other.node
    found = names.ends[name]
    names.ends.update(dict.fromkeys(way, found))
    return found
