"""Reports what the `plan` of a layer refused: at the argument or input to blame, with what the inputs are."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.graph.graph import Node
from modelc.compiler.graph.shortcuts import shortcut_help
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.layers import kind_of
from modelc.compiler.syntax.document import Document


def report(reporter: Reporter, planned: TypedGraph, node: Node, error: PlanError) -> None:
    """Report the PlanError of a layer: at the argument or input to blame, else at the layer."""
    assert node.layer is not None and node.feeds is not None
    kind = kind_of(node.layer)
    message = f"{display_name(node)}: {error.message}"
    path, is_layer = node.at, True
    if error.inside and not error.slot:
        path, is_layer = way_inside(reporter.document, node.at, error.inside)
    elif error.argument:
        path = argument_path(reporter, node, error.argument)
    elif error.slot:
        paths = [feed.path for feed in node.feeds if feed.slot == error.slot]
        path = paths[0] if len(paths) == 1 else common(paths) or node.at
    related = []
    for feed in node.feeds:
        source = planned.graph.node(feed.edge.node) if feed.edge else None
        known = planned.type(feed.edge)
        if known is not None and feed.edge is not None:
            at = source.at if source is not None else ("model", "inputs", feed.edge.node)
            if at != path and reporter.document.key(at) != reporter.document.key(path):
                related.append((at, f"`{feed.edge}` gives {show_shape(known.shape)} {known.dtype}"))
    label = "these do not match" if error.slot and path != node.at else "does not fit"
    key, note = path in (node.at, bare_argument(reporter, node)) or (bool(error.inside) and is_layer), error.note
    help = (shortcut_help(reporter.document, planned, node) if error.code in ("E302", "E303") else "") or error.help
    help = (unembed_help(reporter.document, planned, node) if error.code == "E303" and node.shared else "") or help
    if "` before it" in help:
        from modelc.compiler.graph.layer_order import placed_before

        help = placed_before(reporter.document, node, help, error.slot)
    found = None if error.meant is None else value_meant(reporter, node, error, kind)
    reporter.add(
        error.code, message, path, key=key, label=label, help=help, note=note, related=related, suggestion=found
    )


def report_caution(reporter: Reporter, node: Node, caution: PlanError) -> None:
    """Report what the `caution` of a layer says of one of its arguments."""
    at = argument_path(reporter, node, caution.argument)
    message = f"{display_name(node)}: {caution.message}"
    reporter.add(caution.code, message, at, key=at == node.at, label=caution.note, help=caution.help)


def argument_path(reporter: Reporter, node: Node, argument: str) -> Path:
    """Where an argument of the layer of a node is written, else the layer itself."""
    assert node.layer is not None
    ways = (bare_argument(reporter, node), (*node.at, argument), (*node.at, kind_of(node.layer), argument))
    return next((way for way in reversed(ways) if way in reporter.document.values), node.at)


def way_inside(document: Document, at: Path, inside: Path) -> tuple[Path, bool]:
    """Where the text has what `inside` leads to from the arguments of the layer `at`, as far as it is written, and whether
    that is the name of a layer.
    """
    path, is_layer, named = at, True, True
    for part in inside:
        # After an argument, and its index in a list, comes the name of a layer.
        named = not named if isinstance(part, str) else named
        if (*path, part) in document.values:
            path, is_layer = (*path, part), named
    return path, is_layer


def bare_argument(reporter: Reporter, node: Node) -> Path:
    """Where what a wrapper wraps is written without the name of its argument; the node itself if it is not."""
    given = reporter.document.get(node.at) if node.at in reporter.document.values else None
    bare = type(node.layer).bare_in(given) if isinstance(given, Mapping) and node.layer is not None else None
    return node.at if bare is None else (*node.at, bare)


def value_meant(reporter: Reporter, node: Node, error: PlanError, kind: str) -> Suggestion | None:
    """The intended replacement of the argument that a plan refused, if the text has it directly or by its name."""
    assert error.meant is not None
    old, new = error.meant
    for path in ((*node.at, error.argument), (*node.at, kind, error.argument), node.at, (*node.at, kind)):
        if path in reporter.document.values and reporter.document.get(path) == old:
            return reporter.located(Suggestion(old, str(new), error.help, is_safe=True, how="value"), path)
    return None


def display_name(node: Node) -> str:
    """The name of a node in messages: its layer, and its path if that says more."""
    assert node.layer is not None
    kind = kind_of(node.layer)
    return f"`{kind}`" if node.path == kind else f"`{kind}` at `{node.path}`"


def unembed_help(document: Document, planned: TypedGraph, node: Node) -> str:
    """What to write for an embedding that is shared for vectors of the size of its own; empty for all else."""
    from modelc.compiler.library.layers.core.embedding import Embedding

    types = [planned.type(feed.edge) for feed in node.feeds or ()]
    vectors = [known.shape[-1:] for known in types if known is not None and known.dtype == "float32"]
    if not isinstance(node.layer, Embedding) or node.shared is None or vectors != [(node.layer.output_dim,)]:
        return ""
    return f"for a logit for each id, by the table of the embedding, write `unembed: {document.get(node.shared)}`"


def common(paths: Sequence[Path]) -> Path:
    """The longest common prefix of `paths`; empty for none."""
    shared = zip(*paths, strict=False)
    return tuple(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, shared))
