"""Where the parts of a model are built, and what names stand for there. `building` builds, and notes here what it is at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.language.ast import Item, NodeSpec, Reference, Share
from modelc.compiler.language.item_names import names_of

Owner = Callable[[str], str]
"""The path of the node whose weights the node at a path uses."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is built: its path, what it stands in, whose weights what is built there uses, and the `share` that
    asks for it."""

    path: str
    scope: tuple[str, ...]
    owner: Owner
    shared: Path = ()

    def below(self, name: str) -> "Place":
        """The place of a part called `name`."""
        path, scope = (f"{self.path}/{name}", (*self.scope, self.path)) if self.path else (name, ())
        return Place(path, scope, self.owner, self.shared)

    def as_copy_of(self, other: str, owner: Owner) -> "Place":
        """This place, with the weights of what stands at `other`."""
        here = self.path
        return replace(self, owner=lambda path: owner(other + path[len(here) :]))


@dataclass(frozen=True, slots=True)
class Level:
    """One graph of the text, of the model or of one use of a block: what its names stand for. `at` is where it is built.

    A chain is a level too: its `nodes` are its items by name. `building` has the names that are being copied by `share`,
    `circles` those of which was said that they share each other.
    """

    at: Place
    inputs: Mapping[str, Edge | None]
    nodes: Mapping[str, NodeSpec]
    complete: bool
    building: list[str] = field(default_factory=list)
    circles: list[frozenset[str]] = field(default_factory=list)

    def place(self, name: str) -> Place:
        """The place of the node called `name`."""
        return self.at.below(name)


def chain_nodes(items: Sequence[Item]) -> dict[str, NodeSpec]:
    """The items of a chain by name, as nodes that `share` can name."""
    named = zip(names_of(items), items, strict=True)
    return {name: NodeSpec(name, (), (item,), False, item.path) for name, item in named}


def only_share(spec: NodeSpec) -> Reference | None:
    """What a node names that is a `share` and nothing else."""
    item = spec.items[0] if spec.items and not spec.chain and spec.repeat is None else None
    return item.body.of if item is not None and item.repeat is None and isinstance(item.body, Share) else None


def shares_of(level: Level, name: str) -> list[str]:
    """`name`, and what each node shares that is a `share` and nothing else, up to a name that is there already.

    A loop, because there may be any number of them; each is blamed for its own mistakes where it stands.
    """
    names = [name]
    while names[-1] not in names[:-1] and (spec := level.nodes.get(names[-1])) is not None:
        other = only_share(spec)
        if other is None:
            break
        names.append(other.node)
    return names
