"""Parses the `data` section: source, readers of inputs and targets, validation, test."""

import re
from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path, Suggestion
from modelc.compiler.language.ast import AugmentSpec, DataSpec
from modelc.compiler.language.grammar import DATA
from modelc.compiler.language.parser.arguments import translate
from modelc.compiler.language.parser.named_item import Found, help_for, value_of
from modelc.compiler.language.parser.walk import check_keys, exclude, read, read_keys, read_thing
from modelc.compiler.language.shapes import Keys
from modelc.compiler.language.split_grammar import HELD_OUT_ROWS, split_keys
from modelc.compiler.language.splits import HELD_OUT, Split, read_split
from modelc.compiler.language.suggestions.held_out_rows import (
    INSIDE,
    as_own_source,
    as_split,
    is_source,
    source_written,
)
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.window_words import WINDOW_WORDS
from modelc.compiler.language.suggestions.wording import describe
from modelc.compiler.language.windows import WindowsSpec
from modelc.compiler.library.base.registry import fold
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.endings import source_of_file


def read_data(reporter: Reporter, raw: Any, path: Path) -> DataSpec | None:
    """The data section at `path`, or None when it is no mapping."""
    section = read_keys(reporter, DATA, raw, path, readers=READERS)
    if section is None:
        return None
    complete = not reporter.lacks(path) and all(
        section.get(key, {}) is not None and not reporter.lacks((*path, key)) for key in ("inputs", "targets")
    )
    source, weight = (value_of(section.get(key)) for key in ("source", "sample_weight"))
    held_out = {key: rows for key in HELD_OUT if (rows := rows_of(section.get(key))) is not None}
    inputs, targets = (readers_of(section.get(key)) for key in ("inputs", "targets"))
    changes = augmentations(reporter, section.get("augment"), (*path, "augment"))
    data = DataSpec(source, inputs, targets, held_out, section.get("seed") or 0, complete, weight, augment=changes)
    data = data._replace(balanced=(section.get("sampling") or {}).get("balanced"))
    data = data._replace(skips=section.get("on_bad_row") == "skip")
    if (own := data.own_sources.get("validation")) is not None:
        from modelc.compiler.language.parser.own_rows import check_own_rows

        check_own_rows(reporter, own, section)
    return with_windows(reporter, data, section)


def with_windows(reporter: Reporter, data: DataSpec, section: Mapping[str, Any]) -> DataSpec:
    """`data` with its windows, where there are any, and what is read of them."""
    unread = {str(key) for key in reporter.unread.keys(("data",))}
    lost = "windows" in unread or any(fold(key) in WINDOW_WORDS for key in unread)
    given = section.get("inputs"), section.get("targets"), {"": section.get("sample_weight")}
    spans = any("span" in found.beside for readers in given for found in (readers or {}).values() if found)
    if not (lost or spans or "windows" in section):
        return data
    from modelc.compiler.language.parser.windows import check_beside_windows, spans_of

    of_inputs, shifted = spans_of(reporter, section, lost=lost)
    data = data._replace(windows=section.get("windows"), spans=of_inputs, shifted=shifted)
    check_beside_windows(reporter, data, section)
    if data.windows is not None:
        # What a reader without its span reads of a window is not known.
        inputs, targets = (
            {
                name: None if ("data", key, name, "span") in reporter.unread.paths else reader
                for name, reader in readers.items()
            }
            for key, readers in (("inputs", data.inputs), ("targets", data.targets))
        )
        return data._replace(inputs=inputs, targets=targets)
    if not (lost or "windows" in section):
        return data
    # Which shapes the columns have is not known without the windows.
    inputs, targets = (dict.fromkeys(readers, None) for readers in (data.inputs, data.targets))
    return data._replace(inputs=inputs, targets=targets, sample_weight=None, complete=False)


def read_windows(reporter: Reporter, raw: Any, path: Path) -> WindowsSpec | None:
    """The windows at `path`, which only a spec that has some needs to read."""
    from modelc.compiler.language.parser import windows

    return windows.read_windows(reporter, raw, path)


def augmentations(reporter: Reporter, found: list[Found | None] | None, path: Path) -> tuple[AugmentSpec, ...]:
    """Those that can be read of the changes of rows at `path`."""
    changes = []
    for index, one in enumerate(found or ()):
        of = None if one is None else one.beside.get("of")
        if one is None or one.value is None or (of is None and "of" in one.beside) or one.strange:
            continue
        names = (of,) if isinstance(of, str) else None if of is None else tuple(of)
        if names is None or None not in names:
            changes.append(AugmentSpec(one.value, names, (*path, index)))
    return tuple(changes)


def readers_of(entries: Mapping[str, Found | None] | None) -> dict[str, Reader | None]:
    """The readers by the name of what they feed."""
    return {name: value_of(found) for name, found in (entries or {}).items()}


def rows_of(found: Split | Found | None) -> Split | Source | None:
    """Which rows are held out; None for a hole."""
    return found if isinstance(found, Split) else value_of(found)


def read_held_out(reporter: Reporter, raw: Any, path: Path) -> Split | Found | None:
    """The rows at `path` that are held out: a source of their own, or a split where it is written like one."""
    key = str(path[-1])
    ways = split_keys(key).keys
    is_moved = path in {one.path for one in reporter.document.misplaced.values()}
    if is_moved and not is_source(raw) and as_own_source(key, raw):
        # What to write is said where it stands.
        return None
    if not isinstance(raw, Mapping):
        is_name = isinstance(raw, str) and not NUMBER_LIKE.match(raw) and raw not in ways
        is_thing = is_name and not help_for(reporter, as_split, raw, path)
        return read_thing(reporter, HELD_OUT_ROWS[key], raw, path) if is_thing else read_rows(reporter, raw, path)
    sources = [name for name in raw if name in SOURCES]
    beside = [name for name in (*map(str, raw), *map(str, reporter.holes.keys(path))) if name in ways]
    if sources and beside:
        message = f"`{key}` has both the source `{sources[0]}` and `{beside[0]}`"
        help = "keep the source for rows of its own, or the other for rows of `source`"
        related = [((*path, beside[0]), "rows of `source`")] if beside[0] in raw else []
        reporter.add("E108", message, (*path, sources[0]), key=True, label="keep one", help=help, related=related)
        return None
    if sources or (not beside and is_like_source(reporter, raw, path)):
        return read_thing(reporter, HELD_OUT_ROWS[key], raw, path)
    return read_rows(reporter, raw, path)


def is_like_source(reporter: Reporter, raw: Mapping[str, Any], path: Path) -> bool:
    """Whether a mapping without a known name may be a source of rows that are held out, and no way to choose rows of `source`."""
    keys = split_keys(str(path[-1])).keys
    names = [*map(str, raw), *map(str, reporter.holes.keys(path))]
    if any(fold(name) in INSIDE or (suggest(name, keys) and not suggest(name, SOURCES)) for name in names):
        return False
    if not names or help_for(reporter, as_split, raw, path):
        return False
    return all(isinstance(value, str | list | Mapping | None) for value in raw.values())


def read_rows(reporter: Reporter, raw: Any, path: Path) -> Split | None:
    """The rows of `source` at `path` that are held out, which the class of splits checks."""
    from pydantic import ValidationError

    keys = split_keys(str(path[-1]))
    if isinstance(raw, Mapping) and not is_split(reporter, keys, raw, path):
        return None
    if isinstance(raw, Mapping) and lacks_part(reporter, keys, raw, path):
        return None
    if isinstance(raw, str | list) and (advice := help_for(reporter, keys.help, raw, path)):
        message = f"{keys.what} must be a number of rows or a mapping, got {describe(raw)}"
        is_path = isinstance(raw, str) and FILE.fullmatch(raw) and source_of_file(raw)
        new = source_written(raw)[0] if is_path else ""
        found = Suggestion(raw, new, advice, is_safe=bool(new), how="value")
        reporter.add("E105", message, path, label="expected a number", suggestion=found)
        return None
    try:
        return read_split(raw)
    except ValidationError as error:
        translate(reporter, error, path, fields=list(keys.keys), owner=keys.what)
        return None


def is_split(reporter: Reporter, keys: Keys, raw: Mapping[str, Any], path: Path) -> bool:
    """Whether the keys of a mapping can be those of a split; reports them if not."""
    if exclude(reporter, keys, raw, path, keys.what):
        return False
    if known := next((key for key in raw if fold(str(key)) in INSIDE), None):
        message, note = f"unknown key `{known}` in {keys.what}", f"keys of {keys.what}: {', '.join(keys.keys)}"
        help = INSIDE[fold(str(known))]
        reporter.add("E102", message, (*path, known), key=True, label="unknown key", help=help, note=note)
        return False
    if any(key in keys.keys or suggest(key, keys.keys) for key in raw):
        check_keys(reporter, keys, raw, path)
        return all(key in keys.keys for key in raw)
    if advice := help_for(reporter, keys.help, raw, path):
        name = next(iter(raw))
        message, note = f"unknown key `{name}` in {keys.what}", f"keys of {keys.what}: {', '.join(keys.keys)}"
        reporter.add("E102", message, (*path, name), key=True, label="unknown key", help=advice, note=note)
    return not advice


def lacks_part(reporter: Reporter, keys: Keys, raw: Mapping[str, Any], path: Path) -> bool:
    """Whether something in the mappings of a split is reported, here or before."""
    before = len(reporter.problems)
    for key, below in keys.keys.items():
        if isinstance(below, Keys) and key in raw:
            read(reporter, below, raw[key], (*path, key))
    return len(reporter.problems) > before or reporter.has_hole(path)


FILE = re.compile(r"[A-Za-z0-9_./-]+")
"""A path that stands in YAML as it is."""
NUMBER_LIKE = re.compile(r"\s*[-+]?\.?[0-9]")
"""How a text begins that is meant as a number."""
READERS = {**dict.fromkeys(HELD_OUT, read_held_out), "windows": read_windows}
"""Of each key whose value means more than its shape, what reads it."""
