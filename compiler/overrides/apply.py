"""Applies `--set PATH=VALUE`: overrides single values of a spec, before variables and blocks are expanded.

A setting is an overlay of one path: `train.epochs=3` is parsed to the document `train: {epochs: 3}`. Unlike an overlay that
`extends` a base, its value replaces all that is at the end of the path, and everything around it keeps its place. An
unresolved path is reported at its place in the argument; invalid values are reported by the parser of the spec.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from modelc.compiler.diagnostics.problem import SETTING, Path, Place, Problem
from modelc.compiler.diagnostics.reporter import ProblemCollector, Span
from modelc.compiler.expansion.key_path import with_end
from modelc.compiler.expansion.source_tree import SourceNode, document_of, tree
from modelc.compiler.expansion.variables import Reported
from modelc.compiler.overrides.path_errors import PathErrors
from modelc.compiler.overrides.path_resolver import PathResolver
from modelc.compiler.syntax.alias_expansion import MAX_DEPTH
from modelc.compiler.syntax.document import Document, Where, compose, decode


def settings_text(settings: Sequence[str]) -> str:
    """The text of all settings, in which places in `SETTING` are."""
    return "\n".join(settings)


def override(document: Document, settings: Sequence[str]) -> tuple[Document, tuple[Problem, ...]]:
    """`document` overridden by each of `settings` in order, and the problems found.

    Values of a setting have places in `settings_text(settings)`, under the name `SETTING`.
    """
    text = decode(settings_text(settings), SETTING)
    if isinstance(text, Problem):
        return document, (text,)
    root, reporter, line = tree(document), ProblemCollector(), 1
    for setting in settings:
        path, equals, value = setting.partition("=")
        segments = segments_of(path, line)
        if not equals or not path.strip():
            at = Span(Place(SETTING, line, 1, line, max(len(path), 1) + 1))
            label = "`=` is missing" if path.strip() else "the path is missing"
            help = "write the key path, `=` and the value: `--set train.epochs=3`"
            reporter.report("E002", "expected PATH=VALUE", at, label=label, help=help)
        elif len(segments) > MAX_DEPTH:
            message = f"the key path has more than {MAX_DEPTH} parts"
            reporter.report("E005", message, Span(segments[MAX_DEPTH][1]), label="the limit is reached here")
        elif empty := [place for segment, place in segments if not segment]:
            label, help = "an empty part between the dots", "write the path as `train.epochs`"
            reporter.report("E002", "the key path has an empty part", Span(empty[0]), label=label, help=help)
        else:
            with suppress(Reported):
                root = apply(root, *read_setting(segments, value, line, len(path) + 2, text), reporter)
        line += setting.count("\n") + 1
    changed, problems = document_of(root, document)
    return changed, (*reporter.found(SETTING), *problems)


def segments_of(path: str, line: int) -> list[tuple[str, Place]]:
    """The segments of a key path at the beginning of `line`, each with its place."""
    return [
        (match[0], Place(SETTING, line, match.start() + 1, line, max(match.end(), match.start() + 1) + 1))
        for match in re.finditer(r"[^.]+|(?<=\.)(?=\.|$)|^(?=\.)", path)
    ]


def read_setting(
    segments: Sequence[tuple[str, Place]], value: str, line: int, column: int, text: str
) -> tuple[tuple[str, ...], Document, tuple[Problem, ...]]:
    """A key path, the document that has only `value`, which begins at `line` and `column` of `text`, at this path, and the
    problems found in the value."""
    from modelc.compiler.syntax.yaml_events import yaml_events

    # The parser counts lines and columns: blanks before the value make its places those in the text.
    events = yaml_events("\n" * (line - 1) + " " * (column - 1) + value, SETTING)
    read, problems = compose(events, SETTING, text)
    path = tuple(segment for segment, _ in segments)
    data: Any = read.data
    for segment in reversed(path):
        data = {segment: data}
    keys: dict[Path, Place] = {path[: end + 1]: place for end, (_, place) in enumerate(segments)}
    whole = Place(SETTING, line, column, line, max(column + len(value), column + 1))
    values = {**keys, path: whole, **{(*path, *at): place for at, place in read.values.items()}}
    keys |= {(*path, *at): place for at, place in read.keys.items()}
    holes = frozenset((*path, *at) for at in read.holes)
    return path, Document(SETTING, text, data, values, keys, holes), problems


def apply(
    root: SourceNode, path: tuple[str, ...], setting: Document, problems: Sequence[Problem], reporter: ProblemCollector
) -> SourceNode:
    """`root` with the value at `path` replaced by that of `setting`. Raises Reported if it cannot be."""
    need_no_file(setting, reporter)
    resolver = PathResolver(root, PathErrors(path, setting, reporter))
    target = resolver.resolve()
    *steps, (node, key) = target.steps
    value = own = tree(setting)
    for index, segment in enumerate(path):
        at, value = value.content[segment]
        if index == len(steps):
            # Nothing is there yet, so the mappings around the value are new as well.
            where, own = at, value
    resolver.need_thing(target, value)
    reporter.take(problems)
    return with_end(steps, node.with_child(key, own, where))


def need_no_file(setting: Document, reporter: ProblemCollector) -> None:
    """Report a setting that names a file, which would have to be included before. Raises Reported."""
    for path in setting.keys:
        if path == ("extends",) or (len(path) == 3 and path[0] == "blocks" and path[2] == "use"):
            message = f"`{path[-1]}` cannot be set: files are included before overrides are applied"
            help = "write a spec that extends this one, and set it there"
            reporter.report("E102", message, Where(setting, path, key=True), label="names another file", help=help)
            raise Reported
