"""Writes parts of a spec as YAML: plain values, lists over several lines, and comments that end with their line."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelc.compiler.diagnostics.render.printable import printable
from modelc.compiler.expansion.yaml_writer import escape_dollar, scalar_text
from modelc.compiler.syntax.composer import CONTROL

WIDTH = 110
MOST_WORDS = 40


def text(value: Any) -> str:
    """A plain value, a list or a mapping on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar_text(str(key))}: {text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(text, value)) + "]"
    return scalar_text(escape_dollar(value))


def is_writable(name: str) -> bool:
    """Whether a spec can have a name: it has no control characters, written as escapes neither."""
    return re.search(CONTROL, name) is None


def wrapped(parts: Iterable[str], indent: str, opening: str, closing: str) -> list[str]:
    """Items between brackets, on as many lines as they take."""
    lines, line = [], indent + opening
    for place, part in enumerate(items := [*parts]):
        piece = part + (", " if place + 1 < len(items) else closing)
        if len(line) + len(piece) > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent + " " * len(opening[:1])
        line += piece
    return [*lines, line]


def list_lines(key: str, values: Sequence[Any], indent: str) -> list[str]:
    """`key: [...]`."""
    return wrapped(map(text, values), indent, f"{key}: [", "]")


def mapping_lines(key: str, values: Mapping[str, Any], indent: str) -> list[str]:
    """`key: {...}`. A dollar in a key is one."""
    return wrapped((f"{scalar_text(name)}: {text(value)}" for name, value in values.items()), indent, f"{key}: {{", "}")


def comment(said: str, indent: str = "") -> list[str]:
    """A comment over as many lines as it takes."""
    lines = textwrap.wrap(printable(said), WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def named(names: Iterable[str]) -> list[str]:
    """Names of columns, as a comment has them."""
    return [f"`{name}`" for name in names]


def some(words: Sequence[str]) -> str:
    """The first of some words, and how many there are besides."""
    more = f" and {len(words) - MOST_WORDS:,} more" if len(words) > MOST_WORDS else ""
    return ", ".join(words[:MOST_WORDS]) + more
