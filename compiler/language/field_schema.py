"""JSON Schema of a field: from the type of its annotation, its bounds, and the validators that widen it.

Types are merged into one list of names, never into `oneOf` or `anyOf`, which editors and validators explain badly.
"""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from modelc.compiler.library.base.fields import RATIO as RATIO_TEXT
from modelc.compiler.library.base.fields import ReadRange, ReadSizes, read_axes, read_names, read_numbers, read_ratio

Schema = dict[str, Any]
RATIO = {"type": "string", "pattern": f"^{RATIO_TEXT.pattern}$"}
BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


def positive_number() -> Schema:
    """A number above zero, or a ratio."""
    return merged([{"type": "number", "exclusiveMinimum": 0}, RATIO])


def field_schema(annotation: Any, marks: list[Any] | tuple[Any, ...], extra: Any = None) -> Schema:
    """The JSON Schema of a plain field: its type, widened by the validators before it and narrowed by its bounds."""
    schema = type_schema(annotation)
    for mark in marks:
        if isinstance(mark, FieldInfo):
            schema = bounded(schema, mark.metadata)
            extra = mark.json_schema_extra or extra
        elif isinstance(mark, BeforeValidator):
            schema = widened(schema, mark)
    schema = bounded(schema, marks)
    return schema | extra if isinstance(extra, dict) else schema


def type_schema(annotation: Any) -> Schema:
    """The JSON Schema of a type. Raises TypeError for one that no field of the language has."""
    plain = {int: "integer", float: "number", bool: "boolean", str: "string", NoneType: "null"}
    if annotation in plain:
        return {"type": plain[annotation]}
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return field_schema(parts[0], parts[1:])
    if origin is Literal:
        return {"type": "string", "enum": list(parts)}
    if origin is tuple:
        schema: Schema = {"type": "array", "items": type_schema(parts[0])}
        return schema if parts[-1] is Ellipsis else schema | {"minItems": len(parts), "maxItems": len(parts)}
    if origin is dict and get_origin(parts[0]) is Literal:
        keys = get_args(parts[0])
        below = {key: type_schema(parts[1]) for key in keys}
        needed: Schema = {"required": [*keys]} if len(keys) == 1 else {"minProperties": 1, "maxProperties": 1}
        return {"type": "object", "properties": below, **needed, "additionalProperties": False}
    if origin is dict:
        return {"type": "object", "additionalProperties": type_schema(parts[1])}
    if origin in (Union, UnionType):
        return merged([type_schema(part) for part in parts])
    raise TypeError(f"no JSON Schema for {annotation}")


def merged(schemas: list[Schema]) -> Schema:
    """Any of `schemas`, whose types are distinct: every other keyword concerns one type only."""
    result: Schema = {}
    for schema in schemas:
        result |= {key: value for key, value in schema.items() if key not in ("type", "enum")}
    result["type"] = [name for schema in schemas for name in listed(schema["type"])]
    choices = [schema.get("enum", [None] if schema["type"] == "null" else None) for schema in schemas]
    if all(choice is not None for choice in choices):
        result["enum"] = [value for choice in choices for value in cast("list[Any]", choice)]
    elif words := [value for schema in schemas for value in schema.get("enum", ())]:
        # Numbers or mappings beside a few words: an `enum` would be about them too.
        result["pattern"] = f"^({'|'.join(words)})$"
    return result


def listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def widened(schema: Schema, mark: BeforeValidator) -> Schema:
    """What a field takes beside its type, by the validator that runs before it."""
    if mark.func is read_ratio:
        return merged([schema, RATIO])
    if mark.func in (read_axes, read_names, read_numbers) or isinstance(mark.func, ReadSizes | ReadRange):
        return merged([alone(schema["items"]), schema])
    return schema


def alone(schema: Schema) -> Schema:
    """What a field takes that also takes lists, when no list is written."""
    kinds = [kind for kind in listed(schema["type"]) if kind != "array"]
    others = {key: value for key, value in schema.items() if key not in ("items", "minItems", "maxItems")}
    return others | {"type": kinds[0] if len(kinds) == 1 else kinds}


def bounded(schema: Schema, marks: list[Any] | tuple[Any, ...]) -> Schema:
    """`schema` with the bounds among a field's annotations."""
    result = dict(schema)
    for mark in marks:
        for name, keyword in BOUNDS.items():
            if (bound := getattr(mark, name, None)) is not None:
                result[keyword] = bound
        if (least := getattr(mark, "min_length", None)) is not None:
            kind = "minItems" if "array" in listed(schema["type"]) else "minLength"
            result[kind] = least
    return result
