"""Parses layers whose arguments ask for shapes of the model: what can be checked before their values are known."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.argument_shapes import arguments
from modelc.compiler.language.ast import Unbuilt
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.language.parser.arguments import translate, with_names
from modelc.compiler.language.shapes import Either, Items, Shape, Thing, Value
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.registry import Registry


def read_unbuilt(
    reporter: Reporter, table: Registry[Any], raw: Mapping[str, Any], path: Path, places: Mapping[Path, Deferred]
) -> Unbuilt | None:
    """The layer `raw` at `path`, whose arguments ask for shapes at `places`; None where something else in it is wrong,
    which is reported.
    """
    ((name, given),) = raw.items()
    start = len(reporter.problems)
    if name in table:
        primary = table.find(name).primary
        if not isinstance(given, Mapping) and primary is not None:
            given = {primary: given}
            places = {(name, primary, *place[1:]): one for place, one in places.items()}
        for place, one in places.items():
            misfit = not_a_number(table, name, given, place[1:])
            if misfit:
                message = f"`{one.shown}` asks for a shape of the model, but {misfit} is no size or number"
                help = "write its value"
                reporter.add("E105", message, (*path, *place), label="no size or number", help=help)
    try:
        table.build(with_names(reporter, table, {name: given}, path))
    except ValidationError as error:
        translate(reporter, error, path, waiting=[*places] if name in table else ())
    wrong = len(reporter.problems) > start or name not in table or reporter.has_hole((*path, name))
    return None if wrong else Unbuilt(name, table.find(name), given, places, path)


def not_a_number(table: Registry[Any], name: str, given: Any, place: Path) -> str:
    """The argument around `place`, in the arguments `given` of `name`, which is neither a size nor a number, in words;
    empty where it is one, or there is none.
    """
    cls = table.find(name)
    if not isinstance(given, Mapping):
        given, place = {cls.primary: given}, (cls.primary or "", *place)
    key, *rest = place
    if key == cls.bare_in(given):
        return not_a_number(table, str(key), given[key], tuple(rest))
    misfit = f"`{key}` of `{name}`"
    shape: Shape | None = arguments(table, name).keys.get(str(key))
    value = given[key]
    if isinstance(shape, Either):
        shape = shape.items if isinstance(value, list) else shape.mapping
    if isinstance(shape, Items) and rest and isinstance(value, list):
        shape, value = shape.of, value[int(rest.pop(0))]
    if isinstance(shape, Thing) and shape.table is table:
        below = next(iter(value), "") if isinstance(value, Mapping) else ""
        known = below in table and rest
        return not_a_number(table, below, value[below], tuple(rest[1:])) if known else "" if rest else misfit
    if shape is None or (isinstance(shape, Value) and holds_numbers(shape.schema, tuple(rest))):
        return ""
    return misfit


def holds_numbers(schema: Schema, place: Path) -> bool:
    """Whether there may be a number, or a list of numbers, at `place` in what a schema describes."""
    for _ in place:
        inner = schema.get("items") or schema.get("additionalProperties")
        if not isinstance(inner, dict):
            return False
        schema = inner
    kinds = listed(schema["type"])
    inside = schema.get("items") if "array" in kinds else None
    return bool({"integer", "number"} & {*kinds}) or (isinstance(inside, dict) and holds_numbers(inside, ()))
