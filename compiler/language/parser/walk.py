"""The parser directed by the grammar: reports keys that are unknown, missing or exclude each other, and values that are
empty or of the wrong type. What a spec means is read beside this, from what is left.

What cannot be read is None, and has been reported.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from re import search
from types import NoneType
from typing import Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.field_schema import Schema, listed
from modelc.compiler.language.grammar import SECTIONS
from modelc.compiler.language.layer_grammar import RECURRING
from modelc.compiler.language.parser.arguments import drop_repeated
from modelc.compiler.language.parser.levels import form_of, key_around, report_too_deep, report_too_high
from modelc.compiler.language.parser.named_item import Found, check_name, help_for, read_named
from modelc.compiler.language.parser.phase_words import words_in_phase
from modelc.compiler.language.parser.pydantic_findings import BOUNDS, WANTED, report_finding
from modelc.compiler.language.shapes import (
    Again,
    Either,
    Exclusion,
    Help,
    Items,
    Keys,
    Names,
    Need,
    Shape,
    Thing,
    Value,
    accepts_nothing,
)
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe

Reader = Callable[[Reporter, Any, Path], Any]
"""Reads the value at a path itself, as far as it is more than its shape."""
TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "array": ("tuple_type", list),
    "boolean": ("bool_type", bool),
    "integer": ("int_type", int),
    "null": ("none_required", NoneType),
    "number": ("float_type", (int, float)),
    "string": ("string_type", str),
}
"""The types of JSON Schema, each with pydantic's word for what is not of it, and in Python."""
LIMITS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "exclusiveMinimum": ("greater_than", lambda value, bound: bool(value > bound)),
    "minimum": ("greater_than_equal", lambda value, bound: bool(value >= bound)),
    "exclusiveMaximum": ("less_than", lambda value, bound: bool(value < bound)),
    "maximum": ("less_than_equal", lambda value, bound: bool(value <= bound)),
}
"""The bounds of JSON Schema, each with pydantic's word for what is beyond it, and what lies within."""


def read(reporter: Reporter, shape: Shape, raw: Any, path: Path, what: str = "") -> Any:
    """The value at `path`, called `what` in messages, as `shape` describes it: mappings and lists of what is in them,
    named things as `Found`, layers and nodes as they are written.
    """
    if reporter.is_hole(path):
        return None
    if isinstance(shape, Thing):
        return raw if shape.blocks else read_thing(reporter, shape, raw, path)
    if isinstance(shape, Again):
        return read(reporter, RECURRING[shape.name], raw, path, what)
    return READERS[type(shape)](reporter, shape, raw, path, what or called(path))


def called(path: Path) -> str:
    """What messages call the value at `path`: the key that it, or the list that it is in, stands under."""
    return f"`{next((key for key in reversed(path) if isinstance(key, str)), '')}`"


def read_items(reporter: Reporter, shape: Items, raw: Any, path: Path, what: str) -> list[Any] | None:
    if not isinstance(raw, list):
        wrong_kind(reporter, "a list", raw, path, what, shape.help)
    elif not lacks_entry(reporter, shape.if_empty, raw, path, what):
        if is_text(shape.of) and all(type(value) is str for value in raw) and not reporter.has_hole(path):
            # There may be as many names as a text has room for.
            return list(raw)
        return [read(reporter, shape.of, value, (*path, index)) for index, value in enumerate(raw)]
    return None


def is_text(shape: Shape) -> bool:
    """Whether any text is a value of `shape`."""
    return isinstance(shape, Value) and shape.schema == {"type": "string"} and shape.read is None


def read_names(reporter: Reporter, shape: Names, raw: Any, path: Path, what: str) -> dict[str, Any] | None:
    if not isinstance(raw, Mapping):
        wrong_kind(reporter, "a mapping", raw, path, what, shape.help)
        return None
    if lacks_entry(reporter, shape.if_empty, raw, path, what) or report_too_high(reporter, shape, raw, path):
        return None
    if isinstance(shape.of, Items) and any(not isinstance(value, list) for value in raw.values()):
        from modelc.compiler.language.parser.named_metrics import report_named

        if report_named(reporter, shape, raw, path):
            return None
    moved = report_too_deep(reporter, shape, raw, path)
    raw = {name: value for name, value in raw.items() if name not in moved}
    for name in () if shape.refers else raw:
        check_name(reporter, name, (*path, name), key=True)
    called = {name: f"{shape.each} `{name}`".strip() for name in raw}
    return {name: read(reporter, shape.of, value, (*path, name), called[name]) for name, value in raw.items()}


def read_keys(
    reporter: Reporter, shape: Keys, raw: Any, path: Path, what: str = "", readers: Mapping[str, Reader] = {}
) -> dict[str, Any] | None:
    """What stands under each key of the mapping at `path`; `readers` are for keys whose values mean more than their
    shape.
    """
    if reporter.is_hole(path):
        return None
    what = what or shape.what
    if isinstance(raw, Mapping) and raw and not shape.keys.keys() & raw.keys():
        from modelc.compiler.language.parser.other_mappings import report_other

        if report_other(reporter, shape, raw, path, what):
            return None
    given, excluded = check_keys(reporter, shape, raw, path, what)
    found: dict[str, Any] = dict.fromkeys(excluded)
    for key, value in given.items():
        here = (*path, key)
        if key not in excluded:
            own = readers.get(key)
            found[key] = read(reporter, shape.keys[key], value, here) if own is None else own(reporter, value, here)
    if not isinstance(raw, Mapping):
        return None
    # Below a key may stand one of those that are missing.
    need_keys(reporter, shape, {*given} - {*excluded}, path, what)
    return found


def check_keys(
    reporter: Reporter, shape: Keys, raw: Any, path: Path, what: str = ""
) -> tuple[Mapping[str, Any], Collection[str]]:
    """Report what is wrong with the mapping at `path` and the keys that it has, whatever their values are; gives what
    stands under keys that it may have, and which of these others exclude.
    """
    what = what or shape.what
    if not isinstance(raw, Mapping):
        wrong_kind(reporter, shape.expected, raw, path, what, shape.help)
        return {}, ()
    told = set[str]()
    unknown = {key: value for key, value in raw.items() if key not in shape.keys}
    is_section = not path or (len(path) == 1 and shape is SECTIONS.get(str(path[0])))
    if reporter.document.misplaced and is_section:
        unknown = with_misplaced(reporter, path, unknown)
    if unknown and is_section:
        from modelc.compiler.language.parser.misplaced_keys import report_unknown_keys
        from modelc.compiler.language.parser.misspelt_keys import read_as_meant

        report_unknown_keys(reporter, path, unknown)
        if path:
            read_as_meant(reporter, shape, unknown, path)
    for key in raw:
        here = (*path, key)
        if key in unknown:
            if not is_section:
                elsewhere = "" if spelled(key, shape.keys) else key_around(reporter, here)
                if elsewhere not in told:
                    form = form_of(reporter, shape, key, raw[key])
                    foreign = words_in_phase(reporter, shape, here, raw[key])
                    reporter.unknown(here, key, what, shape.keys, elsewhere=elsewhere, foreign=foreign, form=form)
                # Keys for which one text stands are one mistake.
                told |= {elsewhere} - {""}
            reporter.unread.add(here)
    # Nothing says as much as the key left out, where that has a meaning: so `--set` can change the one for the other.
    given = {
        key: raw[key]
        for key, below in shape.keys.items()
        if key in raw and not (raw[key] is None and accepts_nothing(below))
    }
    return given, exclude(reporter, shape, given, path, what)


def with_misplaced(reporter: Reporter, path: Path, unknown: Mapping[str, Any]) -> dict[str, Any]:
    """The unknown keys of the section at `path`, and those that the text has there and the data elsewhere, in their order."""
    document = reporter.document
    moved = {str(at[-1]): one.path for at, one in document.misplaced.items() if at[:-1] == path}
    values = {key: None if reporter.is_hole(home) else document.get(home) for key, home in moved.items()}
    return dict(sorted({**unknown, **values}.items(), key=lambda entry: document.key((*path, entry[0]))))


def need_keys(reporter: Reporter, shape: Keys, given: set[str], path: Path, what: str) -> None:
    """Report keys that are missing, unless one that is there may be meant for them."""
    if path and reporter.document.misplaced and shape is SECTIONS.get(str(path[0])):
        from modelc.compiler.language.parser.misplaced_keys import is_partial

        if is_partial(reporter.document, str(path[0])):
            return
    holes = {str(key) for key in reporter.unread.keys(path)}
    unknown = holes - shape.keys.keys()
    for need in shape.needs:
        if {*need.keys} & (given | holes) or (need.beside and need.beside not in given):
            continue
        if any(not need.always or suggest(key, need.keys) for key in unknown):
            continue
        if any(reporter.is_removed("E104", f"the key `{key}`", (*path, key), path) for key in need.keys):
            continue
        below = shape.keys[need.keys[0]]
        names = ", ".join(below.table) if isinstance(below, Thing) else ""
        if need.keys == ("outputs",):
            from modelc.compiler.language.suggestions.wrong_kinds import last_nodes

            names = ", ".join(last_nodes(reporter.document.get(path).get("nodes")))
        report_need(reporter, need, path, what, names)


def report_need(reporter: Reporter, need: Need, path: Path, what: str, names: str = "") -> None:
    """Report that what stands at `path`, called `what`, lacks a key; `names` are for the help."""
    message = f"{need.owner or what} needs {name_list(need.keys, 'or')}"
    label = need.label or f"`{need.keys[0]}` is missing"
    reporter.add("E104", message, path, key=True, label=label, help=need.help.replace("{names}", names))


def exclude(reporter: Reporter, shape: Keys, raw: Mapping[str, Any], path: Path, what: str) -> list[str]:
    """Report keys that cannot stand together; gives the second of each two."""
    both = [one for one in shape.excluded if {one.first, one.second} <= raw.keys() and one.unless not in raw]
    for one in both:
        message = one.message or f"{what} has both `{one.first}` and `{one.second}`"
        (key, label), (other, text) = (one.second, one.labels[1]), (one.first, one.labels[0].format(one.first))
        if text and reporter.is_extended((*path, key)) and not reporter.is_extended((*path, other)):
            # What a spec says is to be changed, not what it extends.
            named = one.labels == Exclusion("", "").labels
            (key, label), (other, text) = (other, label if named else text), (key, f"`{key}`" if named else label)
        related = [((*path, other), text)] if text else []
        if related and reporter.is_extended((*path, other)):
            goes = [more.second for more in shape.excluded if more.unless == other and more.second in raw]
            related += [((*path, more), f"goes with `{other}`") for more in goes if reporter.is_extended((*path, more))]
        at = (*path, key)
        reporter.add("E108", message, at, key=True, label=label, help=one.help, note=one.note, related=related)
    return [one.second for one in both]


def read_either(reporter: Reporter, shape: Either, raw: Any, path: Path, what: str) -> Any:
    kind = shape.mapping if isinstance(raw, Mapping) else shape.items if isinstance(raw, list) else shape.value
    kind = kind or (None if shape.expected else shape.value)
    if kind is None or (shape.expected and not isinstance(raw, str | list | Mapping)):
        wrong_kind(reporter, shape.expected or "a list or a mapping", raw, path, what, shape.help)
        return None
    if lacks_entry(reporter, shape.if_empty, raw, path, what):
        return None
    return read(reporter, kind, raw, path, what)


def lacks_entry(reporter: Reporter, if_empty: tuple[str, str] | None, raw: Any, path: Path, what: str) -> bool:
    """Report a mapping or a list that is empty and must not be; says whether it is one."""
    if if_empty is None or raw not in ({}, []) or reporter.has_hole(path):
        return False
    label, advice = if_empty
    reporter.add("E104", f"{what} is empty", path, key=True, label=label, help=advice)
    return True


def read_thing(reporter: Reporter, shape: Thing, raw: Any, path: Path) -> Found | None:
    """The named thing at `path`; where something may stand beside it, that is read even if the thing cannot be."""
    found = read_named(reporter, shape, raw, path)
    if not shape.siblings or not isinstance(raw, Mapping):
        return found
    beside = {key: read(reporter, below, raw[key], (*path, key)) for key, below in shape.siblings.items() if key in raw}
    strange = any(key not in shape.siblings and key not in shape.table for key in raw)
    return (found or Found("", None, path))._replace(beside=beside, strange=strange)


def read_value(reporter: Reporter, shape: Value, raw: Any, path: Path, what: str) -> Any:
    """The plain value at `path`."""
    value = raw
    if shape.read is not None:
        with suppress(PydanticCustomError):  # a ratio by zero, which is no number either
            value = shape.read(raw)
    if shape.expected and not (isinstance(value, str) and search(shape.schema.get("pattern", ""), value)):
        wrong_kind(reporter, shape.expected, value, path, what, shape.help)
        return None
    wrong, start = list(mismatches(shape.schema, value)), len(reporter.problems)
    if not wrong:
        return value
    wrong = [item for item in wrong if not reporter.is_hole((*path, *item["loc"]))]
    if wrong and (advice := help_for(reporter, shape.help, raw, path)):
        first = wrong[0]
        report_known(reporter, first["type"], first["input"], (*path, *first["loc"]), what, advice)
        return None
    for item in wrong:
        if shape.range and item["type"] in BOUNDS:
            reporter.add("E106", f"{what} must be {shape.range}, got {value}", path, label="out of range")
        else:
            report_finding(reporter, item, path, (), "")
    drop_repeated(reporter, start)
    return None


def report_known(reporter: Reporter, kind: str, value: Any, path: Path, what: str, help: str) -> None:
    """Report a value that is wrong in a way that is known, with its help; `kind` is pydantic's word for the mismatch."""
    subject = f"every value of {what}" if isinstance(path[-1], int) else what
    wanted = WANTED.get(kind, "another value")
    code = "E106" if kind in BOUNDS else "E105"
    message = f"{subject} must be {'a size' if kind in BOUNDS else wanted}, got {describe(value)}"
    reporter.add(code, message, path, label="out of range" if kind in BOUNDS else f"expected {wanted}", help=help)


READERS: Mapping[type, Callable[[Reporter, Any, Any, Path, str], Any]] = {
    Either: read_either,
    Items: read_items,
    Keys: read_keys,
    Names: read_names,
    Value: read_value,
}
"""Of each kind of shapes, what reads a value."""


def mismatches(schema: Schema, value: Any, at: Path = ()) -> Iterator[dict[str, Any]]:
    """Where `value` does not fit a schema of the grammar, and how, as pydantic says it."""
    kinds = listed(schema["type"])
    # A text with a pattern where a number may stand is a ratio, which is a number by now.
    kinds = [kind for kind in kinds if kind != "string" or "number" not in kinds or "pattern" not in schema]
    item = {"loc": at, "input": value, "msg": ""}
    if "enum" in schema and value not in schema["enum"]:
        yield {**item, "type": "literal_error", "ctx": {"expected": ", ".join(schema["enum"])}}
    elif not any(isinstance(value, TYPES[one][1]) and isinstance(value, bool) <= (one == "boolean") for one in kinds):
        yield {**item, "type": TYPES[kinds[0]][0]}
    elif isinstance(value, list) and len(value) > schema.get("maxItems", len(value)):
        message = f"list should have at most {schema['maxItems']} items, not {len(value):,}"
        yield {**item, "type": "too_long", "msg": message}
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from mismatches(schema["items"], inner, (*at, index))
    elif isinstance(value, int | float):
        for keyword, (type_, holds) in LIMITS.items():
            if keyword in schema and not holds(value, schema[keyword]):
                yield {**item, "type": type_, "ctx": {BOUNDS[type_][0]: schema[keyword]}}


def wrong_kind(reporter: Reporter, expected: str, raw: Any, path: Path, what: str, help: Help = "") -> None:
    """Report a value that is not what is `expected`, such as `the name of a node`."""
    label = f"expected a {expected.split()[1].rstrip(',')}"
    wanted = label if isinstance(path[-1], int) else f"{what} must be {expected}"
    advice = help_for(reporter, help, raw, path)
    reporter.add("E105", f"{wanted}, got {describe(raw)}", path, label=label, help=advice)
