"""Parses one named item with its sibling keys: `dense: 10` with `name: digit`, `cross_entropy` with `of` and `weight`.

This is where the mistakes of the first hour are met: `type: dense`, arguments not indented, two names in one item.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.language.parser.arguments import build
from modelc.compiler.language.parser.levels import key_around
from modelc.compiler.language.parser.nesting import alternatives, given_twice, several, ways_inside
from modelc.compiler.language.shapes import Help, Thing
from modelc.compiler.language.suggestions.foreign_forms import type_form
from modelc.compiler.language.suggestions.held_out_rows import as_parts
from modelc.compiler.language.suggestions.hints import argument_hint, input_hint
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import article, describe, flow, spell
from modelc.compiler.library.base.plugin_metadata import plugins_with
from modelc.compiler.library.base.registry import NAME, Registered, Registry


class Found(NamedTuple):
    """A named thing in the text: its name, the value built (None for a hole), where its arguments stand, and what
    stands beside it. `strange` where a key there is neither a name of the table nor one that may stand beside it.
    """

    name: str
    value: Any
    path: Path
    beside: Mapping[str, Any] = MappingProxyType({})
    strange: bool = False


def value_of(found: Found | None) -> Any:
    """What was built; None for a hole."""
    return None if found is None else found.value


def read_named(reporter: Reporter, shape: Thing, raw: Any, path: Path) -> Found | None:
    """The named thing at `path`, whose mapping may also hold the siblings of the shape; None if nothing is readable."""
    table, siblings = shape.table, tuple(shape.siblings)
    if isinstance(raw, str):
        return read_bare(reporter, shape, raw, path)
    if not isinstance(raw, Mapping):
        if not reporter.is_hole(path):
            report_no_thing(reporter, table, raw, path)
        return None
    names = [key for key in raw if key not in siblings]
    is_plain = len(names) == 1 and names[0] in table
    if is_plain and not reporter.holes.keys(path):
        at = (*path, names[0])
        value = None if reporter.is_hole(at) else build(reporter, table, {names[0]: raw[names[0]]}, path)
        return Found(names[0], value, at)
    if not is_plain and reporter.is_full and not reporter.has_hole(path):
        reporter.count("E107" if "type" in names else "E101")
        return None
    # A thing that is plainly there is no such form, nor one whose value is reported; to look for one, every class of the table
    # would be imported.
    is_there = is_plain or any(key in table for key in reporter.holes.keys(path))
    form = None if is_there else type_form(table, raw, path[-1], siblings)
    if form is not None:
        reporter.type_form(path, table, form if form.is_safe else written_whole(reporter, shape, form))
        return None
    lost = [str(key) for key in reporter.holes.keys(path) if key in table]
    if lost and names and not any(name in table for name in names):
        # The thing is there, and what is wrong in it is reported.
        blame_extra(reporter, shape, lost[0], raw, path, names)
        return Found(lost[0], None, (*path, lost[0]))
    known = [name for name in names if name in table]
    if known[:1] == names[:1] and known and raw[names[0]] is None:
        # What is beside a thing without arguments may be these.
        known = names[:1] if set(names[1:]) & set(table.find(names[0]).model_fields) else known
    if table.kind == "optimizer" and names and not known and report_nameless(reporter, raw, path):
        return None
    if len(names) == 1 or (len(known) == 1 and names[0] == known[0]):
        name, at = names[0], (*path, names[0])
        if names[1:]:
            blame_extra(reporter, shape, name, raw, path, names[1:])
        hole = bool(names[1:]) or reporter.is_hole(at)
        return Found(name, None if hole else build(reporter, table, {name: raw[name]}, path), at)
    if not names:
        report_unnamed(reporter, shape, raw, path)
    elif len(known) > 1:
        report_second(reporter, table, raw, path, known)
    elif known:
        blame_extra(reporter, shape, known[0], raw, path, [name for name in names if name != known[0]])
    elif table.kind == "source" and (help := as_parts(raw)):
        report_parts(reporter, (*path, names[0]), help)
    else:
        for name in names:
            if not reporter.is_hole((*path, name)):
                reporter.unknown_name((*path, name), table, name)
    return None


def report_no_thing(reporter: Reporter, table: Registry[Any], raw: Any, path: Path) -> None:
    """Report a value at a path that neither is nor has the name of a thing."""
    kind = article(table.kind)
    message = f"expected the name of {kind}, got {describe(raw)}"
    help = several(raw, table.kind, None, path)
    if table.kind == "optimizer":
        from modelc.compiler.language.suggestions.optimizer_keys import form_help

        help = form_help(reporter.document.data)
    reporter.add("E105", message, path, label=f"expected {kind}", help=help)


def report_nameless(reporter: Reporter, raw: Mapping[str, Any], path: Path) -> bool:
    """Report arguments of an optimizer at a path where its name is to stand, once for all of them; whether they are such."""
    from modelc.compiler.language.suggestions.optimizer_keys import with_name

    first = next(iter(raw))
    if not (written := with_name(reporter.document.data, raw)) or reporter.is_hole((*path, first)):
        return False
    message, help = f"unknown optimizer `{first}`", f"the arguments stand below its name: write `{written}`"
    reporter.add("E101", message, (*path, first), key=True, label="an argument, and no name", help=help)
    return True


def report_parts(reporter: Reporter, path: Path, help: str) -> None:
    """Report a source of several parts of the rows, the first of which is at `path`; `help` has the source of each."""
    reporter.add("E101", f"unknown source `{path[-1]}`", path, key=True, label="a part of the rows", help=help)


def written_whole(reporter: Reporter, shape: Thing, form: Suggestion) -> Suggestion:
    """What is meant by a thing in another form, with all that is to be written otherwise in it."""
    if shape.table.kind != "optimizer":
        return form
    from modelc.compiler.language.suggestions.optimizer_keys import form_help

    return form._replace(help=form_help(reporter.document.data) or form.help)


def read_bare(reporter: Reporter, shape: Thing, name: str, path: Path) -> Found:
    """The thing called `name`, which stands alone."""
    table = shape.table
    if reporter.is_full and not shape.bare and name not in table:
        reporter.count("E101")
        return Found(name, None, path)
    if not shape.bare or name in table or ":" in name or plugins_with(table.kind, name):
        return Found(name, build(reporter, table, name, path), path)
    help = help_for(reporter, shape.bare, name, path)
    message, note = f"unknown {table.kind} `{name}`", f"{table.kind} names: {', '.join(table)}"
    reporter.add("E101", message, path, label=f"no such {table.kind}", help=help, note=note)
    return Found(name, None, path)


def report_unnamed(reporter: Reporter, shape: Thing, raw: Mapping[str, Any], path: Path) -> None:
    """Report a mapping with nothing but what may stand beside a thing, unless the thing itself could not be read."""
    table = shape.table
    for key in reporter.holes.keys(path):
        # Its value is reported already, and its name is wrong as well. Blocks are no matter of the table.
        name = str(key)
        if name not in (*shape.siblings, *table) and name[:1].islower():
            reporter.unknown_name((*path, key), table, name)
    if not reporter.unread.is_in(path):
        kind = article(table.kind)
        got = ", ".join(f"`{key}`" for key in raw) or "nothing"
        help = f"add {kind}, such as `{next(iter(table))}`"
        reporter.add("E103", f"expected {kind} here, got only {got}", path, label=f"name {kind}", help=help)


def report_second(
    reporter: Reporter, table: Registry[Any], raw: Mapping[str, Any], path: Path, known: list[str]
) -> None:
    """Report the second of several things in one item."""
    apart = apart_help(reporter, known, path)
    if path[-2:-1] == ("nodes",) and not inside(table, known, raw):
        items = ", ".join(name if raw[name] is None else spell({name: raw[name]})[1:-1] for name in known)
        apart = f"for one after the other write `layers: [{items}]`"
    message = f"one item names {len(known)} {table.kind}s: {', '.join(f'`{name}`' for name in known)}"
    at, label = (*path, known[1]), f"a second {table.kind}"
    related = [((*path, known[0]), f"the first {table.kind}")]
    reporter.add("E103", message, at, key=True, label=label, help=(*inside(table, known, raw), apart), related=related)


def apart_help(reporter: Reporter, known: Collection[str], path: Path) -> str:
    """What to do about several things in the item at `path`: in a list, and among the layers of a node, none is lost."""
    if isinstance(path[-1], int):
        return "start a new item for it, with a `-` before it"
    if path[-2:-1] != ("nodes",) or any(reporter.has_hole((*path, name)) for name in known):
        return "keep one"
    typed = {name: reporter.document.as_typed((*path, name)) for name in known}
    written = ", ".join(name if value is None else f"{name}: {flow(value)}" for name, value in typed.items())
    return f"for one after the other write `layers: [{written}]`"


def inside(table: Registry[Any], known: list[str], raw: Mapping[str, Any]) -> list[str]:
    """The help for names beside the first that may be meant as its arguments: `activation` beside `dense`."""
    first, *others = known
    cls = table.find(first)
    given = raw[first]
    if not set(others) <= set(cls.model_fields) or (given is not None and not cls.primary):
        return []
    more = {key: raw[key] for key in others}
    written = alternatives(ways_inside(table, first, given, more))
    return [f"for an argument write {written}{given_twice(table, first, given, more)}"]


def blame_extra(
    reporter: Reporter, shape: Thing, name: str, raw: Mapping[str, Any], path: Path, extra: list[str]
) -> None:
    """Report keys beside the thing called `name` that are neither siblings nor things: arguments not indented."""
    kind, fields = shape.table.kind, list(shape.table.find(name).model_fields)
    lost = [key for key in extra if key in fields]
    if lost:
        several = len(lost) > 1
        are = "are arguments" if several else "is an argument"
        message = f"{name_list(lost)} {are} of `{name}` and must be inside it"
        more = {key: raw[key] for key in lost}
        written = ways_inside(shape.table, name, raw[name], more)
        twice = given_twice(shape.table, name, raw[name], more)
        indented = "" if twice else f"indent {'them' if several else 'it'} below `{name}:`, or "
        help = f"{indented}write {alternatives(written)}{twice}"
        if kind == "optimizer":
            from modelc.compiler.language.suggestions.optimizer_keys import optimizer_help

            help = (len(extra) > len(lost) and optimizer_help(reporter.document.data, lost[0], True)) or help
        related = [((*path, name), f"the {kind}")]
        at, label = (*path, lost[0]), f"not inside `{name}`"
        reporter.add("E102", message, at, key=True, label=label, help=help, related=related)
    for key in extra:
        at = (*path, key)
        if key not in fields and not reporter.is_hole(at):
            foreign = shape.table.find(name).foreign_argument(key).replace("{value}", flow(raw[key]))
            near = [*shape.siblings] if suggest(key, shape.siblings) and not foreign else [*shape.siblings, *fields]
            elsewhere = "" if spelled(key, near) else key_around(reporter, at)
            elsewhere = elsewhere or as_input(reporter, shape.table.find(name), key, raw)
            elsewhere = elsewhere or argument_hint(key, fields).replace("{value}", flow(raw[key]))
            reporter.unknown(at, key, f"this {kind}", near, elsewhere=elsewhere, foreign=foreign)


def as_input(reporter: Reporter, cls: type[Registered], key: str, raw: Mapping[str, Any]) -> str:
    """How a key beside a layer that is one of its inputs is written; empty for all others."""
    fed = raw.get("from")
    hint = input_hint(cls, key).removesuffix(" beside it")
    return hint.replace("{fed}", fed if isinstance(fed, str) else "...").replace("{value}", flow(raw[key]))


def check_name(reporter: Reporter, name: str, path: Path, *, key: bool = False) -> bool:
    """Report a name that is not allowed; says whether it is."""
    if NAME.fullmatch(name):
        return True
    help = "use letters, digits, `_` and `-`, and begin with a letter or `_`"
    if nearest := nearest_name(name):
        help = f"write `{nearest}`: names have letters, digits, `_` and `-`, and begin with a letter or `_`"
    reporter.add("E110", f"`{name}` cannot be a name", path, key=key, label="not a name", help=help)
    return False


def nearest_name(text: str) -> str:
    """The name that `text` can be taken for, itself if it is one; empty where there is none."""
    nearest = re.sub(r"\W+", "_", text.strip())
    return text if NAME.fullmatch(text) else nearest if text.isascii() and NAME.fullmatch(nearest) else ""


def check_reference(reporter: Reporter, text: Any, path: Path) -> bool:
    """Report a text that begins to name a port and names none; says whether it does not."""
    if not isinstance(text, str) or not text.endswith("."):
        return True
    message = f"`{text}` does not name a port"
    reporter.add("E203", message, path, label="nothing after the dot", help=f"write `{text[:-1]}`")
    return False


def help_for(reporter: Reporter, help: Help, raw: Any, path: Path) -> str:
    """The help for the value at `path`, which is of the wrong kind."""
    return help if isinstance(help, str) else help(str(path[-1]), raw, reporter.document.data)
