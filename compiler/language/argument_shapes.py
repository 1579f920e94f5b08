"""The grammar of arguments: shapes made from the fields of a class, the only part of the language that imports classes."""

from functools import lru_cache
from typing import Any

from pydantic.fields import FieldInfo

from modelc.compiler.language.field_schema import field_schema, positive_number
from modelc.compiler.language.shapes import Either, Items, Keys, Need, Shape, Thing, Value
from modelc.compiler.library.base.registry import FromRegistry, Registered, Registry
from modelc.compiler.library.schedules import SCHEDULES, RateOrSchedule


def arguments(table: Registry[Any], name: str) -> Keys:
    """What may stand inside the thing called `name`. Raises KeyError for a name that is not in the table."""
    cls: type[Registered] = table.find(name)
    keys = {argument: field_shape(info) for argument, info in cls.model_fields.items()}
    needs = tuple(Need((argument,), "") for argument, info in cls.model_fields.items() if info.is_required())
    return Keys(f"`{name}`", keys, needs, summary_of(cls))


def summary_of(cls: type) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())


@lru_cache(maxsize=256)
def argument_shape(cls: type[Registered], name: str) -> Shape:
    """What the argument called `name` of a class takes in a spec: thousands of layers of it may be read."""
    return field_shape(cls.model_fields[name])


def field_shape(info: FieldInfo) -> Shape:
    """What a field takes in a spec."""
    description = info.description or ""
    for mark in info.metadata:
        if isinstance(mark, FromRegistry):
            thing = Thing(mark.table, optional=mark.optional, description="" if mark.several else description)
            if mark.chain:
                return Either(thing, Items(thing), description=description)
            return Items(thing, description) if mark.several else thing
        if isinstance(mark, RateOrSchedule):
            return Thing(SCHEDULES, number=positive_number(), description=description)
    return Value(field_schema(info.annotation, info.metadata, info.json_schema_extra), description)
