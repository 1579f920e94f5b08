"""Snippets for editors, an extension of JSON Schema: the `defaultSnippets` of yaml-language-server and VS Code.

They complete no values inside `if`/`then`/`else`, and know no other way to document one name of many. Other readers of
the schema pass over the key.
"""

from collections.abc import Iterable
from typing import Any

from modelc.compiler.language.argument_shapes import summary_of
from modelc.compiler.language.field_schema import Schema
from modelc.compiler.library.base.registry import Registered, Registry

KEY = "defaultSnippets"


def of_words(words: Iterable[Any]) -> Schema:
    """The words that a value may be."""
    return {KEY: [{"label": "null" if word is None else word, "body": word} for word in words]}


def of_things(table: Registry[Any], bare: Iterable[str]) -> Schema:
    """The names that may stand alone, each with what the thing is."""
    return {KEY: [{"label": name, "body": name, "description": summary_of(table.find(name))} for name in bare]}


def of_thing(cls: type[Registered]) -> Schema:
    """What is written behind the name: a place for each argument that is needed; nothing where the name will do."""
    required = [name for name, info in cls.model_fields.items() if info.is_required()]
    if not required:
        return {}
    if required == [cls.primary]:
        # `^` alone writes nothing, and so is offered nowhere else.
        return {KEY: [{"label": "value", "body": "^"}]}
    places = ", ".join(f"{name}: ${place}" for place, name in enumerate(required, 1))
    # On one line: an editor indents further lines by where it takes the item of a list to begin.
    return {KEY: [{"label": f"{{{', '.join(required)}}}", "body": f"{{{places}}}"}]}
