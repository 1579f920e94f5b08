"""Formats values and names for messages. Strings only: nothing here knows places or problems."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.command_line import command
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.suggestions.hints import looks_like_a_number

FEW = 20
"""More items of a list do not fit into what is shown of a value."""
WHOLE, SHOWN = 8, 5
"""So many names are listed whole; of more, so many."""
LONG = 60
"""Characters of a nested value that is shown whole."""
KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "the string",
    bool: "the boolean",
    int: "the number",
    float: "the number",
}


def article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def show(value: Any) -> str:
    """A value as a spec would write it, cut short; one that asks for shapes as a whole."""
    if isinstance(value, Deferred):
        return f'"{value.shown}"'
    if isinstance(value, bool):
        return str(value).lower()
    text = "null" if value is None else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def spell(arguments: Mapping[str, Any]) -> str:
    """Arguments as a spec writes them on one line, `{units: 10}`; what is neither plain nor a list of plain values is
    left open.
    """
    return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in arguments.items()) + "}"


def flow(value: Any) -> str:
    """A value as a spec writes it on one line, left open where it is nested and long: what is shown can be typed."""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value[:FEW]):
        return show("[" + ", ".join(map(quoted, value[:FEW])) + "]")
    return in_line(value, LONG) or "..." if isinstance(value, dict | list) else quoted(value)


def quoted(value: Any) -> str:
    """A plain value as a spec writes it: an expression in quotes, which it needs in braces."""
    return f'"{value}"' if type(value) is str and value.startswith("${") else show(value)


def in_line(value: Any, room: int) -> str:
    """A value as a spec writes it on one line of at most `room` characters; empty where it is longer."""
    if not isinstance(value, dict | list):
        text = quoted(value)
        return text if len(text) <= room and not text.endswith("...") else ""
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    if len(value) > FEW or room <= 0:
        return ""
    named = value.items() if isinstance(value, dict) else (("", item) for item in value)
    parts = []
    for key, item in named:
        written = in_line(item, room - len(f"{key}: "))
        if not written:
            return ""
        parts.append(f"{key}: {written}" if isinstance(value, dict) else written)
        room -= len(parts[-1]) + 2
    text = ", ".join(parts)
    return (f"{{{text}}}" if isinstance(value, dict) else f"[{text}]") if room >= -2 else ""


def removing(extends: Any, paths: Collection[str]) -> str:
    """The `extends` of a spec, as it is written, that also removes what is at these key paths of the base."""
    written = extends if isinstance(extends, Mapping) else {"file": extends}
    removed = [*(written.get("remove") or ()), *paths]
    return f"`extends: {{file: {written.get('file')}, remove: [{', '.join(map(str, removed))}]}}`"


def some(names: Collection[str], everywhere: str = "") -> str:
    """`names` after each other; of many only the first, and the command that lists all: `modelc explain` and
    `everywhere`.
    """
    if len(names) <= WHOLE:
        return ", ".join(names)
    return f"{', '.join(list(names)[:SHOWN])}, ... (all: `{command('explain', *everywhere.split())}`)"


def describe(value: Any, is_quoted: bool = True) -> str:
    """What kind of thing came, for `expected ..., got ...`; a text that could be taken for a number in its quotes, if it is
    written so.
    """
    if value is None:
        return "nothing"
    kind = "the expression" if isinstance(value, Deferred) else KINDS.get(type(value), type(value).__name__)
    if isinstance(value, dict | list):
        return kind
    quotes = '"' if is_quoted and isinstance(value, str) and looks_like_a_number(value) else ""
    return f"{kind} `{quotes}{show(value)}{quotes}`"


def literal_choices(expected: str) -> list[str]:
    """The choices in pydantic's text: `'valid' or 'same'`."""
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]
