"""Output formats for problems: one file for each, all with the signature of `Render`. Nothing here exits."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render.order import in_order, summary

__all__ = ["FORMATS", "Render", "in_order", "summary"]


class Render(Protocol):
    """A format: `problems` in any order, `sources` the text of their files, `files` the number of checked files,
    `strict` whether warnings count as errors."""

    def __call__(
        self,
        problems: Sequence[Problem],
        sources: Mapping[str, str],
        *,
        files: int = 1,
        colour: bool = False,
        strict: bool = False,
    ) -> str: ...


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
