"""Builds named items and sections from plain data, and decides which validation errors of pydantic are reported."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.diagnostics.reporter import MAX_FOUND
from modelc.compiler.language.expressions.deferred import Deferred
from modelc.compiler.language.parser.bare_values import takes_nothing
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.nesting import beside, fits, wrapped_one
from modelc.compiler.language.parser.positional import report_array, report_positional
from modelc.compiler.language.parser.pydantic_findings import CODES, report_finding
from modelc.compiler.language.suggestions.hints import argument_hint
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.registry import Registered, Registry

TAG = re.compile(r"constrained-|(tuple|list)\[")
"""What pydantic calls the kinds of a union."""


def build(reporter: Reporter, table: Registry[Any], raw: Any, path: Path) -> Any:
    """The named thing at `path`, or None when it is wrong, or has an argument that is, and reported; an `Unbuilt` where
    arguments of a layer ask for shapes.
    """
    if table.kind == "layer" and reporter.waiting.is_in(path) and (places := deferred_places(raw)):
        from modelc.compiler.language.parser.unbuilt_layers import read_unbuilt

        return read_unbuilt(reporter, table, raw, path, places)
    try:
        built = built_once(table, with_names(reporter, table, raw, path))
    except ValidationError as error:
        if isinstance(raw, Mapping) and not reporter.is_full and positional(reporter, table, raw, path):
            return None
        if reporter.is_full:
            for item in error.errors(include_url=False, include_context=False, include_input=False):
                reporter.count(CODES.get(item["type"], "E106"))
        else:
            translate(reporter, error, path)
        return None
    # Without that argument it would be another thing, of which nothing is reported.
    return None if reporter.has_hole((*path, *raw) if isinstance(raw, Mapping) else path) else built


def built_once(table: Registry[Any], raw: Any) -> Any:
    """What `table` builds from `raw`; of equal layers, such as those of the uses of a block, one. Raises ValidationError.

    Readers are not values alone: each column has its own.
    """
    if table.kind != "layer":
        return table.build(raw)
    return lookups().once(("built", repr(raw)), partial(table.build, raw))


def positional(reporter: Reporter, table: Registry[Any], raw: Mapping[str, Any], path: Path) -> bool:
    """Report a thing whose arguments are given by their order, or by a file; says whether it is one."""
    ((name, given),) = raw.items()
    at = (*path, name)
    return report_positional(reporter, table, name, given, at) or report_array(reporter, table, name, given, at)


def with_names(reporter: Reporter, table: Registry[Any], raw: Any, path: Path) -> Any:
    """`raw` with the arguments whose value could not be read and which do not exist: their names are wrong all the
    same.
    """
    if not reporter.document.holes or not isinstance(raw, Mapping):
        return raw
    ((name, given),) = raw.items()
    unread = reporter.holes.keys((*path, name))
    if name not in table or not unread or not isinstance(given, Mapping):
        return raw
    return {name: {**given, **dict.fromkeys(key for key in unread if key not in table.find(name).model_fields)}}


def deferred_places(raw: Any, path: Path = ()) -> dict[Path, Deferred]:
    """The expressions in a value that ask for shapes, by their paths in it."""
    if isinstance(raw, Deferred):
        return {path: raw}
    entries = raw.items() if isinstance(raw, Mapping) else enumerate(raw) if isinstance(raw, list) else ()
    return {place: one for key, below in entries for place, one in deferred_places(below, (*path, key)).items()}


def known_findings(error: ValidationError, waiting: Collection[Path]) -> list[dict[str, Any]]:
    """The findings of pydantic, but those about values at the places `waiting`."""
    items = without_tags([dict(item) for item in error.errors(include_url=False)])
    # An argument that does not exist is one whatever its value is.
    return [
        item
        for item in items
        if item["type"] == "extra_forbidden" or not any(touches(item["loc"], place) for place in waiting)
    ]


def translate(
    reporter: Reporter,
    error: ValidationError,
    path: Path,
    *,
    fields: Collection[str] = (),
    owner: str = "",
    waiting: Collection[Path] = (),
) -> None:
    """Report every finding of pydantic about the value at `path`, without cascading errors, and nothing about the values
    at the places `waiting` below it, which are not known yet.
    """
    from modelc.compiler.library.registries import table_of

    start = len(reporter.problems)
    items = known_findings(error, waiting)
    for item in items[2 * MAX_FOUND :]:
        reporter.count(CODES.get(item["type"], "E106"))
    del items[2 * MAX_FOUND :]
    # What is missing may be what is unknown: known once that is looked at.
    items.sort(key=lambda item: item["type"] == "missing")
    missing = [item["loc"] for item in items if item["type"] == "missing"]
    meant = set()
    arguments: dict[Path, dict[str, Any]] = {}
    for item in items:
        if item["type"] == "extra_forbidden":
            around, name = item["loc"][:-1], str(item["loc"][-1])
            arguments.setdefault(around, {})[name] = item["input"]
            meant.add((*around, suggest(name, [str(other[-1]) for other in missing if other[:-1] == around]).new))
    reported = values_in_a_row(reporter, items, path) if missing else set()
    for item in items:
        around = item["loc"][:-1]
        whose = item.get("ctx", {}).get("owner")
        if item["loc"] in reported:
            continue
        if item["type"] == "extra_forbidden" and whose:
            table, unknown, at = table_of(whose["kind"]), arguments[around], (*path, *around)
            cls = table.find(whose["name"])
            if not cls.model_fields and not is_elsewhere(reporter, at, cls, whose["kind"], unknown):
                # One mistake, however many arguments it has.
                takes_nothing(reporter, at, table, whose["name"], unknown)
                reported |= {(*around, name) for name in unknown}
                continue
            if one := wrapped_one(reporter, at, table, whose["name"], unknown):
                reported |= {(*around, name) for name in one}
                meant.add((*around, cls.primary))
                meant |= {(*around, cls.primary, name) for name in one}
                continue
            lacking = [loc for loc in missing if loc[:-1] == around]
            argument = str(item["loc"][-1])
            told = cls.foreign_argument(argument, unknown) or argument_hint(argument, cls.model_fields)
            meant |= {loc for loc in lacking if re.search(rf"`{loc[-1]}\b", told)}
            if only := the_other(reporter, at, table, whose["name"], unknown, lacking):
                # Whatever it is called, it is there for the one that is not.
                meant.add((*around, only))
                item = {**item, "ctx": {**item["ctx"], "instead": only}}
        if item["type"] != "missing" or item["loc"] not in meant:
            report_finding(reporter, item, path, fields, owner)
    drop_repeated(reporter, start)


def values_in_a_row(reporter: Reporter, items: Sequence[Mapping[str, Any]], path: Path) -> set[Path]:
    """Report lists whose values are for several arguments, among the findings `items`; gives the places of all that these account
    for.
    """
    if not any(isinstance(item["input"], list) for item in items):
        return set()
    from modelc.compiler.language.parser.positional import report_listed

    return report_listed(reporter, items, path)


def the_other(
    reporter: Reporter,
    path: Path,
    table: Registry[Any],
    owner: str,
    unknown: Mapping[str, Any],
    lacking: Collection[tuple[str | int, ...]],
) -> str:
    """The one argument of `owner` that the only `unknown` one can stand for: the one that is `lacking`, or of a thing with
    a single argument, which is not written, that. Empty where there is none.
    """
    (name, *more), cls = unknown, table.find(owner)
    if more or not is_strange(name, table.kind, cls):
        return ""
    if lacking:
        return str(next(iter(lacking))[-1]) if len(lacking) == 1 else ""
    only, *others = cls.model_fields
    alone = not others and list(reporter.document.get(path) if path in reporter.document.values else ()) == [name]
    return only if alone and fits(table, owner, only, unknown[name]) else ""


def touches(one: Path, other: Path) -> bool:
    """Whether one of two places is in the other."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def is_elsewhere(reporter: Reporter, path: Path, cls: type[Registered], kind: str, unknown: Collection[str]) -> bool:
    """Whether one of the `unknown` arguments at `path` is known in another place, or in another framework."""
    return beside(kind, unknown) or any(
        cls.foreign_argument(name) or key_around(reporter, (*path, name)) for name in unknown
    )


def drop_repeated(reporter: Reporter, start: int) -> None:
    """Keep the first report of each problem from `start` on: a number that stands for several values is written once."""
    once = {(problem.message, problem.label.place): problem for problem in reversed(reporter.problems[start:])}
    reporter.problems[start:] = reversed(once.values())


def without_tags(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`items` without the kinds of a union in their ways: of a list what is wrong in it, and of others not that they
    are none.
    """
    plain = [{**item, "loc": tuple(part for part in item["loc"] if not TAG.match(str(part)))} for item in items]
    tagged = {now["loc"] for item, now in zip(items, plain, strict=True) if item["loc"] != now["loc"]}
    inside = {item["loc"][:-1] for item in plain}
    others = {item["loc"] for item in plain if item["type"] not in ("tuple_type", "list_type")}
    return [
        item
        for item in plain
        if item["loc"] not in tagged
        or (
            item["loc"] not in inside and (item["type"] not in ("tuple_type", "list_type") or item["loc"] not in others)
        )
    ]


def is_strange(name: str, kind: str, cls: type[Registered]) -> bool:
    """Whether an unknown argument is like nothing that is known of it."""
    fields = cls.model_fields
    known = suggest(name, fields) or argument_hint(name, fields) or cls.foreign_argument(name)
    return not (beside(kind, (name,)) or known)
