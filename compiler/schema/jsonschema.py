"""The language as JSON Schema (draft-07), for completion and checks in editors; made from `grammar` and the tables.

Choices between kinds of values are `if`/`then`/`else`, never `oneOf` or `anyOf`: editors then blame the key that is
wrong and complete the arguments of the layer that is there. What depends on several places (names, shapes) is not in it.
"""

from typing import Any

from modelc.compiler.named import NAME, Named, Table
from modelc.compiler.schema.field_types import Schema, listed
from modelc.compiler.schema.grammar import (
    Again,
    Either,
    Items,
    Keys,
    Names,
    Shape,
    Thing,
    Value,
    arguments,
    language,
    recurring,
    summary_of,
)
from modelc.compiler.schema.tables import TABLES

DRAFT = "http://json-schema.org/draft-07/schema#"
VARIABLE = {"type": "string", "pattern": r"^\$"}
BLOCK = "^[A-Z][A-Za-z0-9_]*$"
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
    definitions |= {f"shape.{name}": shape_schema(shape) for name, shape in recurring().items()}
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
        schema = or_variable(shape.schema)
    elif isinstance(shape, Again):
        schema = {"$ref": f"#/definitions/shape.{shape.name}"}
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


def or_variable(schema: Schema) -> Schema:
    """`schema`, or a variable in its place."""
    kinds = listed(schema["type"])
    if "string" in kinds and "enum" not in schema and "pattern" not in schema:
        return dict(schema)
    return {"if": VARIABLE, "then": {}, "else": dict(schema)}


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
    types = dict.fromkeys([*(name for type_, _ in kinds for name in listed(type_)), "string"])
    return {"type": [*types], **schema} if len(kinds) > 1 else schema


def thing_schema(shape: Thing) -> Schema:
    """A name, or a mapping with one name of the table and the sibling keys; a number where one will do."""
    bare = [name for name in shape.table if not needs_arguments(shape.table, name)]
    properties: dict[str, Schema] = {name: {"$ref": f"#/definitions/{shape.table.kind}.{name}"} for name in shape.table}
    siblings = {name: shape_schema(below) for name, below in shape.siblings.items()}
    optional = [name for name in shape.siblings if name not in (*shape.required, *shape.instead)]
    mapping: Schema = {
        "type": "object",
        "properties": {**properties, **siblings, **{name: shape_schema(below) for name, below in shape.others.items()}},
        **({"patternProperties": {BLOCK: {}}} if shape.blocks else {}),
        "additionalProperties": False,
        "minProperties": 1 + len(shape.required),
        **at_most(1 + len(shape.required), optional),
    }
    if shape.required:
        # Where a sibling is needed, a bare name will not do.
        return mapping | {"required": list(shape.required)}
    names: Schema = {"if": VARIABLE, "then": {}, "else": {"type": "string", "enum": bare}}
    if shape.blocks:
        names = {"if": {"pattern": BLOCK}, "then": {}, "else": names}
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


def at_most(keys: int, optional: list[str]) -> Schema:
    """No more than so many keys beside those of `optional` that are there: without them, a second key is a second name."""
    if not optional:
        return {"maxProperties": keys}
    first, *others = optional
    return {"if": {"required": [first]}, "then": at_most(keys + 1, others), "else": at_most(keys, others)}


def arguments_schema(table: Table[Any], name: str) -> Schema:
    """What may stand behind `name:`: nothing, the primary argument, or a mapping of arguments."""
    cls: type[Named] = table.find(name)
    shape = arguments(table, name)
    mapping = keys_schema(shape)
    description = {"description": summary_of(cls)}
    if cls.primary is None:
        kinds = ["object"] if shape.required else ["object", "null"]
        return description | mapping | {"type": kinds}
    first = shape.keys[cls.primary]
    primary = shape_schema(first)
    if isinstance(first, Value):
        kinds = [kind for kind in listed(first.schema["type"]) if kind != "null"]
        primary = or_variable(first.schema | {"type": kinds})
        primary = {"description": first.description, **primary} if first.description else primary
    alone = set(shape.required) <= {cls.primary}
    scalar: Schema = primary if alone else {"type": "object"}
    empty: Schema = scalar if shape.required else {"if": {"type": "null"}, "then": {}, "else": scalar}
    return description | {"if": {"type": "object"}, "then": mapping, "else": empty}


def needs_arguments(table: Table[Any], name: str) -> bool:
    return any(info.is_required() for info in table.find(name).model_fields.values())
