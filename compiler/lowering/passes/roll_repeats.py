"""Finds repeats of many copies that can be one loop over stacked weights, and what differs in each iteration.

A loop compiles its body once, however many copies there are. What it computes, and the names of the weights outside of
it, are those of the copies in sequence.
"""

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Feed, Node, Repeated
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.contracts.layer import Activation
from modelc.compiler.lowering.rolled_repeats import FeedSource, Roll, carrier

Nodes = tuple[Node, ...]
"""The nodes of one copy, in canonical order."""
Sources = dict[str, list[FeedSource]]
"""The sources of the feeds of each node of the first copy, by its path."""

LEAST = 8
"""Copies from which on a loop is worth it: of fewer, compiling each takes little, and XLA can fuse across them."""


def roll_repeats(task: Task) -> tuple[Roll, ...]:
    """The rolls of the repeats of `task`; those inside another one that is rolled stay as they are."""
    rolls: list[Roll] = []
    for repeated in sorted(task.planned.graph.repeats, key=lambda repeated: repeated.path.count("/")):
        inside = any(repeated.path.startswith(f"{roll.path}/") for roll in rolls)
        if repeated.tied or repeated.times < LEAST or inside:
            continue
        roll = roll_of(task, repeated)
        if roll is not None:
            rolls.append(roll)
    return tuple(rolls)


def roll_of(task: Task, repeated: Repeated) -> Roll | None:
    """The roll of one repeat; None if its copies are not alike, or if something outside uses their inner values."""
    planned = task.planned
    copies = [copy_of(planned, repeated, index) for index in range(repeated.times)]
    first, second = copies[0], copies[1]
    if not first or any(len(copy) != len(first) for copy in copies):
        return None
    found = sources_of(repeated, first, second)
    if found is None or not all(is_loop_safe(planned, node) for node in first):
        return None
    sources, carried, end = found
    if planned.type(carried) != planned.type(end):
        return None
    if not all(is_copy(planned, repeated, first, copy, sources, index) for index, copy in enumerate(copies[1:], 1)):
        return None
    inside = {node.path for copy in copies for node in copy}
    last = Edge(path_in_copy(repeated, end.node, 0, repeated.times - 1), end.port)
    if is_used_outside(task, inside, last):
        return None
    nodes = tuple(with_carrier(node, sources[node.path], repeated.path) for node in first)
    return Roll(repeated.path, repeated.times, nodes, carried, end, last, frozenset(inside), copies[-1][-1].path)


def copy_of(planned: TypedGraph, repeated: Repeated, index: int) -> Nodes:
    """The nodes of one copy, in canonical order."""
    path = f"{repeated.path}/{index}"
    return tuple(node for node in planned.graph.nodes if node.path == path or node.path.startswith(f"{path}/"))


def path_in_copy(repeated: Repeated, path: str, index: int, to: int) -> str:
    """The path in another copy of the node at `path` in copy `index`."""
    return f"{repeated.path}/{to}" + path[len(f"{repeated.path}/{index}") :]


def sources_of(repeated: Repeated, first: Nodes, second: Nodes) -> tuple[Sources, Edge, Edge] | None:
    """For each feed of the first copy, its source in each iteration, found by comparison with the second copy; what
    goes into the first one, and what of it goes into the second. None if that is more than one value.
    """
    inside = {node.path for node in first}
    twins = {node.path: node for node in second}
    sources: Sources = {}
    ends = set()
    for node in first:
        twin = twins.get(path_in_copy(repeated, node.path, 0, 1))
        if twin is None or node.feeds is None or twin.feeds is None or len(node.feeds) != len(twin.feeds):
            return None
        sources[node.path] = []
        for feed, other in zip(node.feeds, twin.feeds, strict=True):
            if feed.edge is None or other.edge is None:
                return None
            if feed.edge.node in inside:
                sources[node.path].append(FeedSource("inside"))
            elif other.edge == feed.edge:
                sources[node.path].append(FeedSource("constant"))
            else:
                ends.add((feed.edge, other.edge))
                sources[node.path].append(FeedSource("carried", other.edge))
    if len(ends) != 1:
        return None
    ((carried, end),) = ends
    return (sources, carried, end) if end.node in inside else None


def with_carrier(node: Node, sources: list[FeedSource], path: str) -> Node:
    """A node of the first copy, fed by the carrier of the roll at `path` with the output of the copy before."""
    pairs = zip(node.feeds or (), sources, strict=True)
    feeds = tuple(feed._replace(edge=carrier(path)) if source.end else feed for feed, source in pairs)
    return node._replace(feeds=feeds)


def is_loop_safe(planned: TypedGraph, node: Node) -> bool:
    """Whether a node can be part of a loop body: it owns its weights, is not fitted, and its gradient is no slower."""
    plan = planned.plans[node.path]
    layer = node.layer
    return (
        layer is not None
        and node.owner == node.path
        and not plan.fitted
        and not any(entry.per_row for entry in plan.state.values())
        and all(part.loop_safe for part in layer.layers())
    )


def is_copy(planned: TypedGraph, repeated: Repeated, first: Nodes, copy: Nodes, sources: Sources, index: int) -> bool:
    """Whether copy `index` equals the first one, fed by the copy before it."""
    by_path = {node.path: node for node in copy}
    for node in first:
        twin = by_path.get(path_in_copy(repeated, node.path, 0, index))
        if twin is None or twin.layer != node.layer or twin.owner != twin.path or twin.feeds is None:
            return False
        if planned.plans[twin.path] != planned.plans[node.path] or len(twin.feeds) != len(sources[node.path]):
            return False
        for feed, other, source in zip(node.feeds or (), twin.feeds, sources[node.path], strict=True):
            if (other.slot, other.edge) != (feed.slot, edge_in_copy(repeated, feed, source, index)):
                return False
    return True


def edge_in_copy(repeated: Repeated, feed: Feed, source: FeedSource, index: int) -> Edge | None:
    """The feed in copy `index` that corresponds to a feed of the first copy."""
    assert feed.edge is not None
    if source.kind == "constant":
        return feed.edge
    if source.end is not None:
        return Edge(path_in_copy(repeated, source.end.node, 0, index - 1), source.end.port)
    return Edge(path_in_copy(repeated, feed.edge.node, 0, index), feed.edge.port)


def is_used_outside(task: Task, inside: set[str], last: Edge) -> bool:
    """Whether anything outside the copies uses their weights, or a value other than the output of the last copy."""
    others = [node for node in task.planned.graph.nodes if node.path not in inside]
    used = [feed.edge for node in others for feed in node.feeds or ()]
    used += [edge for term in task.terms for edge in (*term.of, term.mask) if isinstance(edge, Edge)]
    used += [edge for value in task.values.values() for edge in (value.edge, value.mask) if isinstance(edge, Edge)]
    # The last activation of an output keeps more digits than those of the other copies.
    ends = inside & {value.edge.node for value in task.values.values()}
    return (
        any(node.owner in inside for node in others)
        or any(node.path in ends and isinstance(node.layer, Activation) for node in task.planned.graph.nodes)
        or any(edge is not None and edge.node in inside and edge != last for edge in used)
    )
