"""Fuses losses with the softmax or sigmoid before them: the loss takes the logits (log-softmax, log-sigmoid)."""

from dataclasses import replace

from modelc.compiler.binding.task import Output, Task
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.layer import Activation
from modelc.compiler.library.layers import ACTIVATIONS


def fuse_losses(task: Task) -> Task:
    """`task` with each such term moved to the edges before the softmax or sigmoid; needs activations split off. Outputs
    keep their edges, and know those of their logits.

    `bind` has refused every spec in which another layer follows the activation, so all other terms take logits.
    """
    terms = [
        term._replace(of=tuple(edge_before(task, term.loss.activation, e) for e in term.of)) for term in task.terms
    ]
    outputs = {name: with_logits(task, output) for name, output in task.outputs.items()}
    measured = {name: with_logits(task, value) for name, value in task.measured.items()}
    return replace(task, terms=tuple(terms), outputs=outputs, measured=measured)


def with_logits(task: Task, output: Output) -> Output:
    """`output` with the edge of the logits of its probabilities, where there is one."""
    before = edge_before(task, output.link, output.edge)
    return output._replace(before=None if before == output.edge else before)


def edge_before(task: Task, activation: str | None, edge: Edge) -> Edge:
    """The edge that feeds the node of `edge` where this is the activation, else `edge` itself."""
    node = task.planned.graph.node(edge.node)
    if node is None or not isinstance(node.layer, Activation) or ACTIVATIONS.name_of(node.layer) != activation:
        return edge
    assert node.first is not None, "a task without errors has no holes"
    return node.first
