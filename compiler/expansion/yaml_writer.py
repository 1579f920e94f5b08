"""Writes a tree of nodes as YAML, with the origin of each value as a comment. Knows no language."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import SETTING
from modelc.compiler.diagnostics.render.printable import pieces, printable
from modelc.compiler.expansion.resolved_spec import KeptReference
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.expressions.deferred import Deferred

PLAIN = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_./-]*")
NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some YAML parsers do not read as strings."""
WIDTH, FURTHEST = 100, 60
"""Columns: of a value on the line of its key, and of the comments behind what is not longer."""


def to_yaml(root: SourceNode, sources: Mapping[str, str]) -> str:
    """`root` as YAML in block style. `sources` has the text of each file by its name."""
    lines = list(mapping_lines(root, "", sources))
    column = min(max((len(text) for text, origin in lines if origin), default=0), FURTHEST)
    return "".join(f"{text.ljust(column)}  # {origin}\n" if origin else f"{text}\n" for text, origin in lines)


def to_data(root: SourceNode) -> Any:
    """`root` as the data of a spec in JSON."""
    if root.kind == "mapping":
        return {key: to_data(node) for key, (_, node) in root.content.items()}
    if root.kind == "list":
        return [to_data(node) for node in root.content]
    return escape_dollar(root.content)


def escape_dollar(value: Any) -> Any:
    """A plain value; a string that begins with a dollar and is no reference or expression gets a second dollar."""
    if isinstance(value, str):
        return str(value) if isinstance(value, KeptReference | Deferred) or not value.startswith("$") else f"${value}"
    return value


def mapping_lines(node: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines of a mapping, each with its origin."""
    for key, (_, below) in node.content.items():
        yield from value_lines(f"{indent}{scalar_text(key)}:", below, f"{indent}  ", sources)


def value_lines(start: str, node: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines of a value after its key, on the same line if it fits or cannot be on several."""
    short = on_one_line(node)
    if short is not None and (node.kind == "scalar" or len(start) + len(short) < WIDTH):
        yield f"{start} {short}", origins(node, sources)
        return
    yield start, ""
    if node.kind == "mapping":
        yield from mapping_lines(node, indent, sources)
        return
    for item in node.content:
        yield from item_lines(item, indent, sources)


def item_lines(item: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    short = on_one_line(item)
    if short is not None or item.kind == "list":
        yield f"{indent}- {short if short is not None else flow_text(item)}", origins(item, sources)
        return
    lines = mapping_lines(item, f"{indent}  ", sources)
    first, origin = next(lines)
    yield f"{indent}- {first.lstrip()}", origin
    yield from lines


def on_one_line(node: SourceNode) -> str | None:
    """The value on one line, if it is plain, a list of plain values, or empty; else None."""
    if node.kind == "mapping" and node.content:
        return None
    if node.kind == "list" and any(item.kind != "scalar" for item in node.content):
        return None
    return flow_text(node)


def flow_text(node: SourceNode) -> str:
    if node.kind == "mapping":
        entries = (f"{scalar_text(key)}: {flow_text(below)}" for key, (_, below) in node.content.items())
        return "{" + ", ".join(entries) + "}"
    if node.kind == "list":
        return "[" + ", ".join(map(flow_text, node.content)) + "]"
    return scalar_text(escape_dollar(node.content))


def scalar_text(content: Any) -> str:
    """A plain value or a key, written so that YAML 1.1 and 1.2 read the same."""
    if isinstance(content, str) and PLAIN.fullmatch(content) and content.lower() not in NOT_PLAIN:
        return content
    quoted = json.dumps(content, ensure_ascii=False)
    if isinstance(content, float) and "." not in quoted:
        # Without a point it would be a string in YAML 1.1.
        quoted = quoted.replace("e", ".0e")
    # YAML reads the escapes that are printed elsewhere too.
    return "".join(pieces(quoted))


def origins(node: SourceNode, sources: Mapping[str, str]) -> str:
    """The origins of the values on one line, each once."""
    nodes = [node]
    if node.kind == "list":
        nodes = [*node.content] or nodes
    elif node.kind == "mapping":
        nodes = [below for _, below in node.content.values()] or nodes
    text = "; ".join(dict.fromkeys(origin(below, sources) for below in nodes))
    # A comment ends with its line.
    return printable(text)


def origin(node: SourceNode, sources: Mapping[str, str]) -> str:
    """The variable, override or expression that a value comes from, and the line where that is written."""
    place = node.at.place()
    if place.file == SETTING:
        settings = sources[SETTING].split("\n")
        return f"{SETTING} {settings[place.line - 1]}"
    line = f"{place.file}:{place.line}"
    path = node.at.path
    if path[:1] == ("vars",) and len(path) > 1:
        return f"{'.'.join(map(str, path))}, {line}"
    if any(hop.shared for hop in node.trail):
        return f"{node.at.document.get(path)}, {line}"
    return line
