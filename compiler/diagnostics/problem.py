"""What can be wrong with a spec, as values: places in a text and labelled problems. The exceptions are in `exceptions`.

Nothing here prints; `modelc.compiler.diagnostics.render` turns problems into text, JSON, GitHub annotations and SARIF.
"""

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
