"""The path of one `--set` as it was written, and the refusal of one that leads nowhere. Knows no language."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelc.compiler.diagnostics.problem import Label, Place, Problem


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path: its text and where in the argument it stands."""

    text: str
    place: Place


class Refused(Exception):
    """A path that leads nowhere; carries the problem to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class KeyPath:
    """The segments of a path, of which the part that leads nowhere can be refused."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments

    def upto(self, index: int) -> str:
        """The segments before `index`, as written."""
        return ".".join(segment.text for segment in self.segments[:index])

    def refuse(self, code: str, index: int, message: str, *, label: str, help: str = "", note: str = "") -> Refused:
        place = self.segments[index].place
        notes, helps = (note,) if note else (), (help,) if help else ()
        return Refused(Problem(code, message, Label(place, label), notes, helps))
