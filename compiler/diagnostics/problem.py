"""Problems of a spec as values: a code, a message, labelled places, helps. The exceptions are in `exceptions`.

Nothing here prints; `modelc.compiler.diagnostics.render` turns problems into text, JSON, GitHub annotations and SARIF.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Path = tuple[str | int, ...]
"""The way to a value inside a document: mapping keys and list indices from the root."""


SETTING = "--set"
"""The name of the arguments of `--set` as a file, for places; each stands on a line of its own."""


class Place(NamedTuple):
    """A span of text: `line` and `column` count from 1, `end_column` is exclusive. Line 0 stands for the whole file."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Label(NamedTuple):
    """A place with a short text under its caret."""

    place: Place
    text: str = ""


class Suggestion(NamedTuple):
    """What was probably meant by what is `written`: `new`, and `help`, which says so; both empty for nothing known.

    `is_safe` where it is unambiguous, so that a tool may write it, and `is_synonym` where it is the same but for its
    spelling, or another word for it. A `word` is a name or a text, which keeps its quotes; a `value` is written as it
    is. A `form` is a mapping that names its thing by the key `written`: `new` becomes its key, around all entries but
    those `beside`. `undefined` is the name in the word that is none of those that the spec defines: where it stands
    elsewhere too, it may be the right one. `place` is where the word stands, if that is not what the problem is about.
    """

    written: object
    new: str = ""
    help: str = ""
    is_safe: bool = False
    is_synonym: bool = False
    how: Literal["word", "value", "form"] = "word"
    beside: tuple[str, ...] = ()
    undefined: str = ""
    place: Place | None = None

    def __bool__(self) -> bool:
        return bool(self.new or self.help)

    def around(self, before: str, after: str) -> "Suggestion":
        """The same where the name is written with a text before and after it."""
        new = f"{before}{self.new}{after}" if self.new else ""
        return self._replace(written=f"{before}{self.written}{after}", new=new)


class Edit(NamedTuple):
    """The text at `place`, which may go over several lines, is replaced by `text`."""

    place: Place
    text: str


class Fix(NamedTuple):
    """Edits of the text that fix one problem and leave everything else as written."""

    title: str
    edits: tuple[Edit, ...]


class Omitted(NamedTuple):
    """How many problems there are beside those that are shown, by code; `at_least` where not all were looked for."""

    counts: tuple[tuple[str, int], ...]
    at_least: bool = False

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def errors(self) -> int:
        return sum(count for code, count in self.counts if code.startswith("E"))


@dataclass(frozen=True, slots=True)
class Problem:
    """An error (code E...) or a warning (W...): `label` says where it is, `helps` how to fix it.

    `suggestion` is there where what was meant is unambiguous, and `fix` where the text can also be edited so. `uses` is
    how many uses of one text it is about. With `omitted`, it stands for other problems of its file.
    """

    code: str
    message: str
    label: Label
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    related: tuple[Label, ...] = ()
    path: Path = ()
    suggestion: Suggestion | None = None
    fix: Fix | None = None
    uses: int = 1
    omitted: Omitted | None = None

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")
