"""Fuses losses with the softmax or sigmoid before them: the loss takes the logits (log-softmax, log-sigmoid)."""

from dataclasses import replace

from modelc.compiler.binding.task import Task, Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.layer import Activation
from modelc.compiler.library.layers import ACTIVATIONS


def fuse_losses(task: Task) -> Task:
    """`task` with each such term moved to the edges before the softmax or sigmoid; needs activations split off.

    `bind` has refused every spec in which another layer follows the activation, so all other terms take logits.
    """
    return replace(task, terms=tuple(fuse(task, term) for term in task.terms))


def fuse(task: Task, term: Term) -> Term:
    if term.loss.activation is None:
        return term
    return replace(term, of=tuple(edge_before(task, term.loss.activation, edge) for edge in term.of))


def edge_before(task: Task, activation: str, edge: Edge) -> Edge:
    """The edge that feeds the node of `edge` where this is the activation, else `edge` itself."""
    node = task.planned.graph.node(edge.node)
    if node is None or not isinstance(node.layer, Activation) or ACTIVATIONS.name_of(node.layer) != activation:
        return edge
    assert node.feeds is not None
    assert node.feeds[0].edge is not None
    return node.feeds[0].edge
