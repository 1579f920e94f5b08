"""Resolves the names in `from`, `outputs`, `share` and `unembed`, and reports unknown ones."""

from collections.abc import Sequence

from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.input_slots import Argument
from modelc.compiler.graph.namespaces import Namespace, only_share
from modelc.compiler.language.ast import NodeSpec, Reference
from modelc.compiler.language.parser.graph_nodes import unknown_node
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.layers import LAYERS


def shared_node(reporter: Reporter, names: Namespace, reference: Reference, what: str) -> NodeSpec | None:
    """The node that `share` or `unembed` refers to; None after reporting an unknown one."""
    if reference.node in names.nodes and reference.port == "output":
        return names.nodes[reference.node]
    if reference.node in names.nodes or reference.node in names.inputs:
        message = f"`{what}` needs the name of a node, `{reference.text}` is {'a port' if '.' in reference.text else 'an input'}"
        reporter.add("E209", message, reference.path, label="not a node", help=inner_layer_help(names, reference, what))
        return None
    if help := inner_layer_help(names, reference, what):
        message = f"`{what}` needs the name of a node, `{reference.text}` is a layer inside one"
        reporter.add("E209", message, reference.path, label="not a node", help=help)
        return None
    # What has an unreadable name may have any name.
    nameless = any(hole[-1:] == ("name",) for hole in reporter.document.holes)
    if names.complete and not nameless and not is_removed(reporter, names, reference):
        nodes = [name for name, node in names.nodes.items() if may_be_shared(node, reference)]
        unknown_node(reporter, reference, nodes, "no such node", f"nodes: {listed(nodes)}" if nodes else "")
    return None


def report_circle(reporter: Reporter, names: Namespace, cycle: tuple[str, ...]) -> None:
    """Report nodes that share each other, once for all of them; the first of `cycle` is repeated at its end."""
    if frozenset(cycle) in names.circles:
        return
    names.circles.append(frozenset(cycle))
    last = only_share(names.nodes[cycle[-2]])
    assert last is not None
    message = f"`{cycle[0]}` shares its own layers: {' -> '.join(cycle)}"
    help = "give one of these nodes layers instead of `share`"
    reporter.add("E209", message, last.path, label="leads back to itself", help=help)


def report_no_table(reporter: Reporter, of: Reference, target: NodeSpec, alone: bool) -> None:
    """Report an `unembed` of a node that is no embedding, unless some of it could not be read; `alone` if it is one layer."""
    if not target.items or any(part.is_hole for part in target.items):
        return
    single = target.items[0].kind if alone else "a list of layers"
    kind = single if len(target.items) == 1 else "several layers"
    message = f"`unembed` needs an `embedding`, `{of.node}` is {kind}"
    help = "give the `embedding` its own node and name that node"
    related = [(target.path, f"`{of.node}`")]
    reporter.add("E209", message, of.path, label="no table to use", help=help, related=related)


def inner_layer_help(names: Namespace, reference: Reference, what: str) -> str:
    """What to do about `node/layer`, which names a layer in the list of a node. Empty for all else."""
    owner, _, inner = reference.text.replace("/", ".").partition(".")
    node = names.nodes.get(owner)
    if node is None or not any(inner and inner in (item.name, item.kind) for item in node.items or ()):
        return ""
    return f"`{what}` takes whole nodes: make the layer `{inner}` of `{owner}` a node of its own, and name that"


def may_be_shared(node: NodeSpec, reference: Reference) -> bool:
    """Whether `reference`, which names no node, may mean this one: not the one it stands in, nor what has no name."""
    own = reference.path[: len(node.path)] == node.path
    only = node.items[0] if node.items and not node.chain else None
    return not own and not (only is not None and only.is_hole and only.name is None)


def edges_from(
    reporter: Reporter, names: Namespace, sources: Sequence[Reference] | None
) -> tuple[Argument, ...] | None:
    """The edges of a `from`; None if `from` could not be read."""
    if sources is None:
        return None
    return tuple(Argument(resolve(reporter, names, source), source.path, source.slot) for source in sources)


def named_from(reporter: Reporter, path: Path) -> Path:
    """The `from` of the node at `path`, to be blamed for its names; the node itself if it has none."""
    return (*path, "from") if (*path, "from") in reporter.document.values else path


def resolve(reporter: Reporter, names: Namespace, reference: Reference) -> Edge | None:
    """The edge that a name refers to, or None if there is none (reported, unless it may be a hole)."""
    name = reference.node
    if name in names.inputs:
        edge = names.inputs[name]
        if edge is None or reference.port == "output":
            return edge
        message = f"the input `{name}` has no port `{reference.port}`"
        reporter.add("E203", message, reference.path, label="no such port", help=f"write `{name}`")
        return None
    if name in names.nodes:
        return Edge(names.site(name).path, reference.port)
    if not names.complete or reporter.only_counts("E201"):
        return None
    if not is_removed(reporter, names, reference):
        note = f"inputs: {listed(names.inputs)}; nodes: {listed(names.nodes)}"
        known = (*names.inputs, *names.nodes)
        inner = layer_of_node_help(names, reference)
        if name in LAYERS and not inner and not suggest(name, known):
            inner = f"`{name}` is a layer, which stands beside `from`; `from` names inputs and nodes"
        unknown_node(reporter, reference, known, "no such node or input", note, inner)
    return None


def layer_of_node_help(names: Namespace, reference: Reference) -> str:
    """What to do about `node/layer`, which names a layer in the list of a node, where a value is wanted. Empty for all else."""
    owner, _, inner = reference.text.partition("/")
    items = names.nodes[owner].items if inner and owner in names.nodes else None
    if not items or inner not in [word for item in items for word in (item.name, item.kind)]:
        return ""
    if inner in (items[-1].name, items[-1].kind):
        return f"write `{owner}`: its value is that of its last layer"
    return f"the value of `{owner}` is that of its last layer: make the layers up to `{inner}` a node of their own, and name that"


def is_removed(reporter: Reporter, names: Namespace, reference: Reference) -> bool:
    """Whether the node of `reference` has been removed from the file that the spec extends, which is reported."""
    if names.at.path:
        return False
    name, at = reference.node, reference.path
    kinds = (("nodes", "node"), ("layers", "layer"), ("inputs", "input"))
    return any(reporter.is_removed("E201", f"the {kind} `{name}`", ("model", key, name), at) for key, kind in kinds)
