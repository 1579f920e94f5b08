"""Says what an expression comes to that asks for the shape of a node where none may be asked for, once the shapes are known."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.expressions.deferred import TOO_EARLY, Deferred, Named
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.syntax.document import Document


def with_values(problems: Iterable[Problem], planned: TypedGraph, document: Document) -> tuple[Problem, ...]:
    """`problems`, those of expressions that are read too early with their values, and the shapes that they follow from."""
    return tuple(with_value(one, planned, document) if one.label.text == TOO_EARLY else one for one in problems)


def with_value(problem: Problem, planned: TypedGraph, document: Document) -> Problem:
    """The problem of one such expression, as it is where a shape is not known, or known already."""
    from modelc.compiler.language.suggestions.foreign_references import VALUE, value_help

    expression = document.early.get(problem.label.place)
    node: Node | None = None
    path = problem.path if problem.path in document.values else problem.path[:-1]
    if expression is None and path in document.values and path not in document.holes:
        # It stands in a layer, which may be in a block.
        expression = document.get(path)
        around = [one for one in planned.graph.nodes if one.at and problem.path[: len(one.at)] == one.at]
        node = max(around, key=lambda one: len(one.at), default=None)
    if not isinstance(expression, Deferred) or any("`shape(" in note for note in problem.notes):
        return problem
    types = {one: type_of(planned, one, node) for one in expression.asked}
    shapes = {one: list(known.shape) for one, known in types.items() if known is not None}
    if shapes.keys() < types.keys():
        return problem
    help, note = value_help(expression, shapes)
    is_value = not problem.helps or problem.helps[0].startswith(VALUE)
    return replace(problem, helps=(help,) if is_value else problem.helps, notes=(note, *problem.notes))


def type_of(planned: TypedGraph, named: Named, node: Node | None) -> TensorType | None:
    """The type of what an expression, in the layer `node` or outside of all, calls by a name; None where it is not known."""
    name, _, port = named.name.partition(".")
    if named.up:
        return None
    if name == "input" and node is not None and node.feeds:
        return planned.type(node.feeds[0].edge)
    for path in paths_of(name, node):
        ends = planned.graph.ends.get(path)
        edge = Edge(path, port or "output") if ends is None else ends.get(port or "output")
        if edge is None and ends is not None and (last := ends.get("output")) is not None:
            # The ports of a chain are those of its last layer.
            edge = last._replace(port=port)
        if (known := planned.type(edge)) is not None:
            return known
    return None


def paths_of(name: str, node: Node | None) -> Iterator[str]:
    """The paths that a name may stand for in the layer `node`, from the innermost block around it on."""
    for around in reversed(node.scope if node is not None else ()):
        yield f"{around}/{name}"
    yield name
