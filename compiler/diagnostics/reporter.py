"""Collects the problems that a stage finds, each at a place in a text."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem, Suggestion


class Location(Protocol):
    """What has a place in some text, looked up when someone asks, and a path in the document."""

    @property
    def path(self) -> Path: ...

    def place(self) -> Place: ...


@dataclass(frozen=True, slots=True)
class Span:
    """A location whose place is known."""

    known: Place
    path: Path = ()

    def place(self) -> Place:
        return self.known


class ProblemCollector:
    """The problems found so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(
        self,
        code: str,
        message: str,
        at: Location,
        *,
        label: str = "",
        help: str | Iterable[str] = (),
        note: str | Iterable[str] = (),
        related: Iterable[Label] = (),
        suggestion: Suggestion | None = None,
    ) -> None:
        """Report one problem; `help` is for where the `suggestion` has none, which the problem carries if it is safe."""
        place = at.place()
        helps, safe = help, None
        if suggestion is not None:
            helps = suggestion.help or help
            safe = replace(suggestion, place=suggestion.place or place) if suggestion.is_safe else None
        labels = tuple(related)
        self.collect(
            Problem(code, message, Label(place, label), as_tuple(note), as_tuple(helps), labels, at.path, safe)
        )

    def collect(self, problem: Problem) -> None:
        """Keep one problem."""
        self.problems.append(problem)

    def report_removed(self, code: str, what: str, removed: Place, use: Location) -> None:
        """Report, once, that `what` is left out of an extended file at `removed`, and that `use` needs it."""
        if any(problem.label.place == removed for problem in self.problems):
            return
        label, needs = Label(removed, "removed here"), Label(use.place(), "needs it")
        advice = "remove what needs it too, or redefine it"
        message = f"{what} is removed but still needed"
        self.collect(Problem(code, message, label, (), (advice,), (needs,), use.path))


def as_tuple(texts: str | Iterable[str]) -> tuple[str, ...]:
    """One text or several; an empty one is none."""
    return ((texts,) if texts else ()) if isinstance(texts, str) else tuple(texts)
