"""The graph of a summary as DOT (Graphviz) or Mermaid text. Draws no images.

Blocks, `residual`, `parallel` and repeats are boxes around their nodes, by the parts of the nodes' paths.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from modelc.compiler.diagnostics.render.printable import printable
from modelc.compiler.explain.summary import Row, Summary
from modelc.compiler.library.base.tensor_type import show_type

LONGEST = 48
"""Characters of a layer's notation that a box shows."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One name scope, a part of the paths: its nodes by identifier, and the scopes inside, in the order of the summary."""

    name: str = ""
    nodes: dict[str, Row] = field(default_factory=dict)
    scopes: "dict[str, Scope]" = field(default_factory=dict)


def dot(summary: Summary, direction: str = "TB") -> str:
    """The graph in DOT, drawn from top to bottom, or from left to right with the direction `LR`."""
    root, ids = tree(summary)
    numbers = count()
    lines = [
        f"digraph {quoted(summary.name or 'model')} {{",
        f"  rankdir={direction};",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=11];',
        "  edge [fontname=Helvetica, fontsize=9];",
        *dot_scope(root, "  ", numbers),
    ]
    for name, place in outputs(summary):
        lines.append(f"  {place} [shape=ellipse, fillcolor=lightgrey, label={quoted(name)}];")
    for start, end, port in arrows(summary, ids):
        lines.append(f"  {start} -> {end}{f' [label={quoted(port)}]' if port else ''};")
    return "\n".join([*lines, "}"]) + "\n"


def dot_scope(scope: Scope, indent: str, numbers: "count[int]") -> Iterator[str]:
    for place, row in scope.nodes.items():
        look = ", shape=ellipse, fillcolor=lightgrey" if row.layer == "input" else ""
        yield f"{indent}{place} [label={quoted(*label(row))}{look}];"
    for inner in scope.scopes.values():
        yield f"{indent}subgraph cluster_{next(numbers)} {{"
        yield f'{indent}  label={quoted(inner.name)}; labeljust=l; style="rounded,dashed"; fontname=Helvetica; fontsize=11;'
        yield from dot_scope(inner, indent + "  ", numbers)
        yield indent + "}"


def mermaid(summary: Summary, direction: str = "TB") -> str:
    """The graph in Mermaid, which GitHub, GitLab and many editors draw inside Markdown."""
    root, ids = tree(summary)
    lines = [f"flowchart {direction}", *mermaid_scope(root, "  ", count())]
    lines += [f"  {place}([{escaped(name)}])" for name, place in outputs(summary)]
    for start, end, port in arrows(summary, ids):
        lines.append(f"  {start} -->{f'|{escaped(port)}|' if port else ''} {end}")
    return "\n".join(lines) + "\n"


def mermaid_scope(scope: Scope, indent: str, numbers: "count[int]") -> Iterator[str]:
    for place, row in scope.nodes.items():
        before, after = ("([", "])") if row.layer == "input" else ("[", "]")
        yield f"{indent}{place}{before}{escaped(*label(row))}{after}"
    for inner in scope.scopes.values():
        yield f"{indent}subgraph s{next(numbers)} [{escaped(inner.name)}]"
        yield from mermaid_scope(inner, indent + "  ", numbers)
        yield indent + "end"


def tree(summary: Summary) -> tuple[Scope, Mapping[str, str]]:
    """The rows in their scopes, and the identifier of each path."""
    root = Scope()
    ids = {row.path: f"n{number}" for number, row in enumerate(summary.rows)}
    for row in summary.rows:
        scope = root
        for part in row.path.split("/")[:-1]:
            scope = scope.scopes.setdefault(part, Scope(part))
        scope.nodes[ids[row.path]] = row
    return root, ids


def label(row: Row) -> tuple[str, ...]:
    """The lines of a node's box: its name, its layer unless that is the name, its output types, its number of weights."""
    name, notation = row.path.rpartition("/")[2], row.notation
    if len(notation) > LONGEST:
        notation = notation[: LONGEST - 3] + "..."
    lines = [name] if row.layer == "input" or notation == name else [name, notation]
    lines += [f"{port} {show_type(type_)}" for port, type_ in row.ports] or [show_type(row.output)]
    return (*lines, *([f"{row.parameters:,} parameters"] if row.parameters else []))


def outputs(summary: Summary) -> list[tuple[str, str]]:
    """The model's outputs, each with its identifier."""
    return [(name, f"o{number}") for number, (name, _) in enumerate(summary.outputs)]


def arrows(summary: Summary, ids: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Where each edge leads from and to, and its port, empty for the main output; those to the model's outputs last."""
    ends = [(edge, ids[row.path]) for row in summary.rows for edge in row.inputs]
    ends += [(edge, f"o{number}") for number, (_, edge) in enumerate(summary.outputs)]
    for edge, end in ends:
        path, _, port = (edge, "", "") if edge in ids else edge.rpartition(".")
        yield ids[path], end, port


def quoted(*lines: str) -> str:
    """Lines as one string of DOT, which reads entities as XML does."""
    meant = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;"})
    return '"' + "\\n".join(printable(line).translate(meant) for line in lines) + '"'


def escaped(*lines: str) -> str:
    """Lines as one string of Mermaid, which takes entities for what would end it or mean something."""
    meant = str.maketrans({'"': "#quot;", "#": "#35;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;"})
    return '"' + "<br>".join(printable(line).translate(meant) for line in lines) + '"'
