"""What an overlay has that cannot be merged with its base: each error is at the overlay, shows the base, and says what to write."""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.shorthands import is_variable
from modelc.compiler.expansion.source_tree import SourceNode, entries_of
from modelc.compiler.language.field_schema import listed
from modelc.compiler.language.shapes import Either, Items, Keys, Names, Shape, Thing, Value
from modelc.compiler.language.suggestions.wording import flow, in_line, removing
from modelc.compiler.syntax.document import Where

WHOLE = 200
"""Characters of a list that a help shows whole."""


def takes_nothing(shape: Shape | None) -> bool:
    """Whether a key with nothing behind it means something where `shape` is expected, or that is not known here."""
    if isinstance(shape, Either):
        return takes_nothing(shape.mapping) if shape.mapping is not None else shape.items is None
    if isinstance(shape, Names):
        return shape.nullable
    if isinstance(shape, Value):
        return "null" in listed(shape.schema["type"])
    return shape.optional if isinstance(shape, Thing) else not isinstance(shape, Keys | Items)


def is_of_another_kind(base: SourceNode, own: SourceNode) -> bool:
    """Whether a value or a list stands where the base has a mapping, or a value where it has a list: it is an error."""
    kinds = ("scalar", "list") if base.kind == "mapping" else ("scalar",) if base.kind == "list" else ()
    return own.kind in kinds and own.content is not None and not is_variable(own)


def report_no_value(reporter: ProblemCollector, base: SourceNode, own: SourceNode) -> None:
    """Report a key with nothing behind it, which neither keeps what the base has nor removes it."""
    key = own.at.path[-1]
    path = ".".join(map(str, base.at.path))
    help = (
        "remove the key to keep what the base has",
        f"or, to have none, write {removing(own.at.document.data.get('extends'), [path])}",
    )
    related = [Label(key_of(base).place(), "in the base")]
    reporter.report("E105", f"`{key}` has no value", key_of(own), label="nothing here", help=help, related=related)


def report_no_list(reporter: ProblemCollector, base: SourceNode, own: SourceNode, meant: list[Any] | None) -> None:
    """Report a mapping over a list, whose one item it may mean: then `meant` is the whole list."""
    key = own.at.path[-1]
    written = "" if meant is None else in_line(meant, WHOLE)
    help = f"a list replaces that of the base as a whole: write all of it, `{key}: {written or '[...]'}`"
    related = [Label(key_of(base).place(), "the list in the base")]
    message = f"`{key}` must be a list, got a mapping"
    reporter.report("E105", message, own.at, label="expected a list", help=help, related=related)


def report_arguments_alone(
    reporter: ProblemCollector, base: SourceNode, own: SourceNode, name: str, beside: Collection[str]
) -> None:
    """Report an item of nothing but arguments of the item `base`, whose `name` it does not repeat."""
    entries = {key: node.data for key, (_, node) in entries_of(own).items()}
    lost = [key for key in entries if key not in beside]
    arguments = {key: entries[key] for key in lost}
    others = {key: value for key, value in entries.items() if key in beside}
    verb = "are arguments" if len(lost) > 1 else "is an argument"
    message = f"{name_list(lost)} {verb} of `{name}` and must be inside it"
    help = f"name it again, to change its arguments: `{own.at.path[-1]}: {spelled({**others, name: arguments})}`"
    where = own.content[lost[0]][0]
    related = [Label(base.content[name][0].place(), "in the base")]
    reporter.report("E102", message, where, label=f"not inside `{name}`", help=help, related=related)


def with_needed(
    reporter: ProblemCollector, base: SourceNode, own: SourceNode, named: SourceNode, shape: Thing
) -> SourceNode:
    """The item `own`, `named` as a mapping, with what it needs beside its name: from the item `base` that it replaces,
    after reporting that it does not say it itself.
    """
    lost = [key for key in shape.required if key in base.content and key not in named.content]
    if not lost:
        return own
    what = own.at.path[-1]
    needed = {key: base.content[key] for key in lost}
    given = {key: node.data for key, (_, node) in {**needed, **named.content}.items()}
    written = spelled(given)
    key, place = lost[0], key_of(own)
    message = f"node `{what}` needs `{key}`"
    whole = f"write `{what}: {written}`" if written else f"add `{key}: {flow(given[key])}`"
    help = f"another layer replaces the whole node: {whole}"
    name = next(key for key in base.content if key not in shape.siblings)
    related = [Label(base.content[name][0].place(), f"replaces `{name}` and its `{key}`")]
    others = [other for other in base.content if other in shape.siblings and other not in {*named.content, *lost}]
    note = f"it replaces {name_list(others)} of the base too" if others else ()
    label = f"`{key}` is missing"
    reporter.report("E104", message, place, label=label, help=help, note=note, related=related)
    return named._replace(content={**needed, **named.content})


def spelled(entries: Mapping[str, Any]) -> str:
    """A mapping as a spec writes it on one line; empty where it is long."""
    parts = [f"{key}: {'' if value is None else flow(value)}" for key, value in entries.items()]
    return "" if any(part.endswith("...") for part in parts) else f"{{{', '.join(parts)}}}"


def key_of(node: SourceNode) -> Where:
    """Where the key of `node` stands, or the node itself where it has none."""
    return node.at._replace(key=True)
