"""Drops nodes that no output and no loss depends on; `bind` has warned of them."""

from dataclasses import replace

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import TypedGraph, reachable


def drop_unused(task: Task) -> Task:
    """`task` with only the nodes that its outputs and terms depend on."""
    graph = task.planned.graph
    needed = [out.edge for out in task.outputs.values()]
    for term in task.terms:
        needed += [*term.of, term.mask] if isinstance(term.mask, Edge) else term.of
    used = reachable(graph, needed)
    nodes = tuple(node for node in graph.nodes if node.path in used)
    plans = {node.path: task.planned.plans[node.path] for node in nodes}
    return replace(task, planned=TypedGraph(replace(graph, nodes=nodes), plans))
