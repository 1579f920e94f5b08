"""Warns of an activation on values that another one has limited: all of what follows is cramped, and nothing is refused."""

from modelc.compiler.binding.loss_terms import last_activation
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Graph, Node
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.contracts.layer import Activation
from modelc.compiler.library.layers import ACTIVATIONS
from modelc.compiler.library.losses import LOSSES

LIMITED = {
    "relu": "at least 0, which is a probability of at least 0.5",
    "tanh": "between -1 and 1, which are probabilities from 0.27 to 0.73",
}
"""What the values of activations are that are often put before a loss, and what they come to as logits."""


def warn_of_limited(reporter: Reporter, task: Task) -> None:
    """Warn of a softmax of a softmax, and of logits that are limited on one side."""
    graph, seen = task.planned.graph, set[Path]()
    for node in graph.nodes:
        own = activation_alone(node)
        if own is None or node.at in seen or ACTIVATIONS.name_of(own) != "softmax":
            continue
        if warn_of_second(reporter, graph, node, own):
            seen.add(node.at)
    for term in task.terms:
        if term.loss.activation != "sigmoid" or len(term.of) != 1:
            continue
        _, direct, activation, at = last_activation(graph, term.of[0])
        kind = ACTIVATIONS.name_of(activation) if direct and activation is not None else ""
        if kind in LIMITED:
            loss = LOSSES.name_of(term.loss)
            message = f"`{loss}` takes the values of `{kind}` for logits, and they are {LIMITED[kind]}"
            help = f"end in `sigmoid` instead of `{kind}`, or without an activation"
            reporter.add("W919", message, at, label=f"`{kind}`", help=help, related=[(term.at, "the loss")])


def activation_alone(node: Node) -> Activation | None:
    """The activation that a node is, and not one behind the values of a layer."""
    if node.layer is None or isinstance(node.layer, Activation):
        return node.layer
    # Its own arguments: pydantic takes long to say that there is no such attribute.
    inside = vars(node.layer).get("function")
    return inside if isinstance(inside, Activation) else None


def warn_of_second(reporter: Reporter, graph: Graph, node: Node, own: Activation) -> bool:
    """Warn of the softmax `own` at `node` if what it gets are the values of an equal one; says whether it does."""
    for edge in node.edges:
        _, direct, before, at = last_activation(graph, edge)
        if direct and before == own:
            message = "the `softmax` of a `softmax`: its greatest value is at most e times its smallest one"
            related: list[tuple[Path, str]] = [(at, "the first")] if at != node.at else []
            reporter.add("W919", message, node.at, label="the second", help="remove one of the two", related=related)
            return True
    return False
