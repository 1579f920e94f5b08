"""Parses the `data` section: source, readers of inputs and targets, validation, test."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.grammar import DATA, VALIDATION
from modelc.compiler.language.parser.arguments import translate
from modelc.compiler.language.parser.named_item import Found, help_for, value_of
from modelc.compiler.language.parser.walk import check_keys, exclude, read_keys
from modelc.compiler.language.suggestions.planned import planned
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.validation_split import Validation, read_validation
from modelc.compiler.library.contracts.reader import Reader


def read_data(reporter: Reporter, raw: Any, path: Path) -> DataSpec | None:
    """The data section at `path`, or None when it is no mapping."""
    section = read_keys(reporter, DATA, raw, path, readers={"validation": read_split})
    if section is None:
        return None
    complete = not reporter.lacks(path) and all(
        section.get(key, {}) is not None and not reporter.lacks((*path, key)) for key in ("inputs", "targets")
    )
    source, test, weight = (value_of(section.get(key)) for key in ("source", "test", "sample_weight"))
    inputs, targets = (readers_of(section.get(key)) for key in ("inputs", "targets"))
    split, seed = section.get("validation"), section.get("seed") or 0
    return DataSpec(source, test, inputs, targets, split, seed, complete, weight)


def readers_of(entries: Mapping[str, Found | None] | None) -> dict[str, Reader | None]:
    """The readers by the name of what they feed."""
    return {name: value_of(found) for name, found in (entries or {}).items()}


def read_split(reporter: Reporter, raw: Any, path: Path) -> Validation | None:
    """The rows that validate, which the class of them checks."""
    from pydantic import ValidationError

    if isinstance(raw, Mapping) and not is_split(reporter, raw, path):
        return None
    if isinstance(raw, str) and (advice := help_for(reporter, VALIDATION.help, raw, path)):
        message = f"`validation` must be a number of rows or a mapping, got the string `{raw}`"
        reporter.add("E105", message, path, label="expected a number", help=advice)
        return None
    try:
        return read_validation(raw)
    except ValidationError as error:
        translate(reporter, error, path, fields=list(VALIDATION.keys), owner=VALIDATION.what)
        return None


def is_split(reporter: Reporter, raw: Mapping[str, Any], path: Path) -> bool:
    """Whether the keys of a mapping can be those of a split; reports them if not."""
    if exclude(reporter, VALIDATION, raw, path, VALIDATION.what):
        return False
    later = [key for key in raw if key in VALIDATION.later]
    if later or any(key in VALIDATION.keys or suggest(key, VALIDATION.keys) for key in raw):
        check_keys(reporter, VALIDATION, raw, path)
        return not later and all(key in VALIDATION.keys for key in raw)
    if len(raw) == 1 and (plan := planned(next(iter(raw)))):
        reporter.planned((*path, next(iter(raw))), plan)
        return False
    if advice := help_for(reporter, VALIDATION.help, raw, path):
        (name,) = raw
        message, note = f"unknown key `{name}` in `validation`", f"keys of `validation`: {', '.join(VALIDATION.keys)}"
        reporter.add("E102", message, (*path, name), key=True, label="unknown key", help=advice, note=note)
    return not advice
