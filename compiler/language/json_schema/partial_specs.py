"""Splits a JSON Schema in two: the allowed keys of a spec, and the required ones, which a spec that extends another may omit.

A spec with `extends` may leave out what the other says; nothing but the top of a schema can know whether it is one.
"""

from typing import Any

from modelc.compiler.language.field_schema import Schema

PREFIX = "needs."
"""What the names of definitions begin with that hold what must be there."""
QUIET = {"doNotSuggest": True}
"""For editors, which offer the keys of the other part: those say what they are. It stands at both ends of a reference, since
some read what is beside one and some do not."""
LOCAL = "#/definitions/"
MUST = ("required", "minProperties")
ONE = ("items", "additionalProperties", "then", "else")
"""Keywords that hold one schema, and apply it to what is there."""


def without_needs(schema: Any) -> Any:
    """`schema` without what must be there. Conditions stay."""
    if isinstance(schema, list):
        return [without_needs(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: value if key == "if" else within(key, value) for key, value in schema.items() if key not in MUST}


def within(key: str, value: Any) -> Any:
    if key in ("properties", "patternProperties"):
        return {name: without_needs(below) for name, below in value.items()}
    return without_needs(value) if key in ("allOf", *ONE) else value


def needs_of(schema: Schema, empty: frozenset[str] = frozenset()) -> Schema:
    """Nothing but what must be there by `schema`, empty where that is nothing; `empty` has the definitions of that kind."""
    found: Schema = {key: schema[key] for key in MUST if key in schema}
    if (name := schema.get("$ref", "").removeprefix(LOCAL)) and name not in empty:
        found["$ref"] = f"{LOCAL}{PREFIX}{name}"
    for key in ONE:
        if isinstance(schema.get(key), dict) and (below := needs_of(schema[key], empty)):
            found[key] = below
    if "then" in found or "else" in found:
        found = {"if": schema["if"], "then": {}, "else": {}, **found}
    for key in ("properties", "patternProperties"):
        inner = {name: needs_of(below, empty) for name, below in schema.get(key, {}).items() if isinstance(below, dict)}
        if inner := {name: {**below, **QUIET} for name, below in inner.items() if below}:
            found[key] = inner
    if parts := [below for part in schema.get("allOf", ()) if (below := needs_of(part, empty))]:
        found["allOf"] = parts
    return found


def needed(definitions: dict[str, Schema]) -> tuple[dict[str, Schema], frozenset[str]]:
    """The needs of all definitions that have some, and the names of those that have none."""
    empty: frozenset[str] = frozenset()
    while True:
        found = {name: needs_of(schema, empty) for name, schema in definitions.items()}
        none = frozenset(name for name, needs in found.items() if not needs)
        if none == empty:
            return {f"{PREFIX}{name}": {**needs, **QUIET} for name, needs in found.items() if needs}, empty
        empty = none
