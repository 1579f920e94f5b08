"""Reports keys that a section or the top level does not have: where they belong, or what was probably meant.

All that belong in one other section are one mistake, and one error.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.language.grammar import LANGUAGE, SECTIONS
from modelc.compiler.language.parser.levels import as_argument, could_be, form_of, key_around
from modelc.compiler.language.shapes import Names, Shape
from modelc.compiler.language.splits import HELD_OUT
from modelc.compiler.language.suggestions.foreign_keys import LAST_ROWS, key_hint
from modelc.compiler.language.suggestions.held_out_rows import as_own_source, as_rows_of, is_source
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow
from modelc.compiler.syntax.document import Document

DEFINITIONS = {
    **dict.fromkeys(("constants", "defines", "definitions", "parameters", "params", "variables"), "vars"),
    **dict.fromkeys(("components", "macros", "modules", "templates"), "blocks"),
}
"""Other words for the sections of definitions, whose entries may be anything."""
Homes = Mapping[str, str]
"""The sections that a key belongs in, each with its name there."""


def report_unknown_keys(reporter: Reporter, path: Path, unknown: Mapping[str, Any]) -> None:
    """Report keys of the section at `path`, or of the top level, that do not exist there, with their values."""
    moved_to = {
        key: reporter.document.misplaced[*path, key].path
        for key in unknown
        if (*path, key) in reporter.document.misplaced
    }
    already = {key: home for key, home in moved_to.items() if len(home) > 1}
    named = {} if path else other_names({key: value for key, value in unknown.items() if key not in already})
    if not path:
        renamed = {key: str(home[0]) for key, home in moved_to.items() if len(home) == 1}
        named |= {key: home for key, home in renamed.items() if not misspelt_section(reporter, key, unknown[key], home)}
    report_other_names(reporter, named, unknown)
    unknown = {key: value for key, value in unknown.items() if key not in named}
    homes = {key: homes_of(reporter, (*path, key), value) for key, value in unknown.items() if key not in already}
    homes |= {key: {str(home): str(right)} for key, (home, right) in already.items()}
    moved = {key: likely_homes(homes[key], value, homes) for key, value in unknown.items() if homes[key]}
    groups: dict[str, dict[str, str]] = {}
    for key, (home, *others) in moved.items():
        if not others:
            groups.setdefault(home, {})[key] = homes[key][home]
    for key, value in unknown.items():
        home = next(iter(moved.get(key, ())), "")
        if reporter.only_counts("E102"):
            continue
        if not home:
            report_unknown_key(reporter, (*path, key), value)
        elif len(moved[key]) > 1 or len(groups[home]) == 1:
            report_misplaced(reporter, (*path, key), value, {one: homes[key][one] for one in moved[key]})
        elif key == next(iter(groups[home])):
            report_group(reporter, path, home, groups[home])


def certain_homes(reporter: Reporter, path: Path, unknown: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Where each of the `unknown` keys of the section at `path` certainly belongs: of those that are a key of one other section
    alone, or another word for one, that section and the name there; of those that are a section, its name.
    """
    sections = {key: (key,) for key, value in unknown.items() if path and is_section(path, key, value)}
    if not path:
        sections = {key: (home,) for key, home in other_names(unknown).items() if home in SECTIONS}
        sections |= {key: (home,) for key, value in unknown.items() if (home := misspelt_section(reporter, key, value))}
    others = {key: value for key, value in unknown.items() if key not in sections}
    elsewhere = [shape.keys for home, shape in SECTIONS.items() if path != (home,)]
    if not any(spelled(key, keys) for key in others for keys in elsewhere):
        return sections
    homes = {key: homes_of(reporter, (*path, key), value) for key, value in others.items()}
    likely = {key: likely_homes(homes[key], value, homes) for key, value in others.items() if homes[key]}
    return sections | {
        key: (home, homes[key][home])
        for key, (home, *more) in likely.items()
        if not more and spelled(key, SECTIONS[home].keys) == homes[key][home]
    }


def misspelt_section(reporter: Reporter, key: str, value: Any, moved_to: str = "") -> str:
    """The section of whose name an unknown key of the top level is certainly a typo, if there is none or the key is `moved_to`
    it; empty for all others.
    """
    meant = suggest(key, LANGUAGE.keys) if isinstance(value, Mapping) else None
    if meant is None or not meant.is_safe or meant.new not in SECTIONS:
        return ""
    return meant.new if meant.new == moved_to or meant.new not in reporter.document.data else ""


def is_section(path: Path, key: str, value: Any) -> bool:
    """Whether a key in another section is a section of a spec."""
    is_rows = (*path, key) == ("data", "train") and as_rows_of("train")(value, {})
    return key in SECTIONS and could_be(SECTIONS[key], value) and not is_rows


def other_names(unknown: Mapping[str, Any]) -> dict[str, str]:
    """Those of the unknown keys of the top level that are sections by their entries, each with the section that is meant."""
    return {key: home for key, value in unknown.items() if (home := section_meant(key, value))}


def section_meant(key: str, value: Any) -> str:
    """The section that most entries of an unknown key of the top level are keys of; empty where there is none."""
    if key in DEFINITIONS and isinstance(value, Mapping):
        return DEFINITIONS[key]
    if not isinstance(value, Mapping) or suggest(key, LANGUAGE.keys):
        return ""
    counts = {home: sum(name in shape.keys for name in value) for home, shape in SECTIONS.items()}
    most = max(counts.values())
    best = [home for home, count in counts.items() if count == most]
    return best[0] if len(best) == 1 and 0 < len(value) <= 2 * most else ""


def report_other_names(reporter: Reporter, named: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Report keys of the top level that are sections by their entries, each with the section that is meant."""
    groups: dict[str, list[str]] = {}
    for key, home in named.items():
        groups.setdefault(home, []).append(key)
    for home, keys in groups.items():
        first, *others = keys
        is_there = is_written(reporter.document, home) or reporter.is_hole((home,))
        if not all((key,) in reporter.document.misplaced for key in keys):
            reporter.unread.add((home,))
        if not others and not is_there:
            keys_of_home = SECTIONS[home].keys if home in SECTIONS else values[first]
            is_safe = all(key in keys_of_home for key in values[first])
            found = Suggestion(first, home, f"did you mean `{home}`?", is_safe)
            note = f"keys of a spec: {', '.join(LANGUAGE.keys)}"
            message = f"unknown key `{first}` in a spec"
            reporter.add("E102", message, (first,), key=True, label="unknown key", note=note, suggestion=found)
            continue
        message = (
            f"{name_list(keys)} {'are no sections' if others else 'is no section'}: the entries are keys of `{home}`"
        )
        help = f"move the entries below `{home}:`" if is_there else f"write `{home}:` with all of the entries below it"
        related = [((key,), "neither is this") for key in others]
        related += [((home,), f"`{home}`")] if is_written(reporter.document, home) else []
        reporter.add("E102", message, (first,), key=True, label="no section", help=help, related=related)


def homes_of(reporter: Reporter, path: Path, value: Any) -> Homes:
    """The sections that the unknown key at `path` belongs in; none where it is something else."""
    section, key = str(path[0]) if len(path) > 1 else "", str(path[-1])
    allowed = SECTIONS[section].keys if section else LANGUAGE.keys
    if spelled(key, allowed) is not None:
        return {}
    others = {home: other.keys for home, other in SECTIONS.items() if home != section}
    homes = {home: found for home, keys in others.items() if (found := spelled(key, keys))}
    if homes or argument_of_another(reporter, path, value) or suggest(key, allowed):
        return homes
    if (section and key in LANGUAGE.keys) or key_hint(key):
        return {}
    return {home: found for home, keys in others.items() if (found := suggest(key, keys).new)}


def likely_homes(homes: Homes, value: Any, all_homes: Mapping[str, Homes]) -> list[str]:
    """The one of the sections that a key is most likely to belong in; all where nothing tells."""
    fitting = [home for home, right in homes.items() if fits(SECTIONS[home].keys[right], value)] or [*homes]
    beside = [home for home in fitting if any([*found] == [home] for found in all_homes.values())]
    return fitting if len(fitting) == 1 else beside[:1] or fitting


def fits(shape: Shape, value: Any) -> bool:
    """Whether a value, and what stands right below it, has the form that `shape` describes."""
    if isinstance(shape, Names) and isinstance(value, Mapping):
        return any(could_be(shape.of, below) for below in value.values())
    return could_be(shape, value)


def argument_of_another(reporter: Reporter, path: Path, value: Any) -> tuple[str, str] | None:
    """The thing of the section `train` whose argument the key at `path` is, and how it is written inside."""
    return None if path[0] == "model" else as_argument(reporter.document.data, str(path[-1]), value)


def report_unknown_key(reporter: Reporter, path: Path, value: Any) -> None:
    """Report a key that belongs in no other section."""
    section, key = str(path[0]) if len(path) > 1 else "", str(path[-1])
    shape = SECTIONS[section] if section else LANGUAGE
    allowed, owner = shape.keys, shape.what
    written, known_here = argument_of_another(reporter, path, value), spelled(key, allowed) is not None
    if section and not written and not known_here and key in LANGUAGE.keys:
        rows = as_rows_of("train")(value, {}) if path == ("data", "train") else ""
        elsewhere = "" if rows else key_around(reporter, path)
        reporter.unknown(path, key, owner, allowed, elsewhere=elsewhere, form=rows)
    elif written and not known_here:
        whose, inside = written
        message, label = f"`{key}` is an argument of the {whose}", f"not a key of {owner}"
        help = f"write it inside: `{inside}`"
        if whose == "optimizer":
            from modelc.compiler.language.suggestions.optimizer_keys import optimizer_help

            help = optimizer_help(reporter.document.data, key, False) or help
        reporter.add("E102", message, path, key=True, label=label, help=help)
    else:
        form = form_of(reporter, shape, key, value)
        word = re.escape(key)
        if not section and re.search(rf"\$(?:{word}\b|\{{[^}}]*\b{word}\b)", reporter.document.text):
            form = f"variables stand in `vars: {{{key}: {flow(value)}}}`"
        reporter.unknown(path, key, owner, allowed, form=form)


def report_misplaced(reporter: Reporter, path: Path, value: Any, homes: Homes) -> None:
    """Report one key that belongs in another section, or in one of several."""
    key, names = str(path[-1]), " or ".join(f"`{home}`" for home in homes)
    home, right = next(iter(homes.items()))
    message = f"`{key}` belongs in {names}" + (f", where its name is `{right}`" if right != key else "")
    moved = where_to(reporter, path[:-1], home, "it")
    help = moved if right == key else f"{moved}, as `{right}: {flow(value)}`"
    if key == "validation_split":
        help += f", {LAST_ROWS}"
    if right in HELD_OUT and not is_source(value) and (own := as_own_source(right, value)):
        help = f"{moved}: {own}"
    if form := form_of(reporter, SECTIONS[home], right, value):
        help = f"{moved}: {form}"
    twice, related = already_there(reporter, home, [right])
    settle_section(reporter, home, [right])
    message += twice
    help += ", and keep one of the two" if twice else ""
    reporter.add("E102", message, path, key=True, label=not_here(path[:-1]), help=help, related=related)


def report_group(reporter: Reporter, path: Path, home: str, keys: Mapping[str, str]) -> None:
    """Report several keys that belong in one other section, with their names there."""
    first, *others = keys
    renamed = [f"`{key}` as `{right}`" for key, right in keys.items() if key != right]
    help = ", ".join([where_to(reporter, path, home, "them"), *renamed])
    related = [((*path, key), "neither is this") for key in others]
    twice, there = already_there(reporter, home, [*keys.values()])
    settle_section(reporter, home, [*keys.values()])
    help += ", and keep one of what is there twice" if twice else ""
    message, label = f"{name_list(keys)} belong in `{home}`{twice}", not_here(path)
    related += there
    reporter.add("E102", message, (*path, first), key=True, label=label, help=help, related=related)


def already_there(reporter: Reporter, home: str, keys: Sequence[str]) -> tuple[str, list[tuple[Path, str]]]:
    """That a section has some of these keys itself, in words and with their places, or that nothing stands below it."""
    moved = {one.path for one in reporter.document.misplaced.values()}
    twice = [key for key in keys if (home, key) in reporter.document.values and (home, key) not in moved]
    if twice:
        return f", which has {name_list(twice)} already", [((home, key), f"`{key}` of `{home}`") for key in twice]
    below = reporter.document.data.get(home)
    is_empty = is_written(reporter.document, home) and all((home, key) in moved for key in below or ())
    return "", [((home,), "nothing stands below it")] if is_empty else []


def settle_section(reporter: Reporter, home: str, keys: Sequence[str]) -> None:
    """Say nothing more of a section without these keys, or of one that is not there or empty without them."""
    moved = {one.path for one in reporter.document.misplaced.values()}
    for key in keys:
        if (home, key) not in moved:
            reporter.unread.add((home, key))
    if reporter.document.data.get(home) is None:
        reporter.unread.add((home,))


def is_written(document: Document, home: str) -> bool:
    """Whether a section is there in the text, and not only in the data for keys that belong in it."""
    if home not in document.data:
        return False
    at = document.key((home,))
    return not any(one.path[0] == home and one.where.place() == at for one in document.misplaced.values())


def is_partial(document: Document, home: str) -> bool:
    """Whether a section is there in the data alone, and lacks a key that it needs: nothing more is said of it than what is
    wrong in its keys.
    """
    below = document.data.get(home)
    if not document.misplaced or not isinstance(below, Mapping) or is_written(document, home):
        return False
    return any(not need.beside and not {*need.keys} & below.keys() for need in SECTIONS[home].needs)


def not_here(path: Path) -> str:
    return f"not a key of {SECTIONS[str(path[0])].what}" if path else "not a top-level key"


def where_to(reporter: Reporter, path: Path, home: str, what: str) -> str:
    """How keys at `path` come into the section `home`."""
    if path:
        return f"move {what} below `{home}:`"
    is_there = is_written(reporter.document, home) or reporter.is_hole((home,))
    return f"indent {what} below `{home}:`" if is_there else f"write `{home}:` above, and indent {what} below it"
