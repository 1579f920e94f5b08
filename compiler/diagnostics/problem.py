"""What can be wrong with a spec, as values: places in a text, labelled problems, and the exceptions that carry them.

Nothing here prints; `modelc.compiler.diagnostics.render` turns problems into text, JSON, GitHub annotations and SARIF.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]
"""The way to a value inside a document: mapping keys and list indices from the root."""


SETTING = "--set"
"""The name of the arguments of `--set` as a file, for places; each stands on a line of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span of text: `line` and `column` count from 1, `end_column` is exclusive. Line 0 is a file as a whole."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Label:
    """A place with a few words under its caret."""

    place: Place
    text: str = ""


@dataclass(frozen=True, slots=True)
class Meant:
    """What stands at `place`, `old`, and what was meant by it beyond doubt, `new`: said without looking at the text.

    A `word` is a name or a text, which keeps its quotes; a `value` is written as it is. A `form` is a mapping that names its
    thing by the key `old`: `new` becomes its key, around all entries but those `beside`. `given` is the name in the
    old word that is none of those that the spec gives: where it stands elsewhere too, it may be the right one.
    """

    place: Place
    old: object
    new: str
    how: Literal["word", "value", "form"] = "word"
    beside: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """The text at `place`, which may go over several lines, is replaced by `text`."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the text that take a problem away and leave all else as it is written."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `code` says which (E... an error, W... a warning), `label` where, `helps` what to do.

    `meant` is there where the cure is beyond doubt, and `fix` where the text can also be edited so.
    """

    code: str
    message: str
    label: Label
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    related: tuple[Label, ...] = ()
    path: Path = ()
    meant: Meant | None = None
    fix: Fix | None = None

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")


def still_needed(problems: list[Problem], code: str, what: str, removed: Place, use: Place, path: Path) -> None:
    """Add to `problems`, once, that `what` is left out of an extended file at `removed`, and `use`, the value at `path`, needs
    it."""
    if any(problem.label.place == removed for problem in problems):
        return
    label, needs = Label(removed, "removed here"), Label(use, "needs it")
    cure = "remove what needs it too, or define it anew"
    problems.append(Problem(code, f"{what} is removed, and still needed", label, (), (cure,), (needs,), path))


class SpecError(Exception):
    """A spec that cannot be used; `problems` has every finding and `sources` the text of each file they name."""

    def __init__(self, problems: Iterable[Problem], sources: dict[str, str]) -> None:
        self.problems = tuple(problems)
        self.sources = sources
        super().__init__(
            "\n".join(f"{p.label.place.file}:{p.label.place.line}: {p.code} {p.message}" for p in self.problems)
        )


class PlanError(Exception):
    """Raised by `plan` methods: what was expected, what came and the cure, without a place.

    `argument` names the argument to blame and `slot` the input; the caller, who knows the text, finds the place.
    `meant` is the value that was meant in the place of the argument's, and the value that stands there.
    """

    def __init__(
        self,
        message: str,
        *,
        help: str = "",
        note: str = "",
        argument: str = "",
        slot: str = "",
        code: str = "E301",
        meant: tuple[object, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.note = note
        self.argument = argument
        self.slot = slot
        self.code = code
        self.meant = meant


class RunError(Exception):
    """A run that failed on a valid spec: data, numbers, files. Printed as `error[code]: message`, exit code 4.

    `at` is the path in the spec of what it is about, where there is such a thing.
    """

    def __init__(
        self, code: str, message: str, *, notes: tuple[str, ...] = (), helps: tuple[str, ...] = (), at: Path = ()
    ) -> None:
        super().__init__(message)
        self.at = at
        self.code = code
        self.message = message
        self.notes = notes
        self.helps = helps

    def problem(self, place: Place) -> Problem:
        """The same as a finding, at the place in a spec that `at` stands for."""
        return Problem(self.code, self.message, Label(place), self.notes, self.helps, path=self.at)


class PluginError(RunError):
    """A plug-in that cannot be used: wrong where it was enabled, on a command line or in a call, and not in a spec."""

    def __init__(self, message: str, *, notes: tuple[str, ...] = (), helps: tuple[str, ...] = ()) -> None:
        super().__init__("E605", message, notes=notes, helps=helps)


def need(
    condition: bool,
    message: str,
    *,
    help: str = "",
    note: str = "",
    argument: str = "",
    slot: str = "",
    code: str = "E301",
    meant: tuple[object, object] | None = None,
) -> None:
    """Raise a `PlanError` unless `condition` holds."""
    if not condition:
        raise PlanError(message, help=help, note=note, argument=argument, slot=slot, code=code, meant=meant)
