"""The language as JSON Schema (draft-07), for completion and checks in editors; made from `grammar` and the tables.

Choices between kinds of values are `if`/`then`/`else`, never `oneOf` or `anyOf`: editors then blame the key that is
wrong and complete the arguments of the layer that is there. What depends on several places (names, shapes) is not in it.
"""

from typing import Any

from modelc.compiler.named import NAME, Named, Table
from modelc.compiler.schema.field_types import Schema, listed
from modelc.compiler.schema.grammar import (
    Either,
    Items,
    Keys,
    Names,
    Shape,
    Thing,
    Value,
    arguments,
    language,
    summary_of,
)
from modelc.compiler.schema.tables import TABLES

DRAFT = "http://json-schema.org/draft-07/schema#"
PAIRS = (("loss", "losses"), ("epochs", "steps"))
"""Keys of `train` of which one excludes the other."""


def json_schema() -> Schema:
    """The schema of a spec, self-contained."""
    top = shape_schema(language())
    train = top["properties"]["train"]
    train["allOf"] = [{"not": {"required": list(pair)}} for pair in PAIRS]
    model = top["properties"]["model"]
    model["allOf"] = [{"not": {"required": ["layers", "nodes"]}}]
    definitions = {f"{table.kind}.{name}": arguments_schema(table, name) for table in TABLES for name in sorted(table)}
    return {
        "$schema": DRAFT,
        "title": "modelc spec",
        "description": "A neural network, its data and its training, in one file.",
        **top,
        "definitions": definitions,
    }


def shape_schema(shape: Shape) -> Schema:
    """The schema of what `shape` describes."""
    if isinstance(shape, Value):
        schema = dict(shape.schema)
    elif isinstance(shape, Keys):
        schema = keys_schema(shape)
    elif isinstance(shape, Names):
        schema = {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME.pattern}$"},
            "additionalProperties": shape_schema(shape.of),
        }
    elif isinstance(shape, Items):
        schema = {"type": "array", "items": shape_schema(shape.of)}
    elif isinstance(shape, Thing):
        schema = thing_schema(shape)
    else:
        schema = either_schema(shape)
    return {"description": shape.description, **schema} if shape.description else schema


def keys_schema(shape: Keys) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {name: shape_schema(below) for name, below in shape.keys.items()},
        "additionalProperties": False,
    }
    return schema | {"required": list(shape.required)} if shape.required else schema


def either_schema(shape: Either) -> Schema:
    """The kinds told apart by their type, the last one without a condition."""
    kinds: list[tuple[Any, Schema]] = []
    if shape.mapping is not None:
        kinds.append(("object", shape_schema(shape.mapping)))
    if shape.items is not None:
        kinds.append(("array", shape_schema(shape.items)))
    if shape.value is not None:
        kinds.append((shape.value.schema["type"], shape_schema(shape.value)))
    schema: Schema = kinds[-1][1]
    for type_, then in reversed(kinds[:-1]):
        schema = {"if": {"type": type_}, "then": then, "else": schema}
    # Beside the conditions, so that an editor knows what may begin here.
    return {"type": [name for type_, _ in kinds for name in listed(type_)], **schema} if len(kinds) > 1 else schema


def thing_schema(shape: Thing) -> Schema:
    """A name, or a mapping with one name of the table and the sibling keys; a number where one will do."""
    bare = [name for name in shape.table if not needs_arguments(shape.table, name)]
    properties: dict[str, Schema] = {name: {"$ref": f"#/definitions/{shape.table.kind}.{name}"} for name in shape.table}
    siblings = {name: shape_schema(below) for name, below in shape.siblings.items()}
    mapping: Schema = {
        "type": "object",
        "properties": {**properties, **siblings},
        "additionalProperties": False,
        "minProperties": 1 + len(shape.required),
        "maxProperties": 1 + len(shape.siblings) - len(shape.instead),
    }
    optional = [name for name in shape.siblings if name not in (*shape.required, *shape.instead)]
    if len(optional) == 1:
        # Without its one sibling, a second key can only be a second name.
        alone = {"maxProperties": mapping["maxProperties"] - 1}
        mapping |= {"if": {"required": optional}, "then": {}, "else": alone}
    if shape.required:
        # Where a sibling is needed, a bare name will not do.
        return mapping | {"required": list(shape.required)}
    names: Schema = {"type": "string", "enum": bare}
    if shape.number is None:
        return {"type": ["string", "object"], "if": {"type": "string"}, "then": names, "else": mapping}
    number = {key: value for key, value in shape.number.items() if key != "pattern"} | {"type": "number"}
    ratio = {"type": "string", "pattern": shape.number["pattern"]}
    word = {"if": {"pattern": "^\\s*[-+]?[0-9.]"}, "then": ratio, "else": names}
    return {
        "type": ["number", "string", "object"],
        "if": {"type": "number"},
        "then": number,
        "else": {"if": {"type": "string"}, "then": word, "else": mapping},
    }


def arguments_schema(table: Table[Any], name: str) -> Schema:
    """What may stand behind `name:`: nothing, the primary argument, or a mapping of arguments."""
    cls: type[Named] = table.find(name)
    shape = arguments(table, name)
    mapping = keys_schema(shape)
    description = {"description": summary_of(cls)}
    if cls.primary is None:
        kinds = ["object"] if shape.required else ["object", "null"]
        return description | mapping | {"type": kinds}
    primary = shape_schema(shape.keys[cls.primary])
    if isinstance(shape.keys[cls.primary], Value):
        primary = primary | {"type": [kind for kind in listed(primary["type"]) if kind != "null"]}
    alone = set(shape.required) <= {cls.primary}
    scalar: Schema = primary if alone else {"type": "object"}
    empty: Schema = scalar if shape.required else {"if": {"type": "null"}, "then": {}, "else": scalar}
    return description | {"if": {"type": "object"}, "then": mapping, "else": empty}


def needs_arguments(table: Table[Any], name: str) -> bool:
    return any(info.is_required() for info in table.find(name).model_fields.values())
