"""Parses a YAML or JSON text to a `Document`: plain data, and where each key and value is. Knows nothing of models."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from modelc.compiler.diagnostics.problem import Label, Path, Place, Problem
from modelc.compiler.syntax.scalars import show_control

MAX_BYTES = 256 * 1024
"""The budget of one file; a caller need not read more than one byte beyond it."""

COPIES = "copies"
"""The key of the copies of an item after the first, in a `repeat` whose copies differ: put there, and never written."""
PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
UNPRINTABLE = r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""Compiled for texts that are not plain only: a class this large takes longer to compile than a spec to read."""
UTF_16_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"\xff\xfe", b"\xfe\xff")
SMALLEST = """the smallest spec is
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: 1]"""


class Placed(Protocol):
    """Something with a place in a text, computed on demand."""

    def place(self) -> Place: ...


class Hop(NamedTuple):
    """One step of a trail from the place of a value to where it is used: a place, and a short text.

    `shared` if the value may be used elsewhere too, as that of a variable.
    """

    where: Placed
    text: str
    shared: bool = False


class Moved(NamedTuple):
    """A key that stands in another section than it belongs in: where it is in the data, and where it is written."""

    path: Path
    where: Placed


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from one file: `data` (dict, list, str, int, float, bool, None) and where each part stands.

    `values[path]` is the place of the value at `path`, `keys[path]` of its key in the mapping around it.
    `holes` has the path of each value that is there but could not be read. Its problem has been reported, and it is
    absent from its mapping in `data`, None in its list: whoever reads on says nothing about it.

    Once variables and blocks are written out, `trails` has how the value at a path came there, `computed` the paths of
    values that expressions gave, `copied` those of repeats whose copies differ and stand below them, `blocks` the name of
    each block whose body stands at a path, `defined` the names of all blocks, and `origins` where in which document the
    value at a path is written. `removed` has where it is said that something at a path of the file that is extended is left
    out, and `extends` which file that is, as it is written. `misplaced` has the paths of keys as they are written that are in
    another section in the data, where they belong: their places are reported, and so is what is wrong in them. `early` has expressions that ask for a shape
    where none is known yet, which is reported, by their places.
    """

    name: str
    text: str
    data: Any
    values: Mapping[Path, Place]
    keys: Mapping[Path, Place]
    holes: frozenset[Path] = frozenset()
    trails: Mapping[Path, tuple[Hop, ...]] = field(default_factory=dict)
    computed: frozenset[Path] = frozenset()
    copied: frozenset[Path] = frozenset()
    blocks: Mapping[Path, str] = field(default_factory=dict)
    defined: tuple[str, ...] = ()
    removed: Mapping[Path, Placed] = field(default_factory=dict)
    extends: Any = None
    origins: Mapping[Path, "Where"] = field(default_factory=dict)
    misplaced: Mapping[Path, Moved] = field(default_factory=dict)
    early: Mapping[Place, Any] = field(default_factory=dict)

    def trail(self, path: Path) -> tuple[Label, ...]:
        """The trail of the value at `path` and of the values around it: innermost first, each place once."""
        if not self.trails:
            return ()
        hops = [hop for end in range(len(path), -1, -1) for hop in self.trails.get(path[:end], ())]
        return tuple({label.place: label for label in (Label(hop.where.place(), hop.text) for hop in hops)}.values())

    def is_shared(self, path: Path) -> bool:
        """Whether the value at `path`, or a value around it, came through a variable."""
        return any(hop.shared for end in range(len(path) + 1) for hop in self.trails.get(path[:end], ()))

    def is_computed(self, path: Path) -> bool:
        """Whether an expression computed the value at `path`, or the bare value that it abbreviates."""
        return (path if path in self.values else path[:-1]) in self.computed

    def is_quoted(self, path: Path) -> bool:
        """Whether the value at `path` is written in quotes; also where its text is not at hand."""
        place = self.value(path)
        from modelc.compiler.syntax.positions import nth_line

        row = nth_line(self.text, place.line - 1) if place.file == self.name and place.line else ""
        return row[place.column - 1 : place.column] in ("", "'", '"')

    def in_first_copy(self, path: Path) -> Path:
        """The same place in the first copy of each repeat around `path`: what all its copies are written as."""
        for place in range(len(path) - 1, 1, -1) if self.copied else ():
            if path[place : place + 1] == (COPIES,) and path[:place] in self.copied:
                path = (*path[: place - 1], *path[place + 2 :])
        return path

    def origin(self, path: Path) -> "Where":
        """Where the value at `path`, or the bare value that it abbreviates, is written, before variables and blocks were
        written out.
        """
        path = path if path in self.values else path[:-1]
        return self.origins.get(path, Where(self, path))

    def as_typed(self, path: Path) -> Any:
        """The value at `path` as it is written, variables and parameters not filled in. Raises KeyError or IndexError."""
        around = self.origin(path[:-1])
        data = around.document.get(around.path) if path[:-1] in self.origins else None
        return data[path[-1]] if isinstance(data, dict) and path[-1] in data else self.get(path)

    def get(self, path: Path) -> Any:
        """The data at `path`. Raises KeyError or IndexError if there is none."""
        data = self.data
        for part in path:
            data = data[part]
        return data

    def value(self, path: Path) -> Place:
        """The place of the value at `path`, or of the nearest value around it that the text has."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(self.name, 1, 1, 1, 2))

    def key(self, path: Path) -> Place:
        """The place of the key of the value at `path`; of the value itself if there is no key (list items)."""
        if path in self.misplaced:
            return self.misplaced[path].where.place()
        return self.keys[path] if path in self.keys else self.value(path)


class Where(NamedTuple):
    """A place that is looked up when someone asks: of the value at `path` in a document, or of its key."""

    document: Document
    path: Path
    key: bool = False

    def place(self) -> Place:
        return self.document.key(self.path) if self.key else self.document.value(self.path)


def read(text: bytes | str, name: str, last: bool = False) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document in `text`, JSON where `name` ends in `.json`, else YAML, and the problems found on the way. With `last`, a
    key that stands twice has its last value, else the first.

    None where nothing can be built on it: not UTF-8 text, over a budget, a syntax error, or no mapping at the root.
    """
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes, the most that a spec may have"
        has_names = b"classes" in text if isinstance(text, bytes) else "classes" in text
        names = (
            ", and class names into a text file, one on each line: `classes: {file: names.txt}`" if has_names else ""
        )
        return None, (file_problem("E005", message, name, f"move data into a data file{names}"),)
    decoded = decode(text, name)
    if isinstance(decoded, Problem):
        return None, (decoded,)
    if name.endswith(".json"):
        from modelc.compiler.syntax.json_events import json_events

        events = json_events(decoded, name)
    else:
        from modelc.compiler.syntax.yaml_events import yaml_events

        events = yaml_events(decoded, name)
    document, problems = compose(events, name, decoded, last)
    if problems and any(problem.code == "E002" for problem in problems):
        from modelc.compiler.syntax.lone_signs import with_lone_signs

        problems = with_lone_signs(problems, document.text)
    if () in document.holes:
        return None, problems
    if not isinstance(document.data, dict):
        return None, (*problems, root_problem(document))
    return document, problems


def compose(events: Iterator[Any], name: str, text: str, last: bool = False) -> tuple[Document, tuple[Problem, ...]]:
    """The document that the parser `events` of `text` make, and the problems found on the way.

    It is a hole as a whole where it cannot be read. Where the text has no value, its data is None, without a place.
    """
    from modelc.compiler.syntax.alias_expansion import Expansion
    from modelc.compiler.syntax.composer import Composer
    from modelc.compiler.syntax.positions import Places, Unreadable

    composer = Composer(events, name, last)
    try:
        root = composer.document()
        if root is None:
            return Document(name, text, None, {}, {}), tuple(composer.problems)
        expansion = Expansion(root, name)
    except Unreadable as stop:
        return Document(name, text, None, {}, {}, frozenset([()])), (*composer.problems, stop.problem)
    values, keys = Places(name, text, expansion.values), Places(name, text, expansion.keys)
    return Document(name, text, expansion.data, values, keys, frozenset(expansion.holes)), tuple(composer.problems)


def show_text(text: bytes | str) -> str:
    """`text` as far as it can be shown: the source for snippets of a file that `read` may have refused."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shown.removeprefix("\ufeff")


def decode(text: bytes | str, name: str) -> str | Problem:
    """The characters of `text` without byte-order mark, or the problem with them."""
    if isinstance(text, bytes):
        if text.startswith(UTF_16_32) or text[:2].count(0) == 1:
            return file_problem("E001", "the file is UTF-16 or UTF-32, expected UTF-8", name, "save the file as UTF-8")
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError as error:
            before = text[: error.start].decode("utf-8").removeprefix("\ufeff")
            message = f"byte 0x{text[error.start]:02x} is not UTF-8 text"
            return encoding_problem(message, before, name, "save the file as UTF-8")
    else:
        decoded = text
    decoded = decoded.removeprefix("\ufeff")
    # Carriage returns are the one control character that is allowed in company only.
    normal = decoded.replace("\r\n", " \n")
    if PLAIN.fullmatch(normal):
        return decoded
    match = re.search(UNPRINTABLE, normal)
    if match is None:
        return decoded
    more = sum(1 for _ in re.finditer(UNPRINTABLE, normal)) - 1
    named = {"\0": "a NUL character", "\r": "a carriage return without a line feed"}
    message = f"the text contains {named.get(match[0]) or show_control(match[0])}"
    notes = (f"{more} more of this kind follow{'s' if more == 1 else ''}",) if more else ()
    return encoding_problem(message, normal[: match.start()], name, "remove it, or write it as an escape", notes)


def encoding_problem(message: str, before: str, name: str, help: str, notes: tuple[str, ...] = ()) -> Problem:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Problem("E001", message, Label(Place(name, line, column, line, column + 1)), notes=notes, helps=(help,))


def file_problem(code: str, message: str, name: str, help: str) -> Problem:
    """A problem of the whole file."""
    return Problem(code, message, Label(Place(name, 0, 0, 0, 0)), helps=(help,))


def root_problem(document: Document) -> Problem:
    """The problem with a document that is no mapping."""
    got = "a list" if isinstance(document.data, list) else "a value"
    expected = f"expected a mapping with `modelc:` and `model:`, found {got}"
    message = "the file is empty" if document.data is None else expected
    if () not in document.values:
        return file_problem("E008", message, document.name, SMALLEST)
    return Problem("E008", message, Label(Place(document.name, 1, 1, 1, 2)), helps=(SMALLEST,))
