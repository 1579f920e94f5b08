"""A typed graph: a graph with the plans of its nodes, the result of `type_inference`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from modelc.compiler.graph.graph import Edge, Graph, Node
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Plan


@dataclass(frozen=True, slots=True)
class TypedGraph:
    """A graph with the plan of every node; a node with an error, or after a hole, has none."""

    graph: Graph
    plans: Mapping[str, Plan]

    def owned(self) -> Iterator[tuple[str, Plan]]:
        """The owner of each set of weights with the plan of the first node that uses it, in order, each once."""
        seen = set()
        for node in self.graph.nodes:
            if node.owner not in seen and (plan := self.plans.get(node.path)) is not None:
                seen.add(node.owner)
                yield node.owner, plan

    def frozen(self, entries: Collection[tuple[str, str]]) -> "TypedGraph":
        """The graph of which training leaves these weights and statistics as they are, each by its owner and its name."""
        by_owner: dict[str, list[str]] = {}
        for owner, name in entries:
            by_owner.setdefault(owner, []).append(name)
        return self.changed({owner: partial(frozen_in, names) for owner, names in by_owner.items()})

    def changed(self, by_owner: Mapping[str, Callable[[Plan], Plan]]) -> "TypedGraph":
        """The graph with another plan for all nodes that use the weights of these owners."""
        if not by_owner:
            return self
        owners = {node.path: node.owner for node in self.graph.nodes}
        plans = {
            path: by_owner[owners[path]](plan) if owners.get(path) in by_owner else plan
            for path, plan in self.plans.items()
        }
        return TypedGraph(self.graph, plans)

    def type(self, edge: Edge | None) -> TensorType | None:
        """The type on an edge, or None where it is unknown."""
        if edge is None:
            return None
        if edge.node in self.graph.inputs:
            return self.graph.inputs[edge.node] if edge.port == "output" else None
        plan = self.plans.get(edge.node)
        return None if plan is None else plan.outputs.get(edge.port)

    def looked_up(self, node: Node) -> Mapping[Edge, int]:
        """The edges whose values a node with a plan takes for ids, each with how many ids it has room for."""
        if node.layer is None or node.path not in self.plans or not node.layer.may_look_up():
            return {}
        feeds = node.feeds or ()
        types = [type_ for feed in feeds if (type_ := self.type(feed.edge)) is not None]
        if len(types) < len(feeds):
            return {}
        rooms = node.layer.vocabularies(**by_slot(node, types))
        return {feed.edge: rooms[feed.slot] for feed in feeds if feed.edge is not None and feed.slot in rooms}


def frozen_in(names: Collection[str], plan: Plan) -> Plan:
    """`plan`, of which training leaves these weights and statistics as they are."""
    return plan.frozen(names)


def by_slot(node: Node, values: list[Any]) -> dict[str, Any]:
    """The values on a node's feeds as arguments of its layer: one per slot, a tuple for a `many` slot."""
    assert node.layer is not None and node.feeds is not None
    arguments: dict[str, Any] = {}
    if len(values) == len(node.layer.slots) == 1 and node.feeds[0].slot == node.layer.slots[0].name:
        (slot,), (value,) = node.layer.slots, values
        return {slot.name: (value,) if slot.many else value}
    for slot in node.layer.slots:
        given = tuple(value for feed, value in zip(node.feeds, values, strict=True) if feed.slot == slot.name)
        if slot.many:
            if given or slot.required:
                arguments[slot.name] = given
        elif given:
            arguments[slot.name] = given[0]
    return arguments


def needed_part(planned: TypedGraph, edges: list[Edge]) -> TypedGraph:
    """`planned`, which has no holes, with only the nodes that the values on `edges` depend on."""
    used = reachable(planned.graph, edges)
    nodes = tuple(node for node in planned.graph.nodes if node.path in used)
    plans = {node.path: planned.plans[node.path] for node in nodes}
    return TypedGraph(replace(planned.graph, nodes=nodes), plans)


def reachable(graph: Graph, edges: list[Edge]) -> set[str]:
    """The names of all inputs and nodes that the values on `edges` depend on."""
    used: set[str] = set()
    waiting = [edge.node for edge in edges]
    while waiting:
        path = waiting.pop()
        if path not in used:
            used.add(path)
            node = graph.node(path)
            if node is not None:
                waiting.extend(feed.edge.node for feed in node.feeds or () if feed.edge)
    return used
