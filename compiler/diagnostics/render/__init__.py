"""Output formats for problems: one file for each, all with the signature `Render`. Nothing here exits."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import cast

from modelc.compiler.diagnostics.render.order import in_order, summary
from modelc.compiler.diagnostics.render.report import Report
from modelc.compiler.diagnostics.render.unchecked import Unchecked, unchecked_line

__all__ = ["FORMATS", "Render", "Report", "Unchecked", "in_order", "summary", "unchecked_line"]

Render = Callable[[Report], str]
"""A format, as text."""


class Formats(Mapping[str, Render]):
    """The formats by name; each is imported on first use, since most specs have nothing to render."""

    entries: Mapping[str, str] = {
        "text": "text:text",
        "concise": "concise:concise",
        "json": "json:to_json",
        "github": "github:github",
        "sarif": "sarif:sarif",
    }

    def __getitem__(self, name: str) -> Render:
        module, _, function = self.entries[name].partition(":")
        return cast(Render, getattr(import_module(f"{__name__}.{module}"), function))

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


FORMATS = Formats()
