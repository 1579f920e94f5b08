"""What the names in `from`, `outputs`, `share` and `unembed` stand for, where they stand; reports those that are none."""

from collections.abc import Sequence

from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.input_slots import Given
from modelc.compiler.graph.name_scopes import Level
from modelc.compiler.language.ast import NodeSpec, Reference
from modelc.compiler.language.parser.graph_nodes import unknown_node
from modelc.compiler.language.suggestions.reporter import Findings


def shared_node(findings: Findings, level: Level, reference: Reference, what: str) -> NodeSpec | None:
    """The node that `share` or `unembed` names; None after reporting that there is none."""
    if reference.node in level.nodes and reference.port == "output":
        return level.nodes[reference.node]
    if reference.node in level.nodes or reference.node in level.inputs:
        message = f"`{what}` needs the name of a node, `{reference.text}` is {'a port' if '.' in reference.text else 'an input'}"
        findings.add("E209", message, reference.path, label="not a node")
    elif level.complete and not is_unnamed(findings) and not is_removed(findings, level, reference):
        names = [name for name, node in level.nodes.items() if may_be_shared(node, reference)]
        unknown_node(findings, reference, names, "no such node", f"nodes: {', '.join(names)}" if names else "")
    return None


def is_unnamed(findings: Findings) -> bool:
    """Whether something in the spec has a name that cannot be read: it may be any."""
    return any(hole[-1:] == ("name",) for hole in findings.document.holes)


def may_be_shared(node: NodeSpec, reference: Reference) -> bool:
    """Whether `reference`, which names no node, may mean this one: not the one it stands in, nor what has no name."""
    own = reference.path[: len(node.path)] == node.path
    only = node.items[0] if node.items and not node.chain else None
    return not own and not (only is not None and only.layer is None and only.body is None and only.name is None)


def given_by(findings: Findings, level: Level, sources: Sequence[Reference] | None) -> tuple[Given, ...] | None:
    """What the references of a `from` give; None where `from` could not be read."""
    if sources is None:
        return None
    return tuple(Given(resolve(findings, level, source), source.path, source.slot) for source in sources)


def resolve(findings: Findings, level: Level, reference: Reference) -> Edge | None:
    """The edge that a text names, or None when there is none (reported, unless it may be a hole)."""
    name = reference.node
    if name in level.inputs:
        edge = level.inputs[name]
        if edge is None or reference.port == "output":
            return edge
        findings.add(
            "E203",
            f"the input `{name}` has no port `{reference.port}`",
            reference.path,
            label="no such port",
            help=f"write `{name}`",
        )
        return None
    if name in level.nodes:
        return Edge(level.place(name).path, reference.port)
    if level.complete and not is_removed(findings, level, reference):
        note = f"inputs: {', '.join(level.inputs)}; nodes: {', '.join(level.nodes)}"
        unknown_node(findings, reference, (*level.inputs, *level.nodes), "no such node or input", note)
    return None


def is_removed(findings: Findings, level: Level, reference: Reference) -> bool:
    """Whether the node of `reference` is left out of what the spec extends, which is reported."""
    if level.at.path:
        return False
    name = reference.node
    return any(
        findings.is_removed("E201", f"the {what} `{name}`", ("model", section, name), reference.path)
        for section, what in (("nodes", "node"), ("layers", "layer"), ("inputs", "input"))
    )
