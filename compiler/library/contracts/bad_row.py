"""Rows that cannot be read, where a spec has them left out: which these are, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.base.lazy import NumpyArray

SHOWN = 5
"""As many rows are shown in a message."""
LONGEST = 80
"""Characters of a value that are kept."""


class Fault(NamedTuple):
    """What is wrong with a row: the reason, with the column and the value that are to blame, where there is one."""

    reason: str
    column: str = ""
    value: str = ""


class BadRow(NamedTuple):
    """A row that is left out: its number in its source, counted from 0, what is wrong with it, and its `line` in a `file` that has
    lines.
    """

    row: int
    fault: Fault
    file: str = ""
    line: int | None = None

    def facts(self) -> dict[str, Any]:
        """What is known of the row, for JSON."""
        return {"row": self.row, "file": self.file or None, "line": self.line, **self.fault._asdict()}

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> "BadRow":
        """The row of which `facts` has said so."""
        fault = Fault(facts["reason"], facts["column"], facts["value"])
        return cls(facts["row"], fault, facts["file"] or "", facts["line"])

    def __str__(self) -> str:
        reason, column, value = self.fault
        place = f"row {self.row}" if self.line is None else f"line {self.line} of {self.file!r}"
        shown = f"`{column}` {value!r}".rstrip() if value else f"`{column}`"
        return f"{place}: {shown} {reason}" if column else f"{place}: it {reason}"


@dataclass(frozen=True, slots=True)
class Skips:
    """The rows of a source that are left out, in their order, and the numbers of those that are kept, None where all are."""

    rows: tuple[BadRow, ...] = ()
    numbers: NumpyArray | None = None


NO_SKIPS = Skips()


class KeptColumns(dict[str, NumpyArray]):
    """The columns of the rows that are kept, by name, and which rows are not."""

    def __init__(self, columns: Mapping[str, NumpyArray], skips: Skips) -> None:
        super().__init__(columns)
        self.skips = skips


def skips_of(columns: Mapping[str, NumpyArray]) -> Skips:
    """Which rows are left out of `columns`."""
    return columns.skips if isinstance(columns, KeptColumns) else NO_SKIPS


def none_left(skips: Skips, rows: int, at: Path = ()) -> RunError:
    """The error E404 for a source of so many `rows`, of which all or nearly all are left out."""
    few = f"of {counted(rows, 'row')} {rows - len(skips.rows):,} can be read"
    helps = ("this is no matter of single rows: see whether the file, its columns and the readers belong together",)
    return RunError("E404", few, notes=first_of(skips), helps=helps, at=at)


def first_of(skips: Skips) -> tuple[str, ...]:
    """The first rows that are left out, a sentence each, and how many more there are."""
    more = len(skips.rows) - SHOWN
    return (*map(str, skips.rows[:SHOWN]), *([f"and {more:,} more"] if more > 0 else []))


def shown_value(value: object) -> str:
    """A value as a list of bad rows has it."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
