"""Parses the inputs of a model, or of a block that is the model of another file."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.ast import InputSpec
from modelc.compiler.language.suggestions.reporter import Reporter


def inputs_of(reporter: Reporter, entries: Mapping[str, Any] | None, path: Path) -> dict[str, InputSpec | None]:
    """The inputs by name; one of which something cannot be read is a hole."""
    return {
        name: None
        if found is None or None in found.values() or "shape" not in found or reporter.has_hole((*path, name))
        else InputSpec(**{**found, "shape": tuple(found["shape"])})
        for name, found in (entries or {}).items()
    }
