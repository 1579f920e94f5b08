"""Makes things and sections of plain data, and says what pydantic finds wrong with it in the words of the language."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.suggestions.foreign_forms import (
    TypeForm,
    example_of,
    fed_cure,
    type_form,
)
from modelc.compiler.language.suggestions.hints import (
    WHOLE,
    argument_hint,
    bound_hint,
    is_quotient,
    scalar_cure,
)
from modelc.compiler.language.suggestions.nesting import beside, several, two_in_one, wrapped_one
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import synonyms
from modelc.compiler.language.suggestions.suggest import suggest, suggest_choice, suggest_value
from modelc.compiler.language.suggestions.translation import translated
from modelc.compiler.language.suggestions.wording import WANTED, article, describe, literal_choices, show, some
from modelc.compiler.library.base.registry import Registry

TAG = re.compile(r"constrained-|(tuple|list)\[")
"""What pydantic calls the kinds of a union."""
BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def build(reporter: Reporter, table: Registry[Any], raw: Any, path: Path) -> Any:
    """The named thing at `path`, or None when it is wrong, or has an argument that is, and reported."""
    try:
        built = table.build(with_names(reporter, table, raw, path))
    except ValidationError as error:
        translate(reporter, error, path)
        return None
    # Without that argument it would be another thing, of which nothing is said.
    return None if reporter.has_hole((*path, *raw) if isinstance(raw, Mapping) else path) else built


def with_names(reporter: Reporter, table: Registry[Any], raw: Any, path: Path) -> Any:
    """`raw` with the arguments whose value could not be read and which do not exist: their names are wrong all the same."""
    holes = reporter.document.holes
    if not holes or not isinstance(raw, Mapping):
        return raw
    ((name, given),) = raw.items()
    unread = [hole[-1] for hole in holes if hole[:-1] == (*path, name)]
    if name not in table or not unread or not isinstance(given, Mapping):
        return raw
    return {name: {**given, **dict.fromkeys(key for key in unread if key not in table.find(name).model_fields)}}


def read_section(
    reporter: Reporter, cls: type[BaseModel], raw: Mapping[str, Any], path: Path, owner: str, *, whole: bool = False
) -> Any:
    """`raw` as a `cls`; keys with a wrong value are reported and left at their default, None if that cannot be, or
    if a `whole` one is wanted."""
    values = dict(raw)
    while True:
        try:
            built = cls.model_validate(values)
            return None if whole and reporter.has_hole(path) else built
        except ValidationError as error:
            translate(reporter, error, path, fields=list(cls.model_fields), owner=owner)
            if whole:
                return None
            bad = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
            if not bad & values.keys():
                return None
            values = {key: value for key, value in values.items() if key not in bad}
            if any(field.is_required() and name not in values for name, field in cls.model_fields.items()):
                return None


def translate(
    reporter: Reporter, error: ValidationError, path: Path, *, fields: Collection[str] = (), owner: str = ""
) -> None:
    """Report every finding of pydantic about the value at `path`, but not what follows from another."""
    from modelc.compiler.library.registries import table_of

    start = len(reporter.problems)
    items = without_tags([dict(item) for item in error.errors(include_url=False)])
    # What is missing may be what is unknown: known once that is looked at.
    items.sort(key=lambda item: item["type"] == "missing")
    missing = [item["loc"] for item in items if item["type"] == "missing"]
    meant = set()
    for item in (item for item in items if item["type"] == "extra_forbidden"):
        loc = item["loc"]
        meant.add(
            (*loc[:-1], suggest(str(loc[-1]), [str(other[-1]) for other in missing if other[:-1] == loc[:-1]]).new)
        )
    arguments: dict[Path, dict[str, Any]] = {}
    for item in items:
        if item["type"] == "extra_forbidden":
            arguments.setdefault(item["loc"][:-1], {})[str(item["loc"][-1])] = item["input"]
    told: set[Path] = set()
    for item in items:
        around = item["loc"][:-1]
        whose = item.get("ctx", {}).get("owner")
        if item["loc"] in told:
            continue
        if item["type"] == "extra_forbidden" and whose:
            table, unknown, at = table_of(whose["kind"]), arguments[around], (*path, *around)
            cls = table.find(whose["name"])
            if not cls.model_fields and not beside(whose["kind"], unknown):
                # One mistake, however many arguments it has.
                takes_nothing(reporter, at, table, whose["name"], unknown)
                told |= {(*around, name) for name in unknown}
                continue
            if one := wrapped_one(reporter, at, table, whose["name"], unknown):
                told |= {(*around, name) for name in one}
                meant.add((*around, cls.primary))
                continue
            lacking = [loc for loc in missing if loc[:-1] == around]
            if len(unknown) == len(lacking) == 1 and is_strange(str(item["loc"][-1]), whose["kind"], cls):
                # Whatever it is called, it is there for the one that is not.
                meant.add(lacking[0])
                item = {**item, "ctx": {**item["ctx"], "instead": lacking[0][-1]}}
        if item["type"] != "missing" or item["loc"] not in meant:
            translate_one(reporter, item, path, fields, owner)
    # A number that stands for several values is written once.
    once = {(problem.message, problem.label.place): problem for problem in reversed(reporter.problems[start:])}
    reporter.problems[start:] = reversed(once.values())


def without_tags(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`items` without the kinds of a union in their ways: of a list what is wrong in it, and of others not that they are
    none."""
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


def translate_one(reporter: Reporter, item: dict[str, Any], base: Path, fields: Collection[str], owner: str) -> None:
    from modelc.compiler.library.registries import table_of

    kind, context, value = item["type"], item.get("ctx", {}), item["input"]
    path: Path = (*base, *item["loc"])
    if kind not in ("extra_forbidden", "unknown_name") and reporter.in_hole(written(reporter, path, len(base))):
        return
    whose = context.get("owner")
    if whose is not None:
        cls = table_of(whose["kind"]).find(whose["name"])
        fields, owner = list(cls.model_fields), f"`{whose['name']}`"
    # A value that is checked by itself, such as `validation`, is called by its key.
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    quoted = f"`{name}`" if name else "this"
    if name and isinstance(path[-1], int):
        quoted = f"every value of {quoted}"
    path = written(reporter, path, len(base))
    if kind == "extra_forbidden":
        of = whose["kind"] if whose is not None else ""
        unknown_argument(reporter, path, name, owner, fields, kind=of, instead=context.get("instead", ""))
    elif kind == "missing":
        what = "argument" if whose is not None else "key"
        reporter.add(
            "E104",
            f"{owner} needs the {what} `{name}`",
            path[:-1],
            key=True,
            label=f"`{name}` is missing",
            help=f"for example `{example_of(whose)}`" if example_of(whose) else f"add `{name}: ...`",
        )
    elif kind in WANTED:
        wrong_type(reporter, kind, name, value, path, quoted)
    elif kind in BOUNDS:
        key, words = BOUNDS[kind]
        bound = f"{context[key]:g}" if abs(context[key]) < 1e6 else f"{context[key]:.0f}"
        reporter.add(
            "E106",
            f"{quoted} must be {words} {bound}, got {show(value)}",
            path,
            label=f"must be {words} {bound}",
            help=bound_hint(kind, name, context[key], value),
        )
    elif kind == "literal_error":
        choices = literal_choices(context["expected"])
        reporter.add(
            "E106",
            f"{quoted} must be one of {', '.join(f'`{choice}`' for choice in choices)}, got {describe(value)}",
            path,
            label="not one of the choices",
            help="leave it out" if value is False else (),
            suggestion=suggest_choice(value, choices) if value is not False else None,
        )
    elif kind in ("missing_argument", "too_short", "too_long"):
        reporter.add(
            "E106", f"{quoted} has the wrong number of values: {item['msg'].lower()}", path, label="wrong length"
        )
    elif kind == "unknown_name" and (
        form := single_form(table_of(context["kind"]), item["loc"], value, reporter, path)
    ):
        reporter.type_form(path[:-1], table_of(context["kind"]), form)
    elif kind == "unknown_name":
        reporter.unknown_name(path, table_of(context["kind"]), str(value))
    elif kind == "one_name" and (form := type_form(table_of(context["kind"]), value)):
        reporter.type_form(path, table_of(context["kind"]), form)
    elif kind == "one_name" and whose and two_in_one(reporter, path, table_of(context["kind"]), whose["name"], value):
        pass
    elif kind == "one_name":
        reporter.add(
            "E103",
            f"expected exactly one {context['kind']} here, got {len(value)}",
            path,
            key=True,
            label=f"name one {context['kind']}",
            help=f"write `name`, `name: value` or `name: {{argument: value}}`; names: {', '.join(value)}"
            if value
            else (),
        )
    elif kind == "not_named":
        table = table_of(context["kind"])
        reporter.add(
            "E105",
            f"expected the name of {article(context['kind'])}, got {describe(value)}",
            path,
            label=f"expected {article(context['kind'])}",
            help="leave it out for none" if value is None else several(value, context["kind"], whose),
            note=f"{context['kind']} names: {some(list(table))}",
        )
    elif kind == "no_primary":
        no_primary(reporter, path, table_of(context["kind"]), context["name"], value)
    else:
        message = item["msg"].removeprefix("Value error, ")
        reporter.add(
            "E106",
            f"{quoted}: {message[:1].lower()}{message[1:]}",
            path,
            label="wrong length" if kind == "wrong_count" else "out of range",
        )


def wrong_type(reporter: Reporter, kind: str, name: str, value: Any, path: Path, quoted: str = "") -> None:
    """Report that the value of `name`, at `path`, is not of the type that pydantic's word `kind` is about; messages call it
    `quoted`, by default by its name."""
    found = suggest_value(kind, name, value)
    reporter.add(
        "E105",
        f"{quoted or f'`{name}`'} must be {WANTED[kind]}, got {describe(value)}",
        path,
        label=f"expected {WANTED[kind]}",
        suggestion=replace(found, help=WHOLE) if is_quotient(value, reporter.document.is_computed(path)) else found,
    )


def single_form(table: Registry[Any], loc: Path, name: Any, reporter: Reporter, path: Path) -> TypeForm | None:
    """What is meant by `{type: he_normal}`, whose only key is no name of the table."""
    if not loc or loc[-1] != name or path not in reporter.document.values or reporter.is_hole(path):
        return None
    return type_form(table, {str(name): reporter.document.get(path)})


def written(reporter: Reporter, path: Path, start: int) -> Path:
    """`path` as the text has it: without a primary argument, from `start` on, whose list stands in its place."""
    for place in range(start, len(path) - 1):
        shorter = (*path[:place], *path[place + 1 :])
        if path not in reporter.document.values and shorter in reporter.document.values:
            return shorter
    return path


def unknown_argument(
    reporter: Reporter, path: Path, name: str, owner: str, fields: Collection[str], *, kind: str, instead: str
) -> None:
    """Report a key that a section does not have, or an argument that a thing of the `kind` does not have; `instead` is what
    it probably is, if that is known otherwise."""
    if beside(kind, (name,)):
        reporter.add(
            "E102",
            f"`{name}` is not an argument of {owner}",
            path,
            key=True,
            label=f"`{name}` stands beside the {kind}, not inside it",
            help=f"move `{name}` out to the column of {owner}",
        )
    else:
        reporter.unknown(path, name, owner, fields, what="argument" if kind else "key", instead=instead)


def is_strange(name: str, kind: str, cls: type[BaseModel]) -> bool:
    """Whether an unknown argument is like nothing that is known of it."""
    fields = cls.model_fields
    return not beside(kind, (name,)) and not suggest(name, fields) and not argument_hint(name, fields)


def no_primary(reporter: Reporter, path: Path, table: Registry[Any], name: str, value: Any) -> None:
    """Report a bare value for a thing that takes its arguments by name, or takes none."""
    fields = table.find(name).model_fields
    required = [argument for argument, info in fields.items() if info.is_required()]
    if not fields:
        takes_nothing(reporter, path, table, name, value)
        return
    given = f"`{name}: {{{next(iter(required or fields))}: {show(value)}}}`"
    cure = f"write {given}" if required else f"write `{name}` alone, or name the argument, such as {given}"
    reporter.add(
        "E105",
        f"`{name}` takes no bare value, got {describe(value)}",
        path,
        label="name the argument this is for",
        help=fed_cure(table, name, value) or scalar_cure(name, value) or cure,
        note=f"arguments of `{name}`: {some(list(fields), name)}",
    )


def takes_nothing(reporter: Reporter, path: Path, table: Registry[Any], name: str, arguments: Any) -> None:
    """Report arguments of a thing that takes none; something else may be called like it elsewhere."""
    other = next((entry for entry in synonyms(name, table) if entry != name), None)
    cure = f"write `{name}`"
    if other:
        cure = f"did you mean `{translated(table, other, arguments)}`?"
    elif fed := fed_cure(table, name, arguments):
        cure = fed
    reporter.add(
        "E105",
        f"`{name}` takes no arguments, got {describe(arguments)}",
        path,
        key=isinstance(arguments, Mapping),
        label="takes no arguments",
        help=cure,
    )
