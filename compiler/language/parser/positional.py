"""Reports arguments that are given by their order, as Python takes them (`conv2d: [32, 3]`, `conv2d: 32, 3`), or by a file."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import FEW, spell
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.syntax.document import read

LISTED = re.compile(r"[^,\[\]{}:]+(,[^,\[\]{}:]+)+")
"""Values with commas between them, which YAML reads as one string."""


def report_positional(reporter: Reporter, table: Registry[Any], name: str, given: Any, path: Path) -> bool:
    """Report that `given`, the value of the thing `name` at `path`, has several arguments by their order; says whether it has.

    They are arguments where the thing fits with them by name, and not more than those it needs, unless each further one
    is a name: what a number after them means differs between frameworks.
    """
    values = values_in(given)
    if values is None or name not in table or reporter.has_hole(path):
        return False
    cls: type[Registered] = table.find(name)
    fields = list(cls.model_fields)
    required = [argument for argument, info in cls.model_fields.items() if info.is_required()]
    order = [*required, *(argument for argument in fields if argument not in required)]
    several = len(required) > 1
    named = dict(zip(order, values, strict=False))
    is_clear = len(values) <= len(required) or all(isinstance(value, str) for value in values[len(required) :])
    is_clear = is_clear and len(values) <= len(order) and is_valid(table, name, named)
    fits_begun = several and is_valid(table, name, dict(zip(required, values, strict=False)))
    if not is_clear and not fits_begun:
        return False
    shown = named if is_clear else dict(zip(required, values, strict=False))
    message = f"`{name}` takes its arguments by name, got {len(values)} values in a row"
    note = f"`{required[0]}` is one value, and those after it belong to other arguments" if required else ()
    help = f"write `{name}: {spell(shown)}`" + ("" if is_clear else ", and each value after these by its own name")
    reporter.add("E105", message, path, label="which arguments?", help=help, note=note)
    return True


def report_listed(reporter: Reporter, items: Sequence[Mapping[str, Any]], path: Path) -> set[Path]:
    """Report a list for one argument, among the findings `items` of pydantic about the value at `path`, whose other values are for
    the arguments that are missing beside it; gives the places of all that this accounts for.
    """
    from modelc.compiler.library.registries import table_of

    reported: set[Path] = set()
    missing = [item for item in items if item["type"] == "missing" and item.get("ctx", {}).get("owner")]
    for item in items if missing else ():
        values, (*around, argument) = item["input"], item["loc"] or ("",)
        lacking = [one for one in missing if one["loc"][:-1] == tuple(around)]
        if (
            item["type"] not in ONE_VALUE
            or not isinstance(values, list)
            or not lacking
            or len(values) != 1 + len(lacking)
        ):
            continue
        owner, at = lacking[0]["ctx"]["owner"], (*path, *around)
        given = reporter.document.get(at) if at in reporter.document.values else {}
        if not isinstance(given, Mapping):
            continue
        named = {**given, **dict(zip((argument, *(one["loc"][-1] for one in lacking)), values, strict=True))}
        if not is_valid(table_of(owner["kind"]), owner["name"], named):
            continue
        message = f"`{argument}` is one value, got a list of {len(values)}"
        help = f"write `{owner['name']}: {spell(named)}`"
        reporter.add("E105", message, (*at, argument), label="one value", help=help)
        reported |= {item["loc"], *(one["loc"] for one in lacking)}
    return reported


def report_array(reporter: Reporter, table: Registry[Any], name: str, given: Any, path: Path) -> bool:
    """Report that `given`, the value of the thing `name` at `path`, is the path of an array for its weights; says whether it
    is.
    """
    from modelc.compiler.language.suggestions.array_paths import initialized_from

    if name not in table or reporter.has_hole(path):
        return False
    cls: type[Registered] = table.find(name)
    given = given.get(cls.primary) if isinstance(given, dict) and list(given) == [cls.primary] else given
    arguments = initialized_from(cls, given)
    if arguments:
        initializer = list(arguments)[-1]
        message = f"`{name}` takes the path of an array as its `{initializer}`, got `{given}` alone"
        help = f"write `{name}: {spell(arguments)}`"
        reporter.add("E105", message, path, label="a path of an array", help=help)
    return bool(arguments)


ONE_VALUE = ("int_type", "float_type", "sizes_type", "string_type")
"""What pydantic says of a value that is none of one type."""


def values_in(given: Any) -> list[Any] | None:
    """The values of a list, or between commas, where there are two or more plain ones."""
    if isinstance(given, str) and LISTED.fullmatch(given):
        document, problems = read(f"values: [{given}]\n", "values")
        given = None if document is None or problems else document.data.get("values")
    if not isinstance(given, list) or not 2 <= len(given) <= FEW or not all(map(is_plain, given)):
        return None
    return given


def is_plain(value: Any) -> bool:
    """Whether a value is plain, or a list of plain ones."""
    parts = value if isinstance(value, list) else [value]
    return not any(isinstance(one, dict | list) for one in parts)


def is_valid(table: Registry[Any], name: str, arguments: dict[str, Any]) -> bool:
    try:
        table.build({name: arguments})
    except ValidationError:
        return False
    return True
