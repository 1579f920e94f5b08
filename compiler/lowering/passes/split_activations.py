"""Splits every layer's activation into its own node, so that the value before it is an edge that losses can take."""

from dataclasses import replace

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge, Feed, Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.library.layers.activations.functions import Linear


def split_activations(task: Task) -> Task:
    """`task` with `dense(activation=relu)` as `dense` and `relu`: `a` keeps its weights, `a/activation` its value."""
    planned = task.planned
    moved: dict[Edge, Edge] = {}
    nodes: list[Node] = []
    plans = dict(planned.plans)
    for node in planned.graph.nodes:
        feeds = tuple(feed._replace(edge=moved.get(feed.edge, feed.edge)) for feed in node.feeds or () if feed.edge)
        node = node._replace(feeds=feeds)
        parts = node.layer.split() if node.layer is not None else None
        if parts is None or isinstance(parts[1], Linear):
            nodes.append(node)
            continue
        before, activation = parts
        if isinstance(before, Linear):
            nodes.append(node._replace(layer=activation))
            continue
        path, edge = f"{node.path}/activation", Edge(node.path)
        feed = Feed("x", edge, node.at)
        nodes += [node._replace(layer=before), Node(path, activation, (feed,), path, node.scope, node.at)]
        plans[path] = Plan.of(planned.plans[node.path].output)
        moved[edge] = Edge(path)
    edges = {name: moved.get(edge, edge) if edge else None for name, edge in planned.graph.outputs.items()}
    graph = replace(planned.graph, nodes=tuple(nodes), outputs=edges)
    outputs, measured = (
        {name: out._replace(edge=moved.get(out.edge, out.edge)) for name, out in values.items()}
        for values in (task.outputs, task.measured)
    )
    terms = []
    for term in task.terms:
        mask = moved.get(term.mask, term.mask) if isinstance(term.mask, Edge) else term.mask
        terms.append(term._replace(of=tuple(moved.get(edge, edge) for edge in term.of), mask=mask))
    return replace(task, planned=TypedGraph(graph, plans), outputs=outputs, measured=measured, terms=tuple(terms))
