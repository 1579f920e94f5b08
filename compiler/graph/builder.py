"""`Spec` to `Graph`: every layer a node with a path, every edge by name, in one canonical order.

Builds the graph of a model. A sequential model becomes a chain; no later stage distinguishes the two kinds. Blocks,
branches and repeats become their nodes, with paths below their own; sharing becomes an owner of weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.asked_shapes import asked_shapes, settled_shapes
from modelc.compiler.graph.composite_outputs import CompositeOutputs
from modelc.compiler.graph.graph import Edge, Feed, Graph, Node, Repeated, Wanted
from modelc.compiler.graph.input_slots import Argument, Arguments, check_names, edges_of, feeds_of, in_order, local_name
from modelc.compiler.graph.name_resolution import (
    edges_from,
    named_from,
    report_circle,
    report_no_table,
    resolve,
    shared_node,
)
from modelc.compiler.graph.namespaces import BuildSite, Namespace, chain_nodes, end_of_shares
from modelc.compiler.graph.topological_order import order
from modelc.compiler.language.ast import (
    MAX_LAYERS,
    Chain,
    Inner,
    InputSpec,
    Item,
    Layers,
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
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.layer import Layer, Slot

BuildCopy = Callable[[BuildSite, Arguments, tuple[Item, ...]], Edge | None]
"""Builds one copy of a repeat, made of these items."""


def build(spec: Spec) -> tuple[Graph | None, tuple[Problem, ...]]:
    """The graph of a spec's model; None if the spec has no usable model."""
    if spec.model is None:
        return None, ()
    reporter = Reporter(spec.document)
    try:
        graph = Builder(reporter).build(spec.model)
    except TooMany as stop:
        message = f"with its blocks and repeats expanded, the spec has more than {MAX_LAYERS:,} layers and blocks"
        reporter.add("E005", message, stop.at, label="the limit is reached here", help="repeat fewer times")
        return None, reporter.found(spec.document.name)
    return graph, reporter.found(spec.document.name)


class TooMany(Exception):
    """Raised for too many layers; `at` is where the first one beyond the limit is written."""

    def __init__(self, at: Path) -> None:
        super().__init__()
        self.at = at


class Builder:
    """Builds one model. Edges may refer to composites (blocks, chains, repeats) until `ends` resolves them to nodes."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self.nodes: list[Node] = []
        self.count = 0
        self.wanted: list[Wanted] = []
        self.repeats: list[Repeated] = []
        self.named: list[Feed] = []
        self.ends = CompositeOutputs(reporter)

    def build(self, model: ModelSpec) -> Graph:
        root = BuildSite("", (), lambda path: path)
        inputs: dict[str, Edge | None] = {name: Edge(name) for name in model.inputs}
        if model.sequential:
            (spec,) = model.nodes.values()
            names = Namespace(root, inputs, chain_nodes(spec.items or ()), model.complete)
            given = edges_from(self.reporter, names, spec.sources)
            last = self.chain(names, root, spec.items, given, spec.path)
            outputs = dict.fromkeys(model.outputs, last)
        else:
            names = Namespace(root, inputs, model.nodes, model.complete)
            self.graph_nodes(names)
            outputs = {name: resolve(self.reporter, names, reference) for name, reference in model.outputs.items()}
        elsewhere = {one.edge for one in self.named if one.edge is not None}
        nodes = settled_shapes([self.ends.resolve_feeds(node, elsewhere) for node in self.nodes], self.ends)
        paths = {name: reference.path for name, reference in model.outputs.items()}
        settled = {name: self.ends.resolve(edge, paths[name]) for name, edge in outputs.items()}
        types = {name: None if value is None else value.type for name, value in model.inputs.items()}
        wanted = tuple(one._replace(edge=self.ends.resolve(one.edge, None)) for one in self.wanted)
        found = [(one, self.ends.resolve(one.edge, one.path, full_path=False)) for one in self.named]
        named = tuple(one._replace(edge=edge) for one, edge in found if self.ends.passes_port(one.edge))
        ordered = order(self.reporter, nodes, model.inputs)
        return Graph(types, ordered, settled, self.ends.all_ports(), wanted, tuple(self.repeats), named)

    # The parts of a model, each at its place.

    def graph_nodes(self, names: Namespace) -> None:
        """All nodes of a graph."""
        for name, spec in names.nodes.items():
            self.node(names, names.site(name), spec, edges_from(self.reporter, names, spec.sources))

    def node(
        self, names: Namespace, site: BuildSite, spec: NodeSpec, given: Arguments, at: Path | None = None
    ) -> Edge | None:
        """One node of a graph, fed by `given`; `at` is blamed for inputs that do not fit, by default the node."""
        at = spec.path if at is None else at
        site = site if spec.trainable else site._replace(frozen=True)
        if spec.items is None:
            return self.hole(site, spec.path)
        given = in_order(spec.items[0], given) if spec.items else given
        if not spec.chain:
            return self.item(names, site, spec.items[0], given, named_from(self.reporter, at))
        if spec.repeat is None:
            return self.at_end(site, self.chain(names, site, spec.items, given, at))
        if spec.repeat.times == 0 and spec.items:
            check_names(self.reporter, spec.items[0], given)

        def build(site: BuildSite, given: Arguments, items: tuple[Item, ...]) -> Edge | None:
            return self.at_end(site, self.chain(names, site, items, given, at))

        return self.repeat(site, spec.repeat, spec.items, given, build)

    def chain(
        self,
        names: Namespace,
        site: BuildSite,
        items: Sequence[Item] | None,
        given: Arguments,
        at: Path,
        reserved: Sequence[str] = (),
    ) -> Edge | None:
        """Items in sequence, each fed by the one before; returns the output edge of the last."""
        if items is None:
            return None
        last: Edge | None = given[0].edge if given else None
        source: Path | None = named_from(self.reporter, at)
        for item, name in zip(items, names_of(items, reserved), strict=True):
            last = self.item(names, site.part(name), item, given, source or item.path)
            given, source = (Argument(last, item.path),), None
        return last

    def item(self, names: Namespace, site: BuildSite, item: Item, given: Arguments, at: Path) -> Edge | None:
        """One item with all its repetitions; `at` is blamed for inputs that do not fit."""
        given = in_order(item, given)
        site = site if item.trainable else site._replace(frozen=True)
        if item.repeat is None:
            return self.once(names, site, item, given, at)
        if item.repeat.times == 0:
            check_names(self.reporter, item, given)

        def build(site: BuildSite, given: Arguments, items: tuple[Item, ...]) -> Edge | None:
            return self.once(names, site, items[0], given, at)

        return self.repeat(site, item.repeat, (item,), given, build)

    def repeat(
        self, site: BuildSite, repeat: Repeat, items: tuple[Item, ...], given: Arguments, build: BuildCopy
    ) -> Edge | None:
        """Copies of `items` in sequence: the first input is carried through them, the others go to each unchanged."""
        self.repeats.append(Repeated(site.path, repeat.times, repeat.tied))
        last = given[0].edge if given else None
        first = site.part("0").path
        for index in range(repeat.times):
            copy = site.part(str(index))
            written = repeat.copies[index - 1] if 0 < index <= len(repeat.copies) else items
            last = build(copy.as_copy_of(first, site.owner) if repeat.tied else copy, given, written)
            if given is not None:
                given = (*(Argument(last, repeat.path, one.slot) for one in given[:1]), *given[1:])
        if repeat.times:
            return self.at_end(site, last)
        if last is not None and last.node == site.path:
            self.reporter.add("E202", f"the node `{site.path}` feeds itself", repeat.path, label="leads back to itself")
            return None
        # The value, and none of the ports of what gives it.
        self.ends.of[site.path] = {"output": last}
        self.ends.blocks.add(site.path)
        self.named += (Feed(local_name(one.edge), one.edge, one.path) for one in (given or ())[:1])
        return Edge(site.path)

    def once(self, names: Namespace, site: BuildSite, item: Item, given: Arguments, at: Path) -> Edge | None:
        """One item: a layer, or a structure in place of one. Raises TooMany."""
        self.count += 1
        if self.count > MAX_LAYERS:
            raise TooMany(item.path)
        body = item.body
        if body is None:
            feeds = None if given is None else feeds_of(self.reporter, item, given, at)
            return self.layer(names, site, item, feeds, site.owner(site.path))
        if isinstance(body, Chain):
            first = given[0].edge if given else None
            for name, type_ in body.types.items():
                self.want(first, type_, name, item.path, site)
            parts, inputs = chain_nodes(body.items or ()), dict.fromkeys(body.types, first)
            inside = Namespace(site, inputs, parts, body.items is not None, names, edges_of(given))
            return self.at_end(site, self.chain(inside, site, body.items, given, item.path))
        if isinstance(body, Inner):
            return self.inner(names, site, item, body, given, at)
        if isinstance(body, Layers):
            return self.at_end(site, self.chain(names, site, body.items, given, at))
        if isinstance(body, Residual):
            return self.residual(names, site, item, body, given)
        if isinstance(body, Parallel):
            if given is not None and len(given) > 1 and any(items == () for items in body.branches.values()):
                message = f"an empty branch takes one input, got {len(given)}"
                help = "join them first with `concatenate` or `add`"
                self.reporter.add("E204", message, item.path, key=True, label=f"{len(given)} given", help=help)
                return self.hole(site, item.path)
            if all(items == () for items in body.branches.values()):
                check_names(self.reporter, item, given)
            ends = [
                self.at_end(site.part(name), self.chain(names, site.part(name), items, given, item.path))
                for name, items in body.branches.items()
            ]
            return self.join(site, body.kind or "join", body.join, ends, (*item.path, "join"))
        if isinstance(body, Share):
            return self.share(names, site, body, given)
        return self.unembed(names, site, item, body, given, at)

    def residual(self, names: Namespace, site: BuildSite, item: Item, body: Residual, given: Arguments) -> Edge | None:
        """Layers whose output is joined with what their first input is behind the shortcut."""
        around, parts = given[0].edge if given else None, [body.kind]
        if body.shortcut != ():
            inside, parts = site.part("shortcut"), [body.kind, "shortcut"]
            first = None if given is None else tuple(Argument(one.edge, one.path) for one in given[:1])
            around = self.at_end(inside, self.chain(names, inside, body.shortcut, first, item.path))
        last = self.chain(names, site, body.items, given, item.path, reserved=parts)
        at = (*item.path, "join")
        at = at if at in self.reporter.document.values else item.path
        return self.join(site, body.kind or "join", body.join, [around, last], at)

    def inner(
        self, names: Namespace, site: BuildSite, item: Item, body: Inner, given: Arguments, at: Path
    ) -> Edge | None:
        """One use of a graph block."""
        slots = tuple(Slot(name) for name in body.inputs)
        feeds = None if given is None else feeds_of(self.reporter, item, given, at, slots)
        if feeds is None:
            self.ends.of[site.path] = None
            return None
        edges = {feed.slot: feed.edge for feed in feeds}
        # A port is named here, and not where the inputs of the block are.
        self.named += (
            Feed(local_name(feed.edge), feed.edge, feed.path)
            for feed in feeds
            if feed.edge is not None and feed.edge.port != "output"
        )
        for name, type_ in body.types.items():
            self.want(edges.get(name), type_, name, item.path, site)
        around = {name: edges.get(name) for name in body.inputs}
        inside = Namespace(site, around, body.nodes, body.complete, names, edges_of(given))
        self.graph_nodes(inside)
        ports = {name: resolve(self.reporter, inside, reference) for name, reference in body.outputs.items()}
        self.named += (Feed(reference.node, ports[name], reference.path) for name, reference in body.outputs.items())
        self.ends.of[site.path] = {"output": next(iter(ports.values()), None), **ports}
        self.ends.blocks.add(site.path)
        self.ends.partial |= set() if body.complete and None not in ports.values() else {site.path}
        return Edge(site.path)

    def want(self, edge: Edge | None, spec: InputSpec | None, name: str, at: Path, site: BuildSite) -> None:
        """Require the type that the model of another file, built at `site`, declares for its input `name`."""
        if spec is not None:
            self.wanted.append(Wanted(edge, spec.type, name, at, site.path, site.shared))

    def join(
        self, site: BuildSite, kind: str, layer: Layer | None, ends: Sequence[Edge | None], at: Path
    ) -> Edge | None:
        """The layer that joins several values into one, as the output of the composite at `site`."""
        inside = site.part(kind)
        feeds = tuple(Feed("inputs", edge, at) for edge in ends)
        owner = site.owner(inside.path)
        self.nodes.append(Node(inside.path, layer, feeds, owner, inside.scope, at, inside.shared, frozen=inside.frozen))
        return self.at_end(site, Edge(inside.path))

    def share(self, names: Namespace, site: BuildSite, body: Share, given: Arguments) -> Edge | None:
        """The layers of another node of the same graph, at `site` and with that node's weights."""
        if shared_node(self.reporter, names, body.of, "share") is None:
            return self.hole(site, body.of.path)
        name, circle = end_of_shares(names, body.of.node)
        if circle:
            report_circle(self.reporter, names, circle)
            return self.hole(site, body.of.path)
        target = names.nodes.get(name)
        if target is None:
            return self.hole(site, body.of.path)
        if name in names.building:
            message, label = f"`{name}` shares its own layers", "names a node that contains this `share`"
            self.reporter.add("E209", message, body.of.path, label=label, help="name a node outside of this one")
            return self.hole(site, body.of.path)
        names.building.append(name)
        copy = site.as_copy_of(names.site(name).path, names.at.owner)
        edge = self.node(names, copy._replace(shared=copy.shared or body.of.path), target, given, body.of.path)
        names.building.pop()
        return edge

    def unembed(
        self, names: Namespace, site: BuildSite, item: Item, body: Unembed, given: Arguments, at: Path
    ) -> Edge | None:
        """The transposed table of an embedding: maps vectors to a logit for each id."""
        from modelc.compiler.library.layers.core.embedding import Embedding, TiedUnembed

        known = shared_node(self.reporter, names, body.of, "unembed")
        name, circle = end_of_shares(names, body.of.node)
        target = names.nodes.get(name) if known is not None and not circle else None
        if target is None or target.items is None:
            return self.hole(site, body.of.path)
        alone = not target.chain and target.repeat is None and target.items[0].repeat is None
        found = target.items[0] if alone else None
        if found is None or found.cls is not Embedding:
            report_no_table(self.reporter, body.of, target, alone)
            return self.hole(site, body.of.path)
        layer = TiedUnembed(embedding=found.layer) if isinstance(found.layer, Embedding) else None
        waits = found.unbuilt and replace(found.unbuilt, unembeds=True, cls=TiedUnembed)
        plain = item._replace(layer=layer, unbuilt=waits, body=None)
        feeds = None if given is None else feeds_of(self.reporter, plain, given, at)
        return self.layer(names, site, plain, feeds, names.at.owner(names.site(name).path))

    def layer(
        self, names: Namespace, site: BuildSite, item: Item, feeds: tuple[Feed, ...] | None, owner: str
    ) -> Edge | None:
        """The node of an item that is a layer, with the weights of `owner`."""
        # What shares weights has the sizes of their owner.
        asks = item.unbuilt is not None and owner == site.path
        asked = asked_shapes(self.reporter, names, item, feeds) if asks else ()
        node = Node(site.path, item.layer, feeds, owner, site.scope, item.path, site.shared, item.unbuilt, asked)
        self.nodes.append(node._replace(frozen=site.frozen))
        return Edge(site.path)

    def hole(self, site: BuildSite, at: Path) -> Edge | None:
        """A node that could not be read."""
        self.nodes.append(Node(site.path, None, None, site.path, site.scope, at, site.shared))
        return Edge(site.path)

    def at_end(self, site: BuildSite, edge: Edge | None) -> Edge | None:
        """Make `edge` the output of the composite at `site`."""
        if edge is not None and edge.node == site.path:
            return edge
        self.ends.of[site.path] = edge
        return Edge(site.path)
