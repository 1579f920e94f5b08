"""Collects the problems that a stage finds, each at a place in a text."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import NamedTuple, Protocol

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Label, Omitted, Path, Place, Problem, Suggestion


class Location(Protocol):
    """What has a place in some text, looked up when someone asks, and a path in the document."""

    @property
    def path(self) -> Path: ...

    def place(self) -> Place: ...


class Span(NamedTuple):
    """A location whose place is known."""

    known: Place
    path: Path = ()

    def place(self) -> Place:
        return self.known


MAX_FOUND = 300
"""Problems that one stage finds, of one section of a spec: more are only counted."""
MAX_COUNTED = 5_000
"""Problems that it counts; then it stops looking for more."""


class ProblemCollector:
    """The problems found so far, and how many more there are by code.

    `room` is how many may be kept, and `uncounted` how many more are counted before no more are looked for; `gave_up`
    says that this has happened in an earlier section. `places` are those of problems by the key of `collect_once`.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[Hashable, int] = {}
        self.omitted: Counter[str] = Counter()
        self.room = MAX_FOUND
        self.uncounted = MAX_COUNTED
        self.gave_up = False

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
        if self.only_counts(code):
            return
        place = at.place()
        helps, safe = help, None
        if suggestion is not None:
            helps = suggestion.help or help
            safe = suggestion._replace(place=suggestion.place or place) if suggestion.is_safe else None
        labels = tuple(related)
        self.collect(
            Problem(code, message, Label(place, label), as_tuple(note), as_tuple(helps), labels, at.path, safe)
        )

    def collect(self, problem: Problem) -> None:
        """Keep one problem, as far as there is room."""
        if not self.only_counts(problem.code):
            self.problems.append(problem)

    def collect_once(self, problem: Problem, key: Hashable) -> None:
        """Keep one problem; another one with the same `key` is one more use of the text that it is about."""
        if key in self.places:
            self.add_use(self.places[key])
        elif not self.only_counts(problem.code):
            self.places[key] = len(self.problems)
            self.problems.append(problem)

    def add_use(self, place: int) -> None:
        """Count one more use of the text that the problem at this place of the list is about."""
        known = self.problems[place]
        self.problems[place] = replace(known, uses=known.uses + 1)

    def take(self, problems: Iterable[Problem]) -> None:
        """Keep what was found elsewhere."""
        for problem in problems:
            self.collect(problem)

    def take_from(self, other: "ProblemCollector") -> None:
        """Keep what another collector has found, and its counts."""
        self.take(other.problems)
        self.omitted.update(other.omitted)
        self.gave_up = self.gave_up or other.gave_up or other.has_stopped

    def only_counts(self, code: str) -> bool:
        """Whether there is no more room, so that a problem with this code is only counted, which it is now."""
        if self.is_full:
            self.count(code)
        return self.is_full

    def count(self, code: str) -> None:
        """Count a problem with this code instead of keeping it."""
        self.omitted[code] += 1
        self.uncounted -= 1

    @property
    def is_full(self) -> bool:
        """Whether problems are only counted from here on."""
        return len(self.problems) >= self.room

    @property
    def has_stopped(self) -> bool:
        """Whether there are so many problems that no more are looked for."""
        return self.uncounted <= 0

    def make_room(self) -> None:
        """Find as many problems as at first: for another section."""
        self.gave_up = self.gave_up or self.has_stopped
        self.room = len(self.problems) + MAX_FOUND
        self.uncounted = MAX_COUNTED

    def found(self, file: str) -> tuple[Problem, ...]:
        """All problems; those that are only counted as one more, of the `file`."""
        if not self.omitted:
            return tuple(self.problems)
        omitted = Omitted(tuple(sorted(self.omitted.items())), self.gave_up or self.has_stopped)
        return (*self.problems, omitted_problem(omitted, file))

    def report_removed(self, code: str, what: str, removed: Place, use: Location) -> None:
        """Report, once, that `what` is left out of an extended file at `removed`, and that `use` needs it."""
        if any(problem.label.place == removed for problem in self.problems):
            return
        label, needs = Label(removed, "removed here"), Label(use.place(), "needs it")
        advice = "remove what needs it too, or redefine it"
        message = f"{what} is removed but still needed"
        self.collect(Problem(code, message, label, (), (advice,), (needs,), use.path))


def omitted_problem(omitted: Omitted, file: str) -> Problem:
    """The problem that stands for those of a file that are not shown."""
    verb, least = "is" if omitted.total == 1 else "are", "at least " if omitted.at_least else ""
    message = f"there {verb} {least}{counted(omitted.total, 'more problem')} in this file than are shown"
    note = ", ".join(f"{count:,} of {code}" for code, count in omitted.counts)
    code = "E011" if omitted.errors else "W990"
    helps = ("one mistake may be behind many: correct what is shown, and check the file again",)
    return Problem(code, message, Label(Place(file, 0, 0, 0, 0)), (f"not shown: {note}",), helps, omitted=omitted)


def as_tuple(texts: str | Iterable[str]) -> tuple[str, ...]:
    """One text or several; an empty one is none."""
    return ((texts,) if texts else ()) if isinstance(texts, str) else tuple(texts)
