"""`--set PATH=VALUE`: single values of a document changed from outside, before anyone reads it as a spec.

Paths are those of the language, `train.optimizer.adam.learning_rate`; values are read like values in a file. What does
not exist is refused here, at its place in the argument; whether a value fits is for the readers of the spec to say.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelc.compiler.diagnostics.problem import SETTING, Label, Path, Place, Problem
from modelc.compiler.language.grammar import language
from modelc.compiler.overrides.key_path import Refused, Segment
from modelc.compiler.overrides.path_resolver import PathResolver
from modelc.compiler.syntax.document import Document, decode
from modelc.compiler.syntax.document_editor import DocumentEditor, path_prefixes


def joined(settings: Sequence[str]) -> str:
    """The text that places in `SETTING` are places in."""
    return "\n".join(settings)


def override(document: Document, settings: Sequence[str]) -> tuple[Document, tuple[Problem, ...]]:
    """`document` with each of `settings` carried out, in order, and what is wrong with them.

    Places of values that came from a setting are places in `joined(settings)`, under the name `SETTING`.
    """
    text = decode(joined(settings), SETTING)
    if isinstance(text, Problem):
        return document, (text,)
    edits = DocumentEditor(document)
    problems: list[Problem] = []
    line = 1
    for setting in settings:
        problems.extend(apply(edits, setting, line, text))
        line += setting.count("\n") + 1
    return edits.done(), tuple(problems)


def apply(edits: DocumentEditor, setting: str, line: int, text: str) -> Sequence[Problem]:
    """Carry out one setting that stands on `line` of `text`; the problems with it."""
    left, equals, right = setting.partition("=")
    if not equals or not left.strip():
        place = Place(SETTING, line, 1, line, max(len(left), 1) + 1)
        label = Label(place, "`=` is missing" if left.strip() else "the path is missing")
        cure = "write the path, `=` and the value: `--set train.epochs=3`"
        return (Problem("E002", "expected PATH=VALUE", label, helps=(cure,)),)
    segments = [
        Segment(match[0], Place(SETTING, line, match.start() + 1, line, max(match.end(), match.start() + 1) + 1))
        for match in re.finditer(r"[^.]+|(?<=\.)(?=\.|$)|^(?=\.)", left)
    ]
    empty = next((segment for segment in segments if not segment.text), None)
    if empty is not None:
        label = Label(empty.place, "nothing between the dots")
        return (Problem("E002", "the path has an empty part", label, helps=("write the path as `train.epochs`",)),)
    texts = [segment.text for segment in segments]
    if texts[0] == "extends" or (texts[0] == "blocks" and texts[2:3] == ["use"]):
        last = segments[0 if texts[0] == "extends" else 2]
        return (brings_file(last.text, last.place),)
    walk = PathResolver(edits, segments)
    try:
        path = walk.walk(language(), (), 0)
        if path is None:
            return ()
        given = read_value(right, line, len(left) + 2, text)
        walk.need_thing(path, given.data, given.values[()])
        need_no_file(path, given)
    except Refused as refused:
        return (refused.problem,)
    return assign(edits, path, segments, given)


def need_no_file(path: Path, given: "Given") -> None:
    """Raise Refused for blocks, or one of them, that bring a file with them: files are read before anything is set."""
    for at, place in given.keys.items():
        if path[:1] == ("blocks",) and at[-1:] == ("use",) and len(path) + len(at) == 3:
            raise Refused(brings_file("use", place))


def brings_file(key: str, place: Place) -> Problem:
    """The problem with a setting of what names a file."""
    message = f"`{key}` cannot be set: files are read before anything is set"
    cure = "write a spec that extends this one, and set it there"
    return Problem("E102", message, Label(place, "names another file"), helps=(cure,))


@dataclass(frozen=True, slots=True)
class Given:
    """The value of a setting, with places below its own root."""

    data: Any
    values: Mapping[Path, Place]
    keys: Mapping[Path, Place]
    holes: frozenset[Path]
    problems: tuple[Problem, ...]


def read_value(right: str, line: int, column: int, text: str) -> Given:
    """The value that `right` stands for, read by the rules of a file; it begins at `line` and `column` of `text`."""
    from modelc.compiler.syntax.alias_expansion import Expansion
    from modelc.compiler.syntax.composer import Composer
    from modelc.compiler.syntax.positions import Places, Unreadable
    from modelc.compiler.syntax.yaml_events import yaml_events

    # The reader counts lines and columns: blanks before the value put every place of it where it stands in the text.
    padded = "\n" * (line - 1) + " " * (column - 1) + right
    composer = Composer(yaml_events(padded, SETTING), SETTING)
    whole = Place(SETTING, line, column, line, max(column + len(right), column + 1))
    try:
        root = composer.document()
        if root is None:
            return Given(None, {(): whole}, {}, frozenset(), tuple(composer.problems))
        expansion = Expansion(root, SETTING)
    except Unreadable as stop:
        return Given(None, {(): whole}, {}, frozenset([()]), (*composer.problems, stop.problem))
    values, keys = Places(SETTING, text, expansion.values), Places(SETTING, text, expansion.keys)
    return Given(expansion.data, values, keys, frozenset(expansion.holes), tuple(composer.problems))


def assign(edits: DocumentEditor, path: Path, segments: Sequence[Segment], given: Given) -> tuple[Problem, ...]:
    """Put the value `given` at `path`; the problems that reading it had."""
    values = {(*path, *at): place for at, place in given.values.items()}
    keys = {(*path, *at): place for at, place in given.keys.items()}
    named = (at for at in path_prefixes(path) if isinstance(at[-1], str))
    # List items have no key, and a path has a segment for each of its parts.
    keys |= {at: segments[len(at) - 1].place for at in named}
    edits.replace(path, given.data, values, keys)
    edits.holes |= {(*path, *at) for at in given.holes}
    return given.problems
