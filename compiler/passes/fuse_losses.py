"""Lets losses that contain an activation's inverse take the value before that activation (log-softmax, log-sigmoid)."""

from dataclasses import replace

from modelc.compiler.activation import Activation
from modelc.compiler.bind.task import Task, Term
from modelc.compiler.layers import ACTIVATIONS


def fuse_losses(task: Task) -> Task:
    """`task` with each such term moved to the edge before the softmax or sigmoid; needs activations split off.

    `bind` has refused every spec in which the activation is there but out of reach, so what is left ends in logits.
    """
    return replace(task, terms=tuple(fuse(task, term) for term in task.terms))


def fuse(task: Task, term: Term) -> Term:
    node = task.planned.graph.node(term.of.node)
    if term.loss.activation is None or node is None or not isinstance(node.layer, Activation):
        return term
    if ACTIVATIONS.name_of(node.layer) != term.loss.activation:
        return term
    assert node.feeds is not None
    assert node.feeds[0].edge is not None
    return replace(term, of=node.feeds[0].edge)
