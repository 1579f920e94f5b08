"""Problems to output: one file for each format, all with the signature of `Render`. Nothing here decides or exits."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from modelc.compiler.errors import Problem
from modelc.compiler.render.concise import concise
from modelc.compiler.render.github import github
from modelc.compiler.render.json import to_json
from modelc.compiler.render.order import in_order, summary
from modelc.compiler.render.sarif import sarif
from modelc.compiler.render.text import text

__all__ = ["FORMATS", "Render", "in_order", "summary"]


class Render(Protocol):
    """A format: `problems` in any order, `sources` the text of each file they name, `files` how many were checked."""

    def __call__(
        self, problems: Sequence[Problem], sources: Mapping[str, str], *, files: int = 1, colour: bool = False
    ) -> str: ...


FORMATS: Mapping[str, Render] = {
    "text": text,
    "concise": concise,
    "json": to_json,
    "github": github,
    "sarif": sarif,
}
