"""Pretty printer: layers, optimizers and other values in the notation of specs, on one line."""

import re
from typing import Any

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from modelc.compiler.library.base.fields import ReadSizes, read_numbers
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.registries import TABLES

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/ .-]*")
WORDS = ("true", "false", "null")


def show_named(value: Registered) -> str:
    """A named thing with the arguments that were given: `relu`, `dense: 10`, `dense: {units: 10, activation: relu}`."""
    name, arguments = parts(value)
    if not arguments:
        return name
    if list(arguments) == [value.primary]:
        (only,) = arguments.values()
        return f"{name}: {show_value(only)}"
    return f"{name}: {show_value(arguments)}"


def parts(value: Registered) -> tuple[str, dict[str, Any]]:
    """The name of a thing in its table, and the arguments that were given, in the order of the fields."""
    table = next(table for table in TABLES if isinstance(value, table.base))
    given = {}
    for name, info in type(value).model_fields.items():
        if name in value.model_fields_set:
            given[name] = simple(info, getattr(value, name))
    return table.name_of(value), given


def simple(info: FieldInfo, value: Any) -> Any:
    """The value of a field in its shortest form: equal sizes as one, a list of one number as the number."""
    readers = [mark.func for mark in info.metadata if isinstance(mark, BeforeValidator)]
    if read_numbers in readers and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    sizes = any(isinstance(read, ReadSizes) for read in readers)
    return shortest(value) if sizes and value is not None else value


def shortest(sizes: tuple[Any, ...]) -> Any:
    """Equal numbers as one; equal pairs are kept, since one pair would mean two numbers."""
    parts = tuple(shortest(part) if isinstance(part, tuple) else part for part in sizes)
    return parts[0] if len(set(parts)) == 1 and not isinstance(parts[0], tuple) else parts


def show_value(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Registered):
        text = show_named(value)
        return f"{{{text}}}" if ": " in text else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(show_value, value)) + "]"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return show_number(value)
    text = str(value)
    if isinstance(value, str) and (not PLAIN.fullmatch(text) or text in WORDS or text != text.strip()):
        return "'" + text.replace("'", "''") + "'"
    return text


def show_number(value: float) -> str:
    """A float as short as it can be read: `0.01`, `1e-5`; `1/255` if it is one over an integer."""
    inverse = 1 / value if value else 0.0
    if 2 < inverse < 10_000 and abs(inverse - round(inverse)) < 1e-9 and len(f"{value:.12g}") > 8:
        return f"1/{round(inverse)}"
    return re.sub(r"e([-+])0*", lambda match: "e" + match[1].strip("+"), f"{value:.6g}")
