"""Resolves the names in expressions that ask for shapes, `shape(x)`: they are names of the level where the layer stands."""

import re
from collections.abc import Iterator, Sequence

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.composite_outputs import CompositeOutputs
from modelc.compiler.graph.graph import Asked, Edge, Feed, Node
from modelc.compiler.graph.name_resolution import is_removed, resolve
from modelc.compiler.graph.namespaces import Namespace
from modelc.compiler.language.ast import Item, Reference
from modelc.compiler.language.expressions.deferred import Deferred, Named
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.syntax.document import Document, Hop, Where

INPUT = "input"
"""The name for what comes into the layer itself."""


def asked_shapes(reporter: Reporter, names: Namespace, item: Item, feeds: Sequence[Feed] | None) -> tuple[Asked, ...]:
    """What the arguments of `item`, a layer with `feeds` in the graph of `names`, ask the shapes of; reports what is not
    there.
    """
    assert item.unbuilt is not None and item.cls is not None
    slot = item.cls.slots[0].name if item.cls.slots else ""
    given = None if feeds is None else tuple(feed.edge for feed in feeds if feed.slot == slot)
    places = {(*item.unbuilt.path, *place): one for place, one in item.unbuilt.places.items()}
    return tuple(
        Asked(named, edge_of(reporter, names, given, named, path, expression), path)
        for path, expression in places.items()
        for named in expression.asked
    )


def edge_of(
    reporter: Reporter,
    names: Namespace,
    given: Sequence[Edge | None] | None,
    named: Named,
    path: Path,
    expression: Deferred,
) -> Edge | None:
    """The edge that `named` means in the `expression` at `path`; None where there is none, which is reported."""
    for _ in range(named.up):
        if names.outer is None:
            return None
        given, names = names.given, names.outer
    if named.name == INPUT:
        return given_edge(reporter, names, given, path, inside=named.up > 0)
    reference = Reference(named.name, path)
    if reference.node in names.inputs or reference.node in names.nodes:
        return resolve(reporter, names, reference)
    if names.complete and not is_removed(reporter, names, reference):
        unknown(reporter, names, reference, expression.shown)
    return None


def given_edge(
    reporter: Reporter, names: Namespace, given: Sequence[Edge | None] | None, path: Path, inside: bool
) -> Edge | None:
    """The one edge into a layer, or a block, that the expression at `path` calls `input`."""
    kind = "an input" if INPUT in names.inputs else "a node" if INPUT in names.nodes else ""
    what = "block" if inside else "layer"
    if kind:
        message = f"`shape({INPUT})` is the shape of what comes into the {what}, and {kind} here has that name too"
        help = f"rename {kind.replace('an ', 'the ').replace('a ', 'the ')}"
        reporter.add("E110", message, path, label=f"`{INPUT}` has two meanings", help=help)
        return None
    if given is None:
        return None
    if len(given) != 1:
        message = f"`shape({INPUT})` needs one value that comes into the {what}, got {len(given)}"
        reporter.add("E204", message, path, label=f"{len(given)} given", help="name one of them: `shape(NAME)`")
        return None
    return given[0]


def unknown(reporter: Reporter, names: Namespace, reference: Reference, expression: str) -> None:
    """Report a name that there is not where an `expression`, which a block may have been given, asks for its shape."""
    if reporter.only_counts("E201"):
        return
    name, known = reference.node, (*names.inputs, *names.nodes, INPUT)
    found = suggest(name, known, defined=True)
    found = found._replace(help=f"did you mean `shape({found.new}{reference.text[len(name) :]})`?" if found else "")
    help = found.help
    outer = names.outer
    while outer is not None:
        if not help and (name in outer.inputs or name in outer.nodes):
            help = "a block knows nothing outside of it: give it to a parameter that has a default"
        outer = outer.outer
    note = (
        f"inputs: {listed(names.inputs)}; nodes: {listed(names.nodes)}"
        if names.inputs
        else f"nodes: {listed(names.nodes)}"
    )
    message = f"unknown node `{name}` in `shape({reference.text})`"
    # It can be replaced in an expression where it stands once.
    parts = re.split(rf"(?<![\w-]){re.escape(name)}(?![\w-])", expression)
    meant = (found.around(*parts) if len(parts) == 2 else found)._replace(help=help)
    note, label = "" if found else note, "no such node or input"
    given = where_given(reporter.document, reference.path, f"shape({reference.text})")
    if given is None:
        reporter.add("E201", message, reference.path, label=label, note=note, suggestion=meant)
        return
    # Where the argument of the block, or the variable, is written: what uses it is right.
    others = [one for one in reporter.document.trail(reference.path) if one.place != given.place()]
    reporter.report("E201", message, given, label=label, note=note, related=others, help=help)


def where_given(document: Document, path: Path, asked: str) -> Where | None:
    """Where the expression is written from which the one at `path` has `asked`, a part of it: the first of the variables and
    arguments of blocks that led there. None where it stands in the expression itself.
    """
    given = [hop.where for hop in hops(document, path) if asked in hop.text]
    return next((where for where in reversed(given) if isinstance(where, Where)), None)


def hops(document: Document, path: Path) -> Iterator[Hop]:
    """How the value at `path`, and the values around it, came there: innermost first."""
    for end in range(len(path), -1, -1):
        yield from document.trails.get(path[:end], ())


def settled_shapes(nodes: Sequence[Node], ends: CompositeOutputs) -> list[Node]:
    """`nodes` with what they ask for resolved to nodes and inputs; what shares weights asks for what their owner does."""
    if all(node.unbuilt is None for node in nodes):
        return [*nodes]
    settled = {
        node.path: tuple(one._replace(edge=ends.resolve(one.edge, one.path)) for one in node.asked)
        for node in nodes
        if node.unbuilt is not None
    }
    return [node._replace(asked=settled.get(node.owner, ())) if node.unbuilt is not None else node for node in nodes]
