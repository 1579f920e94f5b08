"""A tree of parts as YAML, with where each value comes from as a comment. Knows no language."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import SETTING
from modelc.compiler.expansion.resolved_spec import Kept
from modelc.compiler.expansion.source_tree import SourceNode

PLAIN = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_./-]*")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What some readers of YAML take for something else than a text."""
WIDTH, FURTHEST = 100, 60
"""Columns: of a value on the line of its key, and of the comments behind what is not longer."""


def written(root: SourceNode, sources: Mapping[str, str]) -> str:
    """`root` as YAML in block style. `sources` is the text of each file that its places are in."""
    lines = list(mapping(root, "", sources))
    column = min(max((len(text) for text, origin in lines if origin), default=0), FURTHEST)
    return "".join(f"{text.ljust(column)}  # {origin}\n" if origin else f"{text}\n" for text, origin in lines)


def plain(root: SourceNode) -> Any:
    """`root` as data that a spec in JSON may be."""
    if root.kind == "mapping":
        return {key: plain(part) for key, (_, part) in root.content.items()}
    if root.kind == "list":
        return [plain(part) for part in root.content]
    return escaped(root.content)


def escaped(value: Any) -> Any:
    """A plain value; a text that begins with a dollar and is no variable has another one in front."""
    if isinstance(value, str):
        return str(value) if isinstance(value, Kept) or not value.startswith("$") else f"${value}"
    return value


def mapping(part: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines of a mapping, each with its origin."""
    for key, (_, below) in part.content.items():
        yield from value(f"{indent}{text_of(key)}:", below, f"{indent}  ", sources)


def value(start: str, part: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The lines of a value behind a key; what fits on the line of the key stands there."""
    short = on_one_line(part)
    if short is not None and len(start) + len(short) < WIDTH:
        yield f"{start} {short}", origins(part, sources)
        return
    yield start, ""
    if part.kind == "mapping":
        yield from mapping(part, indent, sources)
        return
    for item in part.content:
        yield from list_item(item, indent, sources)


def list_item(item: SourceNode, indent: str, sources: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    short = on_one_line(item)
    if short is not None or item.kind == "list":
        yield f"{indent}- {short if short is not None else flow(item)}", origins(item, sources)
        return
    lines = mapping(item, f"{indent}  ", sources)
    first, origin = next(lines)
    yield f"{indent}- {first.lstrip()}", origin
    yield from lines


def on_one_line(part: SourceNode) -> str | None:
    """What needs no lines of its own: a plain value, a list of such, what is empty."""
    if part.kind == "mapping" and part.content:
        return None
    if part.kind == "list" and any(item.kind != "scalar" for item in part.content):
        return None
    return flow(part)


def flow(part: SourceNode) -> str:
    if part.kind == "mapping":
        return "{" + ", ".join(f"{text_of(key)}: {flow(below)}" for key, (_, below) in part.content.items()) + "}"
    if part.kind == "list":
        return "[" + ", ".join(map(flow, part.content)) + "]"
    return text_of(escaped(part.content))


def text_of(content: Any) -> str:
    """A plain value or a key as YAML 1.1 and 1.2 both read it."""
    if isinstance(content, str) and PLAIN.fullmatch(content) and content.lower() not in WORDS:
        return content
    quoted = json.dumps(content, ensure_ascii=False)
    if isinstance(content, float) and "." not in quoted:
        # Without a point it would be a text in YAML 1.1.
        quoted = quoted.replace("e", ".0e")
    return "".join(mark if mark.isprintable() else f"\\U{ord(mark):08x}" for mark in quoted)


def origins(part: SourceNode, sources: Mapping[str, str]) -> str:
    """Where the values of one line come from, each told once."""
    parts = [part]
    if part.kind == "list":
        parts = [*part.content] or parts
    elif part.kind == "mapping":
        parts = [below for _, below in part.content.values()] or parts
    text = "; ".join(dict.fromkeys(origin(below, sources) for below in parts))
    # A comment ends with its line.
    return "".join(mark if mark.isprintable() else " " for mark in text)


def origin(part: SourceNode, sources: Mapping[str, str]) -> str:
    """The variable, the setting, or the expression that a value comes from, and the line where that is written."""
    place = part.at.place()
    if place.file == SETTING:
        settings = sources[SETTING].split("\n")
        return f"{SETTING} {settings[place.line - 1]}"
    line = f"{place.file}:{place.line}"
    path = part.at.path
    if path[:1] == ("vars",) and len(path) > 1:
        return f"{'.'.join(map(str, path))}, {line}"
    if any(hop.shared for hop in part.trail):
        return f"{part.at.document.get(path)}, {line}"
    return line
