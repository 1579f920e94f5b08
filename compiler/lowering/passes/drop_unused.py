"""Drops nodes that no output and no loss depends on; `bind` has warned of them."""

from dataclasses import replace

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import needed_part


def drop_unused(task: Task) -> Task:
    """`task` with only the nodes that its outputs, terms and metrics depend on."""
    needed = [value.edge for value in task.values.values()]
    for term in task.terms:
        needed += [*term.of, term.mask] if isinstance(term.mask, Edge) else term.of
    return replace(task, planned=needed_part(task.planned, needed))
