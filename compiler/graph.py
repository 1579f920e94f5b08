"""`Spec` to `Graph`: every layer a node with a path, every edge by name, in one canonical order.

A sequential model is a chain like any other here; nothing later knows that there were two kinds.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelc.compiler.cycles import cycles
from modelc.compiler.errors import Path, Problem
from modelc.compiler.layer import Layer, Slot
from modelc.compiler.layers import LAYERS
from modelc.compiler.schema.findings import Findings
from modelc.compiler.schema.spec import Item, ModelSpec, NodeSpec, Reference, Spec
from modelc.compiler.schema.spellings import closest
from modelc.compiler.tensor import TensorType

SHOWN = 12
"""As many nodes of a cycle are shown, of a longer one its beginning and its end."""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A value in the graph: one port of one node, or an input of the model (port `output`)."""

    node: str
    port: str = "output"

    def __str__(self) -> str:
        return self.node if self.port == "output" else f"{self.node}.{self.port}"


@dataclass(frozen=True, slots=True)
class Feed:
    """One edge into a slot of a node; `edge` is None where its name could not be found. `path` is where it is written."""

    slot: str
    edge: Edge | None
    path: Path


@dataclass(frozen=True, slots=True)
class Node:
    """One layer at one place in the graph.

    `path` names it everywhere; `owner` is the path of the node whose weights it uses (its own, unless shared);
    `scope` holds the blocks around it, outermost first. `layer` is None for a hole.
    """

    path: str
    layer: Layer | None
    feeds: tuple[Feed, ...] | None
    owner: str
    scope: tuple[str, ...]
    at: Path

    @property
    def first(self) -> Edge | None:
        """The edge into the first slot of the layer: of what it looks up, moves or learns from."""
        slot = "" if self.layer is None else self.layer.slots[0].name
        return next((feed.edge for feed in self.feeds or () if feed.slot == slot), None)


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes in canonical order (topological, ties by path), with the model's inputs and outputs."""

    inputs: Mapping[str, TensorType | None]
    nodes: tuple[Node, ...]
    outputs: Mapping[str, Edge | None]

    def node(self, path: str) -> Node | None:
        return next((node for node in self.nodes if node.path == path), None)


def build(spec: Spec) -> tuple[Graph | None, tuple[Problem, ...]]:
    """The graph of a spec's model; None where there is no model to speak of."""
    if spec.model is None:
        return None, ()
    findings = Findings(spec.document)
    graph = Builder(findings, spec.model).build()
    return graph, tuple(findings.problems)


class Builder:
    """Resolves the names of one model. `ends` maps each node of the text to the path of its last layer."""

    def __init__(self, findings: Findings, model: ModelSpec) -> None:
        self.findings = findings
        self.model = model
        self.names = (*model.inputs, *model.nodes)
        self.ends: dict[str, str | None] = {name: name for name in model.inputs}

    def build(self) -> Graph:
        paths = {node.name: item_paths(node, self.model.sequential) for node in self.model.nodes.values()}
        for name, below in paths.items():
            self.ends[name] = below[-1] if below else None
        nodes = [built for node in self.model.nodes.values() for built in self.chain(node, paths[node.name])]
        outputs = {name: self.resolve(reference, "output") for name, reference in self.model.outputs.items()}
        inputs = {name: None if value is None else value.type for name, value in self.model.inputs.items()}
        return Graph(inputs, self.order(nodes), outputs)

    def chain(self, node: NodeSpec, paths: list[str]) -> list[Node]:
        """The nodes of one node of the text: its layers, each fed by the one before."""
        scope = (node.name,) if node.chain and not self.model.sequential else ()
        built: list[Node] = []
        if node.items is None:
            return [Node(node.name, None, None, node.name, scope, node.path)]
        for item, path in zip(node.items, paths, strict=True):
            if not built:
                feeds = self.first_feeds(node, item)
            else:
                slots = item.layer.slots if item.layer is not None else (Slot("x"),)
                feeds = (Feed(slots[0].name, Edge(built[-1].path), item.path),)
                self.check_slots(item, feeds, item.path)
            built.append(Node(path, item.layer, feeds, path, scope, item.path))
        return built

    def first_feeds(self, node: NodeSpec, item: Item) -> tuple[Feed, ...] | None:
        """The feeds of the layer that `from` goes to; None where `from` could not be read."""
        if node.sources is None:
            return None
        edges = [(reference, self.resolve(reference, "input")) for reference in node.sources]
        if item.layer is None:
            return tuple(Feed(reference.slot or "x", edge, reference.path) for reference, edge in edges)
        slots = item.layer.slots
        feeds: list[Feed] = []
        for index, (reference, edge) in enumerate(edges):
            slot = reference.slot
            if slot is None:
                slot = slots[0].name if slots[0].many else slots[min(index, len(slots) - 1)].name
            elif slot not in (known.name for known in slots):
                close = closest(slot, [known.name for known in slots])
                needed = [known.name for known in slots if known.required]
                if close is None and len(needed) == 1:
                    close = needed[0]
                self.findings.add(
                    "E204",
                    f"`{item.kind}` has no input called `{slot}`",
                    reference.path[: len((*node.path, "from", slot))],
                    key=True,
                    label="no such input",
                    help=f"did you mean `{close}`?" if close else (),
                    note=f"inputs of `{item.kind}`: {', '.join(known.name for known in slots)}",
                )
                return None
            feeds.append(Feed(slot, edge, reference.path))
        at = (*node.path, "from") if (*node.path, "from") in self.findings.document.values else node.path
        return tuple(feeds) if self.check_slots(item, tuple(feeds), at) else None

    def check_slots(self, item: Item, feeds: tuple[Feed, ...], at: Path) -> bool:
        """Report slots with too many or too few edges."""
        if item.layer is None:
            return True
        for slot in item.layer.slots:
            count = sum(feed.slot == slot.name for feed in feeds)
            least = (slot.least if slot.many else 1) if slot.required or count else 0
            if least <= count and (slot.many or count <= 1):
                continue
            wanted = f"{least} or more" if slot.many else "one"
            values = f"{wanted} {'inputs' if slot.many else 'input'}"
            given = next((feed for feed in feeds if feed.slot == slot.name), None)
            self.findings.add(
                "E204",
                f"`{item.kind}` takes {values}{'' if slot.required else f' as `{slot.name}`'}, got {count}",
                at if slot.required or given is None else given.path,
                label=f"{count} given",
                help=advice(item.kind, slot, count, given),
            )
            return False
        return True

    def resolve(self, reference: Reference, what: str) -> Edge | None:
        """The edge that a text names, or None when there is none (reported, unless it may be a hole)."""
        name = reference.node
        if name in self.ends:
            end = self.ends[name]
            if name in self.model.inputs and reference.port != "output":
                self.findings.add(
                    "E203",
                    f"the input `{name}` has no port `{reference.port}`",
                    reference.path,
                    label="no such port",
                    help=f"write `{name}`",
                )
                return None
            return None if end is None else Edge(end, reference.port)
        if self.model.complete:
            close = closest(name, self.names)
            self.findings.add(
                "E201",
                f"unknown node `{name}`",
                reference.path,
                label="no such node or input",
                help=f"did you mean `{close}`?" if close else (),
                note=f"inputs: {', '.join(self.model.inputs)}; nodes: {', '.join(self.model.nodes)}"
                if not close
                else (),
            )
        return None

    def order(self, nodes: list[Node]) -> tuple[Node, ...]:
        """The nodes in canonical order; reports cycles, whose nodes come last."""
        waiting = {
            node.path: {feed.edge.node for feed in node.feeds or () if feed.edge} - self.model.inputs.keys()
            for node in nodes
        }
        users: dict[str, list[str]] = {}
        for path, needed in waiting.items():
            for source in needed:
                users.setdefault(source, []).append(path)
        by_path = {node.path: node for node in nodes}
        ready = [path for path, needed in waiting.items() if not needed]
        heapq.heapify(ready)
        ordered: list[Node] = []
        while ready:
            path = heapq.heappop(ready)
            ordered.append(by_path[path])
            for user in users.get(path, ()):
                waiting[user].discard(path)
                if not waiting[user]:
                    heapq.heappush(ready, user)
        left = {node.path: waiting[node.path] for node in nodes if waiting[node.path]}
        for cycle in cycles(left):
            self.report_cycle(cycle, by_path)
        done = {node.path for node in ordered}
        return (*ordered, *(cut(by_path[path]) for path in sorted(left) if path not in done))

    def report_cycle(self, cycle: list[str], by_path: Mapping[str, Node]) -> None:
        """Report nodes that wait for each other, each for the next and the last for the first."""
        start = cycle.index(min(cycle))
        cycle = [cycle[start], *reversed(cycle[start + 1 :] + cycle[:start])]
        waits = []
        for source, path in zip([cycle[-1], *cycle], cycle, strict=False):
            feeds = by_path[path].feeds or ()
            feed = next(feed for feed in feeds if feed.edge is not None and feed.edge.node == source)
            waits.append((feed.path, f"`{path}` waits for `{source}`"))
        (blamed, label), *others = waits
        shown = cycle if len(cycle) <= SHOWN else [*cycle[: SHOWN // 2], "...", *cycle[-SHOWN // 2 :]]
        if len(cycle) == 1:
            message = f"the node `{cycle[0]}` feeds itself"
        else:
            message = f"the nodes feed each other in a cycle: {' -> '.join([*shown, cycle[0]])}"
        self.findings.add(
            "E202",
            message,
            blamed,
            label=label,
            help="let one of them take its values from an earlier node" if others else "name an earlier node",
            related=others[: SHOWN - 1],
            related_keys=False,
        )


def cut(node: Node) -> Node:
    """A node of a cycle as a hole, so that nothing later follows the cycle."""
    return Node(node.path, None, None, node.owner, node.scope, node.at)


def item_paths(node: NodeSpec, sequential: bool) -> list[str]:
    """The paths of a node's layers: the node's name, and below `layers` the name of each item."""
    if not node.chain:
        return [node.name]
    prefix = "" if sequential else f"{node.name}/"
    items = [(item.name, item.kind or f"item_{index}") for index, item in enumerate(node.items or ())]
    return [prefix + name for name in item_names(items)]


def item_names(items: Sequence[tuple[str | None, str]]) -> list[str]:
    """The names of a list's items, each given by its own name, if it has one, and its type.

    An item without a name is called by its type, the k-th of that type (from 2) by `type_k`; names given are never taken.
    """
    taken = {name for name, _ in items if name}
    counts: dict[str, int] = {}
    names = []
    for given, kind in items:
        if given is not None:
            names.append(given)
            continue
        counts[kind] = counts.get(kind, 0) + 1
        name = kind if counts[kind] == 1 else f"{kind}_{counts[kind]}"
        while name in taken:
            counts[kind] += 1
            name = f"{kind}_{counts[kind]}"
        names.append(name)
    return names


def advice(kind: str, slot: Slot, count: int, given: Feed | None = None) -> str:
    """How to give a layer the right number of inputs."""
    if count > 1 and not slot.many:
        return "join them first with `concatenate` or `add`"
    if slot.parts:
        node = given.edge.node if given is not None and given.edge is not None else "node"
        ports = ", ".join(f"{node}.{part}" for part in slot.parts)
        return f"it is made of {' and '.join(f'`{part}`' for part in slot.parts)}: `{slot.name}: [{ports}]`"
    if slot.many:
        return f"write `from: [a, b]` with the nodes that `{kind}` joins" if kind in LAYERS else ""
    return f"name the node for `{slot.name}`"
