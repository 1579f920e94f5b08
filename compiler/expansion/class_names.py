"""Reads class names from text files, `classes: {file: names.txt}` of a reader, with one name on each line, or from a run that
has learnt them, `vocabulary: {run: runs/first}`.

They are read before variables are expanded, which may count them, and put in place of the mapping after that, as one value;
the spec as it is kept has the path.
"""

import json
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from modelc.compiler.diagnostics.phrases import counted, name_list
from modelc.compiler.diagnostics.problem import SETTING, Label, Path, Place, Problem
from modelc.compiler.expansion.includes import Includer, Load
from modelc.compiler.expansion.source_tree import SourceNode, Without
from modelc.compiler.expansion.spec_files import FROM, LEARNT, ClassFile, class_files, file_and_name
from modelc.compiler.language.parser.walk import read_keys
from modelc.compiler.language.shapes import Exclusion, Keys, Value
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.wording import spell
from modelc.compiler.library.readers import READERS
from modelc.compiler.library.sources.archive import POINTER
from modelc.compiler.syntax.document import Document, Where, decode, file_problem, show_text

MAX_NAME_BYTES = 4 * 2**20
"""The budget of all files of names of a spec."""
Names = Mapping[str, tuple[str, ...]]
"""The names in files, by the path that the spec has for each."""


def as_one_file(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """What to write for a list in place of a path."""
    first = value[0] if isinstance(value, list) and value else None
    return f"all names are in one file: write `{key}: {first}`" if isinstance(first, str) else ""


CLASSES = Keys(
    "`classes`",
    {key: Value({"type": "string", "minLength": 1}, help=as_one_file) for key in FROM},
    excluded=(Exclusion(*FROM, help="keep the place that the names are to be taken from"),),
)
ONE_EACH = "each line is the name of one class"
BARE = "write the names alone, one on each line, in the order of their labels: without quotes, commas, `- ` and numbers"
NUMBERED = re.compile(r"(\d+)[,;:\t]\s*(?![\d\s])")
"""A number and a name; two numbers may be a name."""


CLOSING = {"[": "]", "{": "}"}
"""The bracket that ends what begins with another."""


class Named(NamedTuple):
    """The names in the files of a document, the problems found in these, and the texts of those that have some.

    `classes` has the names for each argument of a reader that has a file; None is one without, which is reported.
    """

    problems: tuple[Problem, ...]
    sources: Mapping[str, str]
    names: Names
    classes: Mapping[Path, tuple[str, ...] | None]

    def put_into(self, document: Document) -> Document:
        """The `document`, whose variables are expanded, with the names in place of their files; holes where there are none."""
        there = {
            file.classes: self.classes[file.classes]
            for file in class_files(document.data)
            if file.classes in self.classes
        }
        holes = frozenset(path for path, names in there.items() if names is None)
        # Nothing is inside a value that is one.
        inside = frozenset((*path, key) for path in there for key in document.get(path))
        values, keys = (Without(places, inside) for places in (document.values, document.keys))
        data = with_values(document.data, there)
        changed = replace(document, data=data, values=values, keys=keys, computed=document.computed - inside)
        return replace(changed, holes=(document.holes - inside) | holes)


def read_class_names(document: Document, load: Load | None, known: Names | None = None) -> Named:
    """The names in the files that the readers of `document` name, whose variables need not be expanded.

    `known` are the names that a run has kept: then no file is read.
    """
    reader = NamesReader(document, load, known)
    found = {file.classes: reader.names_of(file) for file in class_files(document.data)}
    return Named(reader.includer.found(document.name), reader.includer.sources, reader.there, found)


class NamesReader:
    """Reads the files of names of one document, each once; None is one that cannot be used. `seen` has the names where each
    file is named, which several readers may share through a variable.
    """

    def __init__(self, document: Document, load: Load | None, known: Names | None) -> None:
        self.document = document
        self.known = known
        self.includer = Includer(load, 0)
        self.files: dict[str, tuple[str, ...] | None] = {}
        self.seen: dict[Path, tuple[str, ...] | None] = {}
        self.size = 0

    @property
    def there(self) -> Names:
        return {file: names for file, names in self.files.items() if names is not None}

    def names_of(self, file: ClassFile) -> tuple[str, ...] | None:
        """The names in a file; None after reporting why there are none."""
        if file.at not in self.seen:
            self.seen[file.at] = self.names_at(file)
        return self.seen[file.at]

    def names_at(self, named: ClassFile) -> tuple[str, ...] | None:
        reporter, path = Reporter(self.document), named.at
        kind, argument = map(str, named.classes[-2:])
        if self.report_arguments(reporter, path, kind, argument):
            self.includer.take_from(reporter)
            return None
        written = {**self.document.get(path), named.key: self.document.get(named.file)}
        given = read_keys(reporter, CLASSES._replace(what=f"`{argument}`"), written, path) or {}
        self.includer.take_from(reporter)
        file = given.get(named.key)
        if not isinstance(file, str) or reporter.problems or reporter.has_hole(path):
            return None
        known_as = named.known_as(file)
        if known_as not in self.files:
            known = None if self.known is None else self.known.get(known_as)
            self.files[known_as] = known if self.known is not None else self.read(known_as, named)
        return self.files[known_as]

    def report_arguments(self, reporter: Reporter, path: Path, kind: str, argument: str) -> bool:
        """Report arguments of the reader beside the file, which stand a level too deep; says whether there are some."""
        given = self.document.get(path)
        fields = READERS.find(kind).model_fields if kind in READERS else {}
        deep = [key for key in given if key in fields]
        if deep:
            verb = "are arguments" if len(deep) > 1 else "is an argument"
            message = f"{name_list(deep)} {verb} of `{kind}`, beside `{argument}`"
            rest = {key: value for key, value in given.items() if key not in deep}
            help = f"write `{spell({argument: rest, **{key: given[key] for key in deep}})[1:-1]}`"
            reporter.add("E102", message, (*path, deep[0]), key=True, label=f"not in `{argument}`", help=help)
        return bool(deep)

    def read(self, known_as: str, named: ClassFile) -> tuple[str, ...] | None:
        path, at = named.file, Where(self.document, named.file)
        beside = at.place().file
        inside = None if beside in (self.document.name, SETTING) else beside
        file, name = file_and_name(known_as)
        loaded = self.includer.load_file(SourceNode("scalar", file, at), named.key, inside)
        if loaded is None:
            return None
        self.includer.warn_of_hard_links(SourceNode("scalar", file, at), loaded.hard_links)
        self.size += len(loaded.data)
        if self.size > MAX_NAME_BYTES:
            message = (
                f"with this file, class names have more than {MAX_NAME_BYTES:,} bytes, the most that a spec may have"
            )
            help = "let integers stand for the names in the data: then `classes` is their number"
            self.includer.report("E005", message, at, label="the limit is reached here", help=help)
            return None
        # A check looks several times at a text with suggestions, settings or keys that stand twice.
        key = "class names", loaded.name, name, loaded.data
        names, problem = lookups().once(key, partial(names_of, loaded.data, loaded.name, name))
        if problem is not None:
            label = Label(at.place(), f"names this {named.key}")
            self.includer.collect(replace(problem, related=(*problem.related, label), path=path))
            self.includer.sources[loaded.name] = show_text(loaded.data)
        return names


def names_of(data: bytes, file: str, name: str) -> tuple[tuple[str, ...] | None, Problem | None]:
    """The names in a text file, or those that the input or target `name` of a run has learnt; or why there are none."""
    return names_learnt(data, file, name) if name else names_in(data, file)


def names_learnt(data: bytes, file: str, name: str) -> tuple[tuple[str, ...] | None, Problem | None]:
    """The names that the input or target `name` of a run has learnt, as `data`, its file `LEARNT`, says, or the only one that has
    learnt some; or why there are none.
    """
    try:
        entries = {key.partition("/")[2]: entry["learnt"] for key, entry in json.loads(data)["readers"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        help = "see what is wrong with the run: `modelc verify`"
        return None, file_problem("E010", f"`{file}` is damaged, or no file of a run", file, help)
    found = {one: names for one, learnt in entries.items() if (names := learnt_names(learnt))}
    run = file.removesuffix(f"/{LEARNT}")
    if name in found or len(found) == 1:
        return found.get(name, next(iter(found.values()))), None
    if not found:
        help = "list the names, or name a run whose reader has a `vocabulary` that is a number"
        return None, file_problem("E010", f"the run `{run}` has learnt no names", file, help)
    message = f"the run `{run}` has learnt names for {name_list(found)}, and none for `{name}`"
    return None, file_problem("E010", message, file, "give the input or target the name that it has in the run")


def learnt_names(learnt: Any) -> tuple[str, ...] | None:
    """The names in what a reader has learnt; None where there are none."""
    if not isinstance(learnt, dict):
        return None
    names = next((learnt[key] for key in ("words", "names") if isinstance(learnt.get(key), list)), None)
    return tuple(names) if names and all(isinstance(one, str) and one for one in names) else None


def names_in(data: bytes, name: str) -> tuple[tuple[str, ...] | None, Problem | None]:
    """The names in the bytes of the file called `name`, or why there are none."""
    if data.startswith(POINTER):
        message = f"`{name}` is a pointer of Git LFS, not the file itself"
        return None, file_problem("E010", message, name, "fetch it with `git lfs pull`")
    text = decode(data, name)
    if isinstance(text, Problem):
        help = "end each line with a line feed" if "carriage return" in text.message else "save the file as UTF-8 text"
        return None, replace(text, helps=(f"{help}, with one name on each line",))
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    problem = not_names(lines, name) or empty_line(lines, name) or repeated_line(lines, name)
    return (None, problem) if problem else (tuple(lines), None)


def not_names(lines: list[str], file: str) -> Problem | None:
    """The problem with lines that are the names in another form, or too few of them."""
    brackets = bool(lines) and lines[0].startswith(("[", "{"))
    if len(lines) == 1 and not brackets:
        return bad_line(lines, file, 0, "the file has one name, expected at least two", "only line", ONE_EACH)
    if not lines:
        return file_problem("E106", "the file has no names", file, ONE_EACH)
    if brackets and (len(lines) == 1 or is_json(lines)):
        return bad_line(lines, file, 0, "the file is JSON, expected one name on each line", "begins as JSON", BARE)
    if all(line.startswith("- ") for line in lines):
        return bad_line(lines, file, 0, "the file is a YAML list, expected one name on each line", "a `- `", BARE)
    start = 1 if lines[0].startswith("1") else 0
    numbers = ((index, NUMBERED.match(line)) for index, line in enumerate(lines, start))
    if all(found is not None and found[1] == str(index) for index, found in numbers):
        return bad_line(
            lines, file, 0, "the lines have the numbers of the classes before their names", "a number", BARE
        )
    return None


def is_json(lines: list[str]) -> bool:
    """Whether lines of which the first begins with a bracket are one list or mapping, and not names as they stand, such as
    `[UNK]`.
    """
    text = "\n".join(lines).rstrip()
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # A list that is not quite JSON: in YAML names need no quotes, and Python writes others.
        inner = text[1:-1].strip().split("\n")
        return text[-1] == CLOSING[text[0]] and len(inner) > 1 and all(one.rstrip().endswith(",") for one in inner[:-1])
    return True


def empty_line(lines: list[str], file: str) -> Problem | None:
    if "" not in lines:
        return None
    index, others = lines.index(""), lines.count("") - 1
    more = f", and {counted(others, 'more line')}" if others else ""
    message = f"line {index + 1}{more} of the names has no name"
    return bad_line(lines, file, index, message, "empty", f"remove {'them' if more else 'it'}: {ONE_EACH}")


def repeated_line(lines: list[str], file: str) -> Problem | None:
    others = len(lines) - len({*lines}) - 1
    if others < 0:
        return None
    index = first_again(lines)
    note = f"{counted(others, 'more name')} stand{'s' if others == 1 else ''} in several lines"
    message = f"the class `{lines[index]}` is named twice"
    problem = bad_line(lines, file, index, message, "again", "each class has one name: remove one of the lines")
    related = (Label(place_in(lines, file, lines.index(lines[index])), "first here"),)
    return replace(problem, related=related, notes=(note,) if others else ())


def first_again(lines: list[str]) -> int:
    """The index of the first line that is there before; their number where there is none."""
    seen = set[str]()
    for index, line in enumerate(lines):
        if line in seen:
            return index
        seen.add(line)
    return len(lines)


def bad_line(lines: list[str], file: str, index: int, message: str, label: str, help: str) -> Problem:
    return Problem("E106", message, Label(place_in(lines, file, index), label), helps=(help,))


def place_in(lines: list[str], file: str, index: int) -> Place:
    """The place of one line."""
    return Place(file, index + 1, 1, index + 1, max(len(lines[index]), 1) + 1)


def with_values(data: Mapping[str, Any], values: Mapping[Path, Any]) -> dict[str, Any]:
    """`data` with other values at these paths; None is none."""
    copies: dict[Path, Any] = {(): dict(data)}
    for path, value in values.items():
        node = copies[()]
        for end, key in enumerate(path[:-1], 1):
            if path[:end] not in copies:
                copies[path[:end]] = node[key] = copy(node[key])
            node = copies[path[:end]]
        if value is None:
            del node[path[-1]]
        else:
            node[path[-1]] = value
    changed: dict[str, Any] = copies[()]
    return changed


def with_names(data: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The data of a spec with the names as it would list them, in place of their files, as far as these are known."""
    known: dict[Path, tuple[str, ...]] = {}
    for file in class_files(data):
        path = value_at(data, file.file)
        if isinstance(path, str) and file.known_as(path) in names:
            known[file.at] = names[file.known_as(path)]
    return with_values(data, {at: [*map(literal, given)] for at, given in known.items()})


def literal(name: str) -> str:
    """`name` as a spec writes it, where `$` begins a variable."""
    return f"${name}" if name.startswith("$") else name


def value_at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def digest_of_names(names: Sequence[str]) -> str:
    """The SHA-256 of the names, one on each line."""
    return sha256("".join(f"{name}\n" for name in names).encode("utf-8", "surrogatepass")).hexdigest()
