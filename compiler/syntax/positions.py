"""Line and column of every value of a text: parsed nodes with their marks, and the places computed from them on demand.

Most places are never looked at, so nothing is computed per node while reading.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from modelc.compiler.diagnostics.problem import Path, Place, Problem

ParserEvent: TypeAlias = Any
"""An event of `yaml.events`: its stubs call marks optional and of PyYAML's own class, here they are always there, and
`At` in events made from JSON."""

Kind = Literal["scalar", "mapping", "sequence", "alias", "hole"]


class Mark(Protocol):
    """A position as PyYAML counts it: `line` and `column` from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class At(NamedTuple):
    """A `Mark` made here, not by PyYAML."""

    line: int
    column: int


class Node:
    """A part of the text: `content` is a value, a list of (key node, value node), a list of nodes, or an alias's node.

    `end` is None for block collections, whose end the parser sees only at the next token.
    """

    __slots__ = ("content", "end", "kind", "start")

    def __init__(self, kind: Kind, content: Any, start: Mark, end: Mark | None) -> None:
        self.kind = kind
        self.content = content
        self.start = start
        self.end = end


class Unreadable(Exception):
    """Raised where reading cannot continue; carries the problem to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def place(file: str, start: Mark, end: Mark | None = None) -> Place:
    """The place from `start` to `end` (exclusive), at least one character wide."""
    if end is None or (end.line, end.column) <= (start.line, start.column):
        end = At(start.line, start.column + 1)
    return Place(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def line_starts(text: str) -> list[int]:
    """The index at which each line of `text` begins."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def index_of(starts: Sequence[int], mark: Mark) -> int:
    """The index of the character at `mark`, where lines begin at `starts`."""
    return starts[mark.line] + mark.column


def place_of(file: str, starts: Sequence[int], begin: int, end: int) -> Place:
    """The place of the characters from `begin` to `end` (exclusive)."""
    first, final = bisect_right(starts, begin), bisect_right(starts, end)
    return Place(file, first, begin - starts[first - 1] + 1, final, end - starts[final - 1] + 1)


class Places(Mapping[Path, Place]):
    """Places by path, each on one line: of a part that spans several lines, the first line."""

    __slots__ = ("_file", "_lines", "_nodes", "_text")

    def __init__(self, file: str, text: str, nodes: dict[Path, Node]) -> None:
        self._file = file
        self._text = text
        self._nodes = nodes
        self._lines: list[str] | None = None

    def __getitem__(self, path: Path) -> Place:
        node = self._nodes[path]
        return place(self._file, node.start, At(node.start.line, self._first_line_end(node)))

    def __contains__(self, path: object) -> bool:
        return path in self._nodes

    def __iter__(self) -> Iterator[Path]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def _first_line_end(self, node: Node) -> int:
        line = node.start.line
        if node.end is not None and node.end.line == line:
            return node.end.column
        if node.kind == "mapping":
            parts = [part for pair in node.content for part in pair]
        elif node.kind == "sequence":
            parts = node.content
        else:
            return len(self._line(line).rstrip())
        ends = [self._first_line_end(part) for part in parts if part.start.line == line]
        return max(ends, default=node.start.column + 1)

    def _line(self, index: int) -> str:
        """Line `index` of the text; the text is split when a line is first asked for."""
        if self._lines is None:
            self._lines = self._text.split("\n")
        return self._lines[index] if index < len(self._lines) else ""


def nth_line(text: str, index: int) -> str:
    """Line `index` of `text`, counted from 0, without its line break; empty where there is none."""
    lines = text.split("\n", index + 1)
    return lines[index].removesuffix("\r") if index < len(lines) else ""


WORD = re.compile(r"[^\s,:{}\[\]]+")


def word_at(text: str, mark: Mark) -> str:
    """The word that begins at `mark`, for a message; empty if there is none."""
    match = WORD.match(nth_line(text, mark.line), mark.column)
    return match[0][:40] if match else ""
