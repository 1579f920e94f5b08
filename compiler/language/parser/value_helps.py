"""What to write for a value that is wrong where it stands: by what it was meant for, a variable, one of each copy, an expression
or another number, and by what the text has in its place.
"""

import re
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.syntax.document import Document, Where
from modelc.compiler.syntax.positions import nth_line

ROUNDING = ("//", "int(", "floor(", "round(")
"""What may make 0 of a number that is not."""
DIVIDED = re.compile("(?<!/)/(?!/)")
ROUNDED = "`int(...)`, `round(...)`, `floor(...)` and `ceil(...)` of any number"


def variable_help(document: Document, path: Path, value: Any, kind: str = "") -> str:
    """What to write for a value that is meant for a variable, or for one of each copy, where `kind` is pydantic's word for what
    is wanted. Empty for all else.
    """
    from modelc.compiler.language.suggestions.foreign_references import reference_help, size_help
    from modelc.compiler.language.suggestions.repeat_keys import each_copy_help

    raw = document.get(path if path in document.values else path[:-1]) if document.is_computed(path) else None
    if isinstance(value, list) and isinstance(raw, Deferred):
        return size_help(raw.shown)
    return each_copy_help(document, path, value) or reference_help(document, path, value, kind)


def number_help(document: Document, kind: str, path: Path, value: Any) -> str:
    """What a number is, where `value` is none and nothing else is known of it; `kind` is pydantic's word for what is
    wanted. Empty where no number is, and where the text has more than a value, which is named elsewhere.
    """
    from modelc.compiler.diagnostics.characters import comment_in
    from modelc.compiler.language.suggestions.foreign_numbers import any_number_help

    if value is None or isinstance(value, bool):
        return any_number_help(kind, "")
    text = folded(document, path) if value == "" else value
    return any_number_help(kind, text) if isinstance(text, str) and not comment_in(text) else ""


def folded(document: Document, path: Path) -> str:
    """The text at `path` that YAML takes for the sign of a string of several lines, `>8`. Empty where there is none."""
    at = document.origin(path)
    place = at.place()
    text = at.document.text if place.file == at.document.name else ""
    row = nth_line(text, place.line - 1)[place.column - 1 :] if text and place.line else ""
    return row.partition(" #")[0].strip() if row[:1] in (">", "|") else ""


def expression_at(document: Document, path: Path) -> str:
    """The expression that gave the value at `path`, as it is written; empty where none did."""
    return expression_of(document.origin(path)) if document.is_computed(path) else ""


def expression_of(at: Where) -> str:
    """The expression that is written at a place; empty where there is none."""
    raw = at.document.get(at.path) if at.path in at.document.values else None
    return raw if isinstance(raw, str) and raw.startswith("${") and raw.endswith("}") else ""


def value_note(document: Document, path: Path, shown: str) -> str:
    """That an expression came to the value at `path`, which is `shown`; empty where none did, or where the shapes are named
    from which it did.
    """
    expression = expression_at(document, path)
    waits = isinstance(document.get(path if path in document.values else path[:-1]), Deferred) if expression else False
    return f"`{expression}` is {shown}" if expression and not waits else ""


def whole_help(expression: str, value: float) -> str:
    """What to do about an `expression` that came to the float `value` where an integer is wanted."""
    divided = DIVIDED.sub("//", expression)
    if divided == expression:
        return f"`//` gives an integer: `${{a // b}}`; so do {ROUNDED}"
    least = "; `max(1, ...)` around it makes 1 of 0" if 0 < value < 1 else ""
    return f'`//` gives an integer: `"{divided}"`; so do {ROUNDED}{least}'


def rounded_help(expression: str, least: float, value: Any) -> str:
    """What to write for an `expression` that came to 0 by rounding where a size of `least` or more is wanted. Empty for all
    others.
    """
    if value != 0 or least != 1 or not any(sign in expression for sign in ROUNDING):
        return ""
    return f'for a size of at least 1 write `"${{max(1, {expression[2:-1].strip()})}}"`'
