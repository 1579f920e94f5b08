"""The language as JSON Schema (draft-07), for completion and checks in editors; made from `grammar` and the tables.

Choices between kinds of values are `if`/`then`/`else`, never `oneOf` or `anyOf`: editors then blame the key that is
wrong and complete the arguments of the layer that is there. One mistake gives one error: what a mapping lacks is not
reported where a key in it is unknown. What depends on several places (names, shapes) is not in it.
"""

from typing import Any

from modelc.compiler.language.argument_shapes import arguments, summary_of
from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.language.grammar import BLOCK_NAME, LANGUAGE, SECTIONS
from modelc.compiler.language.json_schema.editor_snippets import of_thing, of_things, of_words
from modelc.compiler.language.json_schema.partial_specs import needed, needs_of, without_needs
from modelc.compiler.language.layer_grammar import RECURRING
from modelc.compiler.language.shapes import Again, Either, Items, Keys, Names, Shape, Thing, Value
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.registries import TABLES

DRAFT = "http://json-schema.org/draft-07/schema#"
VARIABLE = {"type": "string", "pattern": r"^\$"}
OF_TEXTS = ("pattern", "minLength", "maxLength")
"""Keywords that concern texts only."""
INNER = ("items", "additionalProperties")
"""Keywords that hold the schema of what stands inside."""


def json_schema() -> Schema:
    """The schema of a spec, self-contained."""
    top = keys_schema(LANGUAGE._replace(needs=LANGUAGE.needs[:1]))
    for name, below in SECTIONS.items():
        whole = plain_schema(below._replace(needs=()))
        both = [
            {"if": {"required": [one.first, one.second]}, "then": {"properties": {one.second: False}}, "else": {}}
            for one in below.excluded
        ]
        top["properties"][name] = described(or_variable({**whole, **({"allOf": both} if both else {})}), below)
    definitions = {f"{table.kind}.{name}": arguments_schema(table, name) for table in TABLES for name in sorted(table)}
    definitions |= {f"any.{table.kind}": without_type(thing_schema(Thing(table))) for table in TABLES}
    definitions |= {f"shape.{name}": shape_schema(shape) for name, shape in RECURRING.items()}
    # A spec that extends another one may omit keys of the other.
    inside, none = needed(definitions)
    needs = {
        name: [complete(SECTIONS[name]) if name in SECTIONS else {}, needs_of(top["properties"][name], none)]
        for name in LANGUAGE.keys
    }
    whole_needs = {name: {"allOf": [part for part in parts if part]} for name, parts in needs.items() if any(parts)}
    alone = {"if": {"required": ["extends"]}, "then": {}, "else": {**complete(LANGUAGE), "properties": whole_needs}}
    # Without a title, which an editor would put above whatever it shows of any key.
    return {
        "$schema": DRAFT,
        "description": "A spec of modelc: a neural network, its data and its training, in one file.",
        "type": "object",
        **top,
        "properties": {name: without_needs(below) for name, below in top["properties"].items()},
        "allOf": [alone],
        "definitions": {name: without_needs(below) for name, below in definitions.items()} | inside,
    }


def shape_schema(shape: Shape) -> Schema:
    """The schema of what `shape` describes, or of a variable in its place."""
    if isinstance(shape, Again):
        return {"$ref": f"#/definitions/shape.{shape.name}"}
    if isinstance(shape, Thing):
        if shape.siblings or shape.others or shape.number is not None:
            schema: Schema = thing_schema(shape)
        else:
            # An editor shows the innermost description, which is that of a bare name; what it is for stands as the title.
            title = {"if": {"type": "string"}, "then": {"title": shape.description}, "else": {}}
            any_ = {"$ref": f"#/definitions/any.{shape.table.kind}"}
            named: Schema = {"allOf": [title, any_] if shape.description else [any_]}
            schema = {"type": ["string", "object"], **named}
            if shape.optional:
                schema = {"type": ["string", "object", "null"], "if": {"type": "null"}, "then": {}, "else": named}
    elif isinstance(shape, Either):
        schema = either_schema(shape)
    else:
        schema = or_variable(plain_schema(shape))
    return described(schema, shape)


def described(schema: Schema, shape: Shape) -> Schema:
    return {"description": shape.description, **schema} if shape.description else schema


def plain_schema(shape: Shape) -> Schema:
    """The schema of what is written out: a value, or a mapping or list of such."""
    if isinstance(shape, Value):
        return with_variables(shape.schema)
    if isinstance(shape, Keys):
        return {"type": "object", **keys_schema(shape)}
    if isinstance(shape, Names):
        return {
            "type": ["object", "null"] if shape.nullable else "object",
            "propertyNames": {"pattern": shape.pattern},
            "additionalProperties": shape_schema(shape.of),
        }
    if isinstance(shape, Items):
        return {"type": "array", "items": shape_schema(shape.of)}
    raise TypeError(f"{shape} is written in several ways")


def with_variables(schema: Schema) -> Schema:
    """The schema of a plain value, with variables in place of what stands in it."""
    inner = {key: or_variable(with_variables(schema[key])) for key in INNER if isinstance(schema.get(key), dict)}
    return {**schema, **inner}


def or_variable(schema: Schema) -> Schema:
    """`schema`, or a variable in its place. The type stands at the top, where editors look for it, and nowhere else."""
    if "enum" in schema:
        words = {"if": VARIABLE, "then": {}, "else": {"enum": schema["enum"]}}
        return words | of_words(schema["enum"])
    kinds = listed(schema["type"])
    rest = {key: value for key, value in schema.items() if key != "type"}
    if "string" not in kinds:
        return {"type": [*kinds, "string"], "if": {"type": "string"}, "then": only_variable(kinds), "else": rest}
    if any(key in schema for key in OF_TEXTS):
        return {"type": schema["type"], "if": VARIABLE, "then": {}, "else": rest}
    return dict(schema)


def only_variable(kinds: list[str]) -> Schema:
    """What a text must be where none of `kinds` is one."""
    return {"if": VARIABLE, "then": {}, "else": {"type": kinds[0] if len(kinds) == 1 else kinds}}


def keys_schema(shape: Keys) -> Schema:
    """What a mapping with these keys may hold, and once all are known what it must hold."""
    properties = {name: shape_schema(below) for name, below in shape.keys.items()}
    return {"properties": properties, "additionalProperties": False, **complete(shape)}


def complete(shape: Keys) -> Schema:
    """That a mapping holds what it must, where it holds nothing unknown."""
    if not shape.required:
        return {}
    return {"if": known(list(shape.keys)), "then": {"required": list(shape.required)}, "else": {}}


def known(keys: list[str], blocks: bool = False) -> Schema:
    """That a mapping has none but these keys."""
    names: Schema = {"enum": keys}
    return {"propertyNames": {"if": {"pattern": BLOCK_NAME}, "then": {}, "else": names} if blocks else names}


def either_schema(shape: Either) -> Schema:
    """The kinds, which are distinguished by their type; what is left at the end are plain values and texts."""
    if isinstance(shape.mapping, Thing) and shape.items is not None:
        thing = shape_schema(shape.mapping)
        several = without_type(plain_schema(shape.items))
        return {
            "type": ["array", *thing["type"]],
            "if": {"type": "array"},
            "then": several,
            "else": without_type(thing),
        }
    kinds = {type_: below for type_, below in (("object", shape.mapping), ("array", shape.items)) if below is not None}
    plain = listed(shape.value.schema["type"]) if shape.value is not None else []
    schema = (
        without_type(or_variable(plain_schema(shape.value))) if shape.value is not None else only_variable([*kinds])
    )
    for type_, below in reversed(kinds.items()):
        schema = {"if": {"type": type_}, "then": without_type(plain_schema(below)), "else": schema}
    return {"type": [*dict.fromkeys([*kinds, *plain, "string"])], **schema}


def without_type(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "type"}


def thing_schema(shape: Thing) -> Schema:
    """A name, or a mapping with one name of the table and the sibling keys; a number where one will do."""
    bare = [name for name in shape.table if not needs_arguments(shape.table, name)]
    mapping = mapping_schema(shape)
    if shape.required:
        # Where a sibling is needed, a bare name will not do.
        return or_variable({"type": "object", **mapping})
    names = bare_names(shape.table, bare, shape.number is not None)
    if shape.blocks:
        names = {"if": {"pattern": BLOCK_NAME}, "then": {}, "else": names}
    kinds = ["string", "object"]
    words: Schema = {"if": VARIABLE, "then": {}, "else": names}
    schema: Schema = {"if": {"type": "string"}, "then": words, "else": mapping}
    if shape.number is not None:
        kinds.insert(0, "number")
        number = {key: value for key, value in shape.number.items() if key not in ("type", "pattern")}
        ratio = {"pattern": shape.number["pattern"]}
        words["else"] = {"if": {"pattern": "^\\s*[-+]?[0-9.]"}, "then": ratio, "else": names}
        schema = {"if": {"type": "number"}, "then": number, "else": schema}
    return {"type": kinds, **schema, **of_things(shape.table, bare)}


def mapping_schema(shape: Thing) -> Schema:
    """A mapping with one name of the table and the sibling keys."""
    others = {**shape.siblings, **shape.others}
    properties: dict[str, Schema] = {name: {"$ref": f"#/definitions/{shape.table.kind}.{name}"} for name in shape.table}
    properties |= {name: shape_schema(below) for name, below in others.items()}
    optional = [name for name in shape.siblings if name not in shape.required]
    least = 1 + len(shape.required)
    whole: Schema = {"minProperties": least, **at_most(least, optional)}
    if shape.required:
        required = {"required": list(shape.required)}
        whole = {"if": required, "then": whole, "else": required}
    return {
        "properties": properties,
        **({"patternProperties": {BLOCK_NAME: {}}} if shape.blocks else {}),
        "additionalProperties": False,
        "if": known([*shape.table, *others], shape.blocks),
        "then": whole,
    }


def bare_names(table: Registry[Any], bare: list[str], number: bool) -> Schema:
    """A text that is the name of a thing; each name with what the thing is."""
    if not bare:
        return {"type": ["number", "object"] if number else "object"}
    about = [
        {"if": {"const": name}, "then": {"description": summary_of(table.find(name))}, "else": {}} for name in bare
    ]
    return {"if": {"not": {"enum": bare}}, "then": {"enum": bare}, "else": {"allOf": about}}


def at_most(keys: int, optional: list[str]) -> Schema:
    """No more than so many keys beside those of `optional` that are there: without them, a second key is a second name."""
    if not optional:
        return {"maxProperties": keys}
    first, *others = optional
    return {"if": {"required": [first]}, "then": at_most(keys + 1, others), "else": at_most(keys, others)}


def arguments_schema(table: Registry[Any], name: str) -> Schema:
    """What may stand behind `name:`: nothing, the primary argument, or a mapping of arguments."""
    cls: type[Registered] = table.find(name)
    shape = arguments(table, name)
    wraps = cls.wraps()
    mapping = keys_schema(shape) if wraps is None else mapping_schema(as_thing(shape, wraps.table, cls.primary or ""))
    about = {"description": summary_of(cls), **of_thing(cls)}
    if cls.primary is None:
        kinds = ["object"] if shape.required else ["object", "null"]
        return about | {"if": {"type": kinds}, "then": mapping, "else": only_variable(kinds)}
    first = shape.keys[cls.primary]
    primary = shape_schema(first)
    if isinstance(first, Value):
        kinds = [kind for kind in listed(first.schema["type"]) if kind != "null"]
        primary = or_variable(plain_schema(first) | {"type": kinds})
    # A key and its value are one to an editor: whoever asks for either sees what both are.
    primary["description"] = f"{summary_of(cls)}\n\n`{cls.primary}`: {first.description}"
    alone = set(shape.required) <= {cls.primary}
    scalar: Schema = primary if alone else {"type": "object"}
    empty: Schema = scalar if shape.required else {"if": {"type": "null"}, "then": {}, "else": scalar}
    return about | {"if": {"type": "object"}, "then": mapping, "else": empty}


def as_thing(shape: Keys, table: Registry[Any], primary: str) -> Thing:
    """The arguments of a wrapper as a thing of `table`, the one that it wraps, with the other arguments beside it."""
    beside = {key: below for key, below in shape.keys.items() if key != primary}
    return Thing(table, beside, others={primary: shape.keys[primary]})


def needs_arguments(table: Registry[Any], name: str) -> bool:
    return any(info.is_required() for info in table.find(name).model_fields.values())
