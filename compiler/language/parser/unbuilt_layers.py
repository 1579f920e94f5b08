"""Parses layers whose arguments ask for shapes of the model: what can be checked before their values are known."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.argument_shapes import argument_shape
from modelc.compiler.language.ast import Unbuilt
from modelc.compiler.language.expressions.deferred import TOO_EARLY, Deferred
from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.language.parser.arguments import built_once, translate, with_names
from modelc.compiler.language.shapes import Either, Items, Shape, Thing, Value
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.base.registry import Registered, Registry


def read_unbuilt(
    reporter: Reporter, table: Registry[Any], raw: Mapping[str, Any], path: Path, places: Mapping[Path, Deferred]
) -> Unbuilt | None:
    """The layer `raw` at `path`, whose arguments ask for shapes at `places`; None where something else in it is wrong,
    which is reported.
    """
    ((name, given),) = raw.items()
    start = len(reporter.problems)
    if name in table:
        given, places = named(table, name, given, places)
        for place, one in places.items():
            misfit = not_a_number(table, name, given, place[1:])
            if misfit:
                from modelc.compiler.language.suggestions.foreign_references import shapes_of_inputs, value_help

                message = f"`{one.shown}` asks for a shape of the model, but {misfit} is read before shapes are known"
                help, shapes = value_help(one, *shapes_of_inputs(one, reporter.document.data))
                note = [text for text in (shapes, "only sizes and numbers of layers may ask for shapes") if text]
                reporter.add("E105", message, (*path, *place), label=TOO_EARLY, help=help, note=note)
    try:
        # With a size for what is waited for, most are valid: to see that is quicker than to look through findings.
        built_once(table, with_names(reporter, table, {name: with_sizes(given)}, path))
    except ValidationError:
        report_others(reporter, table, {name: given}, path, places if name in table else {})
    if len(reporter.problems) > start or name not in table or reporter.has_hole((*path, name)):
        return None
    return Unbuilt(name, table.find(name), given, places, path)


def named(
    table: Registry[Any], name: str, given: Any, places: Mapping[Path, Deferred]
) -> tuple[Any, Mapping[Path, Deferred]]:
    """The arguments of a layer and the places in them, a bare value by the name of its argument."""
    primary = table.find(name).primary
    if isinstance(given, Mapping) or primary is None:
        return given, places
    return {primary: given}, {(name, primary, *place[1:]): one for place, one in places.items()}


def with_sizes(raw: Any) -> Any:
    """Plain data with 1 in place of each expression that waits for shapes."""
    if isinstance(raw, Mapping):
        return {key: with_sizes(below) for key, below in raw.items()}
    if isinstance(raw, list):
        return [with_sizes(below) for below in raw]
    return 1 if isinstance(raw, Deferred) else raw


def report_others(
    reporter: Reporter, table: Registry[Any], raw: Mapping[str, Any], path: Path, waiting: Mapping[Path, Deferred]
) -> None:
    """Report what is wrong in the layer `raw` at other places than those where expressions are `waiting`."""
    try:
        table.build(with_names(reporter, table, raw, path))
    except ValidationError as error:
        translate(reporter, error, path, waiting=[*waiting])


def not_a_number(table: Registry[Any], name: str, given: Any, place: Path) -> str:
    """The argument around `place`, in the arguments `given` of `name`, which is neither a size nor a number, in words;
    empty where it is one, or there is none.
    """
    cls: type[Registered] = table.find(name)
    if not isinstance(given, Mapping):
        given, place = {cls.primary: given}, (cls.primary or "", *place)
    key, *rest = place
    if key == cls.bare_in(given):
        return not_a_number(table, str(key), given[key], tuple(rest))
    misfit, info = f"`{key}` of `{name}`", cls.model_fields.get(str(key))
    shape: Shape | None = None if info is None else argument_shape(cls, str(key))
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
