"""`Spec` to `Graph`: every layer a node with a path, every edge by name, in one canonical order.

A sequential model is a chain like any other here; nothing later knows that there were two kinds. Blocks, branches and
repeats become the nodes that they hold, with paths below their own; sharing becomes an owner of weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.composite_outputs import Ends
from modelc.compiler.graph.graph import Edge, Feed, Graph, Node, Repeated, Wanted
from modelc.compiler.graph.input_slots import Given, check_names, feeds_of, in_order
from modelc.compiler.graph.name_resolution import given_by, resolve, shared_node
from modelc.compiler.graph.name_scopes import Level, Place, chain_nodes, only_share, shares_of
from modelc.compiler.graph.topological_order import order
from modelc.compiler.language.ast import (
    Chain,
    Inner,
    InputSpec,
    Item,
    ModelSpec,
    NodeSpec,
    Parallel,
    Repeat,
    Residual,
    Share,
    Spec,
    Unembed,
)
from modelc.compiler.language.item_names import names_of
from modelc.compiler.language.suggestions.reporter import Findings
from modelc.compiler.library.contracts.layer import Layer, Slot
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.alias_expansion import MAX_NODES


def build(spec: Spec) -> tuple[Graph | None, tuple[Problem, ...]]:
    """The graph of a spec's model; None where there is no model to speak of."""
    if spec.model is None:
        return None, ()
    findings = Findings(spec.document)
    try:
        graph = Builder(findings).build(spec.model)
    except TooMany as stop:
        message = f"with its copies written out, the model has more than {MAX_NODES:,} layers"
        findings.add("E005", message, stop.at, label="the limit is reached here", help="repeat fewer times")
        return None, tuple(findings.problems)
    return graph, tuple(findings.problems)


class TooMany(Exception):
    """Raised for more layers than anybody means; `at` is where the first of them too many is written."""

    def __init__(self, at: Path) -> None:
        super().__init__()
        self.at = at


class Builder:
    """Builds one model. Edges may name things that are made of several nodes, until `ends` settles them."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.nodes: list[Node] = []
        self.wanted: list[Wanted] = []
        self.repeats: list[Repeated] = []
        self.named: list[Feed] = []
        self.ends = Ends(findings)

    def build(self, model: ModelSpec) -> Graph:
        root = Place("", (), lambda path: path)
        inputs: dict[str, Edge | None] = {name: Edge(name) for name in model.inputs}
        if model.sequential:
            (spec,) = model.nodes.values()
            level = Level(root, inputs, chain_nodes(spec.items or ()), model.complete)
            given = given_by(self.findings, level, spec.sources)
            last = self.chain(level, root, spec.items, given, spec.path)
            outputs = dict.fromkeys(model.outputs, last)
        else:
            level = Level(root, inputs, model.nodes, model.complete)
            self.level(level)
            outputs = {name: resolve(self.findings, level, reference) for name, reference in model.outputs.items()}
        elsewhere = {one.edge for one in self.named if one.edge is not None}
        nodes = [
            node if (feeds := self.ends.feeds(node, elsewhere)) is node.feeds else replace(node, feeds=feeds)
            for node in self.nodes
        ]
        paths = {name: reference.path for name, reference in model.outputs.items()}
        settled = {name: self.ends.settle(edge, paths[name]) for name, edge in outputs.items()}
        types = {name: None if value is None else value.type for name, value in model.inputs.items()}
        wanted = tuple(replace(one, edge=self.ends.settle(one.edge, None)) for one in self.wanted)
        found = [(one, self.ends.settle(one.edge, one.path, whole=False)) for one in self.named]
        named = tuple(replace(one, edge=edge) for one, edge in found if self.ends.passes_port(one.edge))
        ordered = order(self.findings, nodes, model.inputs)
        return Graph(types, ordered, settled, self.ends.settled(), wanted, tuple(self.repeats), named)

    # The parts of a model, each at its place.

    def level(self, level: Level) -> None:
        """All nodes of a graph."""
        for name, spec in level.nodes.items():
            self.node(level, level.place(name), spec, given_by(self.findings, level, spec.sources))

    def node(
        self, level: Level, place: Place, spec: NodeSpec, given: Sequence[Given] | None, at: Path | None = None
    ) -> Edge | None:
        """One node of a graph, fed by `given`; `at` is what is blamed for inputs that do not fit, by default the node."""
        at = spec.path if at is None else at
        if spec.items is None:
            return self.hole(place, spec.path)
        given = in_order(spec.items[0], given) if spec.items else given
        if not spec.chain:
            return self.item(level, place, spec.items[0], given, named_from(self.findings, at))
        if spec.repeat is None:
            return self.at_end(place, self.chain(level, place, spec.items, given, at))
        if spec.repeat.times == 0 and spec.items:
            check_names(self.findings, spec.items[0], given)
        return self.repeat(
            place,
            spec.repeat,
            given,
            lambda place, given: self.at_end(place, self.chain(level, place, spec.items, given, at)),
        )

    def chain(
        self,
        level: Level,
        place: Place,
        items: Sequence[Item] | None,
        given: Sequence[Given] | None,
        at: Path,
        reserved: Sequence[str] = (),
    ) -> Edge | None:
        """Items one behind the other, each fed by the one before; the edge that the last one gives."""
        if items is None:
            return None
        last: Edge | None = given[0].edge if given else None
        source: Path | None = named_from(self.findings, at)
        for item, name in zip(items, names_of(items, reserved), strict=True):
            last = self.item(level, place.below(name), item, given, source or item.path)
            given, source = (Given(last, item.path),), None
        return last

    def item(self, level: Level, place: Place, item: Item, given: Sequence[Given] | None, at: Path) -> Edge | None:
        """One item as often as it is repeated; `at` is what is blamed for inputs that do not fit."""
        given = in_order(item, given)
        if item.repeat is None:
            return self.once(level, place, item, given, at)
        if item.repeat.times == 0:
            check_names(self.findings, item, given)
        return self.repeat(place, item.repeat, given, lambda place, given: self.once(level, place, item, given, at))

    def repeat(
        self,
        place: Place,
        repeat: Repeat,
        given: Sequence[Given] | None,
        build: Callable[[Place, Sequence[Given] | None], Edge | None],
    ) -> Edge | None:
        """Copies one behind the other: the first input is carried through them, the others go to each unchanged."""
        self.repeats.append(Repeated(place.path, repeat.times, repeat.tied))
        last = given[0].edge if given else None
        first = place.below("0").path
        for index in range(repeat.times):
            copy = place.below(str(index))
            last = build(copy.as_copy_of(first, place.owner) if repeat.tied else copy, given)
            given = None if given is None else (*(Given(last, repeat.path, one.slot) for one in given[:1]), *given[1:])
        if repeat.times == 0 and last is not None and last.node == place.path:
            self.findings.add(
                "E202", f"the node `{place.path}` feeds itself", repeat.path, label="leads back to itself"
            )
            return None
        if repeat.times == 0:
            # The value, and none of the ports of what gives it.
            self.ends.of[place.path] = {"output": last}
            self.ends.blocks.add(place.path)
            self.named += (Feed(called(one.edge), one.edge, one.path) for one in (given or ())[:1])
            return Edge(place.path)
        return self.at_end(place, last)

    def once(self, level: Level, place: Place, item: Item, given: Sequence[Given] | None, at: Path) -> Edge | None:
        """One item: a layer, or what stands in the place of one."""
        body = item.body
        if body is None:
            feeds = None if given is None else feeds_of(self.findings, item, given, at)
            self.add(place, item.layer, feeds, place.owner(place.path), item.path)
            return Edge(place.path)
        if isinstance(body, Chain):
            for name, type_ in body.types.items():
                self.want(given[0].edge if given else None, type_, name, item.path, place)
            inside = Level(place, {}, chain_nodes(body.items or ()), body.items is not None)
            return self.at_end(place, self.chain(inside, place, body.items, given, item.path))
        if isinstance(body, Inner):
            return self.inner(place, item, body, given, at)
        if isinstance(body, Residual):
            last = self.chain(level, place, body.items, given, item.path, reserved=("add",))
            skipped = given[0].edge if given else None
            return self.join(place, "add", LAYERS.make("add", None, ()), [skipped, last], item.path)
        if isinstance(body, Parallel):
            if given is not None and len(given) > 1 and any(items == () for items in body.branches.values()):
                self.findings.add(
                    "E204",
                    f"an empty branch takes one value, got {len(given)}",
                    item.path,
                    key=True,
                    label=f"{len(given)} given",
                    help="join them first with `concatenate` or `add`",
                )
                return self.hole(place, item.path)
            if all(items == () for items in body.branches.values()):
                check_names(self.findings, item, given)
            ends = [
                self.at_end(place.below(name), self.chain(level, place.below(name), items, given, item.path))
                for name, items in body.branches.items()
            ]
            return self.join(place, body.kind or "join", body.join, ends, (*item.path, "join"))
        if isinstance(body, Share):
            return self.share(level, place, body, given)
        return self.unembed(level, place, item, body, given, at)

    def inner(self, place: Place, item: Item, body: Inner, given: Sequence[Given] | None, at: Path) -> Edge | None:
        """One use of a block that is a graph."""
        slots = tuple(Slot(name) for name in body.inputs)
        feeds = None if given is None else feeds_of(self.findings, item, given, at, slots)
        if feeds is None:
            self.ends.of[place.path] = None
            return None
        edges = {feed.slot: feed.edge for feed in feeds}
        # A port is named here, and not where the inputs of the block are.
        self.named += (
            Feed(called(feed.edge), feed.edge, feed.path)
            for feed in feeds
            if feed.edge is not None and feed.edge.port != "output"
        )
        for name, type_ in body.types.items():
            self.want(edges.get(name), type_, name, item.path, place)
        level = Level(place, {name: edges.get(name) for name in body.inputs}, body.nodes, body.complete)
        self.level(level)
        ports = {name: resolve(self.findings, level, reference) for name, reference in body.outputs.items()}
        self.named += (Feed(reference.node, ports[name], reference.path) for name, reference in body.outputs.items())
        self.ends.of[place.path] = {"output": next(iter(ports.values()), None), **ports}
        self.ends.blocks.add(place.path)
        self.ends.partial |= set() if body.complete and None not in ports.values() else {place.path}
        return Edge(place.path)

    def want(self, edge: Edge | None, spec: InputSpec | None, name: str, at: Path, place: Place) -> None:
        """Ask for the type that the model of a file, which is built at `place`, says its input `name` has."""
        if spec is not None:
            self.wanted.append(Wanted(edge, spec.type, name, at, place.path, place.shared))

    def join(self, place: Place, kind: str, layer: Layer | None, ends: Sequence[Edge | None], at: Path) -> Edge | None:
        """The layer that makes one value of several, as the end of what stands at `place`."""
        inside = place.below(kind)
        feeds = tuple(Feed("inputs", edge, at) for edge in ends)
        self.add(inside, layer, feeds, place.owner(inside.path), at)
        return self.at_end(place, Edge(inside.path))

    def share(self, level: Level, place: Place, body: Share, given: Sequence[Given] | None) -> Edge | None:
        """The layers of another node of the same graph, at `place` and with that node's weights."""
        if shared_node(self.findings, level, body.of, "share") is None:
            return self.hole(place, body.of.path)
        *others, name = shares_of(level, body.of.node)
        if name in others:
            self.circle(level, [*others[others.index(name) :], name])
            return self.hole(place, body.of.path)
        target = level.nodes.get(name)
        if target is None:
            return self.hole(place, body.of.path)
        if name in level.building:
            self.findings.add("E209", f"`{name}` shares itself", body.of.path, label="names what it is a part of")
            return self.hole(place, body.of.path)
        level.building.append(name)
        copy = place.as_copy_of(level.place(name).path, level.at.owner)
        edge = self.node(level, replace(copy, shared=copy.shared or body.of.path), target, given, body.of.path)
        level.building.pop()
        return edge

    def circle(self, level: Level, names: list[str]) -> None:
        """Report nodes that share each other, once for all of them; the first of `names` is the last again."""
        if frozenset(names) in level.circles:
            return
        level.circles.append(frozenset(names))
        last = only_share(level.nodes[names[-2]])
        assert last is not None
        message = f"`{names[0]}` shares itself: {' -> '.join(names)}"
        self.findings.add("E209", message, last.path, label="leads back to itself")

    def unembed(
        self, level: Level, place: Place, item: Item, body: Unembed, given: Sequence[Given] | None, at: Path
    ) -> Edge | None:
        """The table of an embedding, from vectors to a number for each id."""
        from modelc.compiler.library.layers.core.embedding import Embedding
        from modelc.compiler.library.layers.core.unembed import TiedUnembed

        known = shared_node(self.findings, level, body.of, "unembed")
        *others, name = shares_of(level, body.of.node)
        target = level.nodes.get(name) if known is not None and name not in others else None
        if target is None or target.items is None:
            return self.hole(place, body.of.path)
        alone = not target.chain and target.repeat is None and target.items[0].repeat is None
        found = target.items[0].layer if alone and target.items[0].body is None else None
        if not isinstance(found, Embedding):
            if target.items and all(part.layer is not None or part.body is not None for part in target.items):
                single = target.items[0].kind if alone else "a list of layers"
                kind = single if len(target.items) == 1 else "several layers"
                self.findings.add(
                    "E209",
                    f"`unembed` needs an `embedding`, `{body.of.node}` is {kind}",
                    body.of.path,
                    label="no table to use",
                    help="give the `embedding` a node of its own and name that",
                    related=[(target.path, f"`{body.of.node}`")],
                )
            return self.hole(place, body.of.path)
        layer = TiedUnembed(embedding=found)
        whole = replace(item, layer=layer, body=None)
        feeds = None if given is None else feeds_of(self.findings, whole, given, at)
        owner = level.at.owner(level.place(name).path)
        self.add(place, layer, feeds, owner, item.path)
        return Edge(place.path)

    def hole(self, place: Place, at: Path) -> Edge | None:
        """A node that cannot be known."""
        self.add(place, None, None, place.path, at)
        return Edge(place.path)

    def add(self, place: Place, layer: Layer | None, feeds: tuple[Feed, ...] | None, owner: str, at: Path) -> None:
        """Add the node at `place`, which is written at `at`. Raises TooMany."""
        if len(self.nodes) >= MAX_NODES:
            raise TooMany(at)
        self.nodes.append(Node(place.path, layer, feeds, owner, place.scope, at, place.shared))

    def at_end(self, place: Place, edge: Edge | None) -> Edge | None:
        """Let the value of what stands at `place` be that of `edge`."""
        if edge is not None and edge.node == place.path:
            return edge
        self.ends.of[place.path] = edge
        return Edge(place.path)


def called(edge: Edge | None) -> str:
    """What the text around it calls the node or input of an edge."""
    return "" if edge is None else edge.node.rpartition("/")[2]


def named_from(findings: Findings, path: Path) -> Path:
    """The `from` of the node at `path`, to be blamed for what it names; the node itself where it has none."""
    return (*path, "from") if (*path, "from") in findings.document.values else path
