"""Builds layers whose arguments ask for shapes, once type inference knows these."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.composite_outputs import no_port
from modelc.compiler.graph.graph import Node
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.ast import Unbuilt
from modelc.compiler.language.expressions.deferred import Deferred, Named, moved_out
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.library.contracts.layer import Layer

if TYPE_CHECKING:
    from modelc.compiler.library.base.tensor_type import TensorType

MOST_NOTES = 5
"""Expressions of a layer that an error shows with what they came to; hardly any layer has more."""
Built = dict[tuple[object, ...], tuple[Layer, "Facts"]]
"""The layers without problems that were built so far, and their facts, by what they were built from."""
Facts = tuple[tuple[Deferred, Any, Mapping[Named, list[int]]], ...]
"""What each expression of a layer came to, and the shapes that it asked for."""


def built(reporter: Reporter, planned: TypedGraph, node: Node, known: Built) -> tuple[Node, Facts]:
    """`node` with its layer built, a hole where that is not possible, and what its expressions came to. Added to `known`.

    What is wrong is reported, unless it is unknown because of what is reported already.
    """
    if node.unbuilt is None:
        return node, ()
    hole = node._replace(unbuilt=None, asked=())
    shapes: dict[Named, list[int]] = {}
    for one in node.asked:
        type_ = type_of(reporter, planned, one.edge, one.path)
        if type_ is None:
            return hole, ()
        shapes[one.named] = list(type_.shape)
    key = (id(node.unbuilt), *((named, *shape) for named, shape in shapes.items()))
    if key in known:
        found, facts = known[key]
        return node._replace(layer=found, unbuilt=None), facts
    values: dict[Path, Any] = {}
    for place, expression in node.unbuilt.places.items():
        if not set(expression.asked) <= shapes.keys():
            return hole, ()
        at = (*node.unbuilt.path, *place)
        if at not in reporter.document.values:
            # A bare value stands where its argument is not named.
            at = (*node.unbuilt.path, *place[:1], *place[2:])
        values[place] = value_at(reporter, expression, shapes, at)
    if reporter.problems:
        return hole, ()
    facts = tuple((one, values[place], shapes) for place, one in node.unbuilt.places.items())
    layer = layer_of(reporter, node.unbuilt, values)
    if layer is not None:
        known[key] = layer, facts
    return (node if layer else hole)._replace(layer=layer, unbuilt=None), facts


def type_of(reporter: Reporter, planned: TypedGraph, edge: Any, path: Path) -> "TensorType | None":
    """The type on an edge whose shape is asked for; reports a port that is not there."""
    known = planned.type(edge)
    plan = None if edge is None else planned.plans.get(edge.node)
    if known is None and plan is not None:
        no_port(reporter, edge, list(plan.outputs), path, owner=edge.node)
    return known


NO_ENTRY = re.compile(r"`(.+)` has no entry (-?\d+)")


def value_at(reporter: Reporter, expression: Deferred, shapes: Mapping[Named, list[int]], path: Path) -> Any:
    """The value of the expression at `path`; reports that it has none."""
    from modelc.compiler.language.expressions.operations import ExpressionError

    try:
        return expression.value(shapes.__getitem__)
    except ExpressionError as error:
        from modelc.compiler.graph.asked_shapes import where_given
        from modelc.compiler.language.suggestions.foreign_references import size_help

        known, help = note(expression, None, shapes), error.help or size_help(expression.shown)
        message = moved_out(error.message, None)
        entry = NO_ENTRY.match(message)
        given = where_given(reporter.document, path, f"{entry[1]}[{entry[2]}]" if entry else message.split("`")[1])
        if given is None:
            reporter.add("E207", message, path, label="cannot be computed", help=help, note=known)
        else:
            others = [one for one in reporter.document.trail(path) if one.place != given.place()]
            reporter.report("E207", message, given, label="cannot be computed", related=others, help=help, note=known)
        return None


def note(expression: Deferred, value: Any, shapes: Mapping[Named, list[int]]) -> str:
    """What an expression came to, and the shapes it was made from."""
    from modelc.compiler.language.suggestions.foreign_references import shapes_text

    known = shapes_text(expression, shapes)
    return known if value is None else f"`{expression.shown}` is {flow(value)}: {known}"


def layer_of(reporter: Reporter, unbuilt: Unbuilt, values: Mapping[Path, Any]) -> Layer | None:
    """The layer with `values` in its arguments; None after reporting what is wrong with it."""
    from pydantic import ValidationError

    from modelc.compiler.language.parser.arguments import built_once, translate
    from modelc.compiler.library.layers import LAYERS

    raw = filled({unbuilt.kind: unbuilt.arguments}, values)
    try:
        layer: Layer = built_once(LAYERS, raw)
    except ValidationError as error:
        translate(reporter, error, unbuilt.path)
        return None
    if unbuilt.unembeds:
        from modelc.compiler.library.layers.core.embedding import Embedding, TiedUnembed

        assert isinstance(layer, Embedding)
        return TiedUnembed(embedding=layer)
    return layer


def filled(raw: Any, values: Mapping[Path, Any], path: Path = ()) -> Any:
    """Plain data with the `values` at their places."""
    if path in values:
        return values[path]
    if isinstance(raw, Mapping):
        return {key: filled(below, values, (*path, key)) for key, below in raw.items()}
    return [filled(below, values, (*path, index)) for index, below in enumerate(raw)] if isinstance(raw, list) else raw


def with_notes(problems: Sequence[Problem], facts: Facts) -> list[Problem]:
    """The problems of a layer, the errors among them with what its expressions came to."""
    if not problems:
        return []
    notes = [note(*fact) for fact in facts[:MOST_NOTES]]
    if more := len(facts) - len(notes):
        notes.append(f"and {counted(more, 'more expression')} of this layer")
    return [replace(one, notes=(*one.notes, *notes)) if one.is_error else one for one in problems]
