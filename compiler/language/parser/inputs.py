"""The inputs of a model: their names, shapes and dtypes."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import InputSpec
from modelc.compiler.language.parser.arguments import read_section
from modelc.compiler.language.parser.named_item import check_name, read_mapping
from modelc.compiler.language.suggestions.reporter import Reporter


def read_inputs(reporter: Reporter, section: Mapping[str, Any], path: Path) -> tuple[dict[str, InputSpec | None], bool]:
    """The inputs by name, and whether all of them are there."""
    at = (*path, "inputs")
    if "inputs" not in section:
        if not reporter.is_hole(at):
            reporter.add(
                "E104",
                "`model` needs `inputs`",
                path,
                key=True,
                label="`inputs` is missing",
                help="name each input and the shape of one example: `inputs: {image: {shape: [28, 28]}}`",
            )
        return {}, False
    given = section["inputs"]
    cure = (
        f"write `inputs: {{{given}: {{shape: [4]}}}}`, with the shape of one example" if isinstance(given, str) else ""
    )
    raw = read_mapping(reporter, given, at, "`inputs`", cure)
    if raw is None:
        return {}, False
    inputs: dict[str, InputSpec | None] = {}
    for name, value in raw.items():
        here = (*at, name)
        check_name(reporter, name, here, key=True)
        if isinstance(value, list) and all(isinstance(size, int) for size in value):
            reporter.add(
                "E105",
                f"input `{name}` must be a mapping with its shape, got a list",
                here,
                label="expected a mapping",
                help=f"write `{name}: {{shape: [{', '.join(map(str, value))}]}}`",
            )
            inputs[name] = None
            continue
        mapping = read_mapping(reporter, value, here, f"input `{name}`")
        inputs[name] = (
            None if mapping is None else read_section(reporter, InputSpec, mapping, here, f"input `{name}`", whole=True)
        )
    if not inputs and not reporter.has_hole(at):
        reporter.add("E104", "`inputs` is empty", at, key=True, label="no input", help="name at least one input")
    return inputs, not reporter.lacks(at)
