"""The `data` section: source, readers of inputs and targets, validation, test."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.parser.arguments import translate
from modelc.compiler.language.parser.named_item import check_name, read_mapping, read_named
from modelc.compiler.language.parser.pydantic_findings import wrong_type
from modelc.compiler.language.parser.section_checks import check_keys, exclude
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.validation_split import Validation, read_validation
from modelc.compiler.library.base.plugin_metadata import plugins_with
from modelc.compiler.library.contracts.data_source import Reader, Source
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources import SOURCES

LATER = ("augment",)


def read_data(reporter: Reporter, raw: Any, path: Path) -> DataSpec | None:
    """The data section at `path`, or None when it is no mapping."""
    cure = f"write `data: {{source: {raw}}}`" if isinstance(raw, str) else ""
    section = read_mapping(reporter, raw, path, "`data`", cure)
    if section is None:
        return None
    complete = check_keys(reporter, section, path, LATER)
    if "source" not in section and complete:
        reporter.add(
            "E104",
            "`data` needs the key `source`",
            path,
            key=True,
            label="`source` is missing",
            help=f"name where the rows come from, such as `source: digits`; sources: {', '.join(SOURCES)}",
        )
    inputs, inputs_whole = read_readers(reporter, section, path, "inputs")
    targets, targets_whole = read_readers(reporter, section, path, "targets")
    return DataSpec(
        read_source(reporter, section, (*path, "source")),
        read_source(reporter, section, (*path, "test")),
        inputs,
        targets,
        read_split(reporter, section, (*path, "validation")),
        read_seed(reporter, section, (*path, "seed")),
        complete and inputs_whole and targets_whole,
        read_reader(reporter, "sample_weight", section["sample_weight"], (*path, "sample_weight"))
        if "sample_weight" in section
        else None,
    )


def read_source(reporter: Reporter, section: Mapping[str, Any], path: Path) -> Source | None:
    if path[-1] not in section:
        return None
    found = read_named(reporter, SOURCES, section[str(path[-1])], path)
    return None if found is None else found.value


def read_readers(
    reporter: Reporter, section: Mapping[str, Any], path: Path, key: str
) -> tuple[dict[str, Reader | None], bool]:
    """The readers by the name of what they feed, and whether all of them are there."""
    at = (*path, key)
    if key not in section:
        return {}, not reporter.is_hole(at)
    raw = read_mapping(reporter, section[key], at, f"`{key}`", as_binding(reporter, key, section[key]))
    if raw is None:
        return {}, False
    readers: dict[str, Reader | None] = {}
    for name, value in raw.items():
        here = (*at, name)
        check_name(reporter, name, here, key=True)
        readers[name] = read_reader(reporter, name, value, here)
    return readers, not reporter.lacks(at)


def read_reader(reporter: Reporter, name: str, raw: Any, path: Path) -> Reader | None:
    """The reader of what is called `name`."""
    if isinstance(raw, str) and raw not in READERS and ":" not in raw and not plugins_with("reader", raw):
        reporter.add(
            "E101",
            f"unknown reader `{raw}`",
            path,
            label="no such reader",
            help=f"to read the column `{raw}` as it is, write `{name}: {{array: {raw}}}`",
            note=f"reader names: {', '.join(READERS)}",
        )
        return None
    found = read_named(reporter, READERS, raw, path)
    return None if found is None else found.value


def as_binding(reporter: Reporter, key: str, raw: Any) -> str:
    """How a bare column is bound to the one input, or to the last layer. Empty for what names no column."""
    if isinstance(raw, list) and raw:
        raw = raw[0]
    if not isinstance(raw, str):
        return ""
    model = reporter.document.data.get("model")
    model = model if isinstance(model, Mapping) else {}
    if key == "inputs":
        names = list(model["inputs"]) if isinstance(model.get("inputs"), Mapping) else []
        return f"write `inputs: {{{names[0] if names else 'x'}: {{array: {raw}}}}}`"
    outputs, layers = model.get("outputs"), model.get("layers")
    name = next(iter(outputs), None) if isinstance(outputs, list | Mapping) else None
    if isinstance(layers, list) and layers and isinstance(layers[-1], Mapping):
        name = layers[-1].get("name")
    name = name if isinstance(name, str) else "output"
    return f"write `targets: {{{name}: {{category: {raw}}}}}` for classes, `{{array: {raw}}}` for numbers"


def read_split(reporter: Reporter, section: Mapping[str, Any], path: Path) -> Validation | None:
    if "validation" not in section:
        return None
    from pydantic import ValidationError

    given, note = section["validation"], "the rows for validation are the first ones, or the last ones"
    if isinstance(given, Mapping) and exclude(reporter, given, path, "first", "last", note):
        return None
    try:
        return read_validation(section["validation"])
    except ValidationError as error:
        translate(reporter, error, path, fields=list(Validation.model_fields), owner="`validation`")
        return None


def read_seed(reporter: Reporter, section: Mapping[str, Any], path: Path) -> int:
    seed = section.get("seed", 0)
    if isinstance(seed, int) and not isinstance(seed, bool):
        if 0 <= seed < 2**63:
            return seed
        reporter.add("E106", f"`seed` must be at least 0 and below 2^63, got {seed}", path, label="out of range")
    else:
        wrong_type(reporter, "int_type", "seed", seed, path)
    return 0
