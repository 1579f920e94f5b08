"""Checks, loads and compiles specs: from text to task to pure functions, for Python and the commands. Importing it imports no jax."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from modelc.compiler.binding.array_files import Files, check_files, files_of_arrays, files_of_weights, with_arrays
from modelc.compiler.binding.binder import bind
from modelc.compiler.binding.source_headers import NO_HEADERS, SOURCE, Headers, files_of, headers_of, not_seen
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import SpecError
from modelc.compiler.diagnostics.problem import SETTING, Problem
from modelc.compiler.expansion.spec_files import class_files, merge_files, name_classes
from modelc.compiler.graph.builder import build
from modelc.compiler.graph.type_inference import infer
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.language.ast import Spec
from modelc.compiler.language.grammar import has_strange_keys
from modelc.compiler.language.parser.spec import parse
from modelc.compiler.language.suggestions.lookups import remembered
from modelc.compiler.library.base.collection import without_collection
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.syntax.beneath import NotRegularError
from modelc.compiler.syntax.document import MAX_BYTES, Document, file_problem, show_text
from modelc.compiler.syntax.file_root import Root, read_text, spec_root

if TYPE_CHECKING:
    from modelc.compiler.expansion.class_names import Named
    from modelc.compiler.lowering.compiled import Compiled

COMMENTED = re.compile(r"#[ \t]*modelc[ \t]*:", re.IGNORECASE)
"""What a text has that may suppress warnings: most have none, and need nothing of what reads it."""
GROWS = re.compile(r"blocks|vars|repeat|share")
"""What a text has whose model may have more layers than it has lines."""
EXPANDS = re.compile(r"\$|index")
"""What a text has that may have variables, or repeats that define one."""
MANY = 5_000
"""Keys and values, of which each layer has one at least: fewer are not worth counting."""


class Checked(NamedTuple):
    """The result of checking a text: the task as far as it is known, all problems, and the text itself."""

    task: Task | None
    problems: tuple[Problem, ...]
    sources: Mapping[str, str]
    document: Document | None = None
    """The spec as it is kept: with the files that it extends and the settings, before variables are written out."""
    merged: Document | None = None
    """The same without the settings: what a run is compared with."""
    values: int = 0
    """Keys and values of the spec, after variables are written out."""
    headers: Headers | None = None
    """What data files say up to where their rows begin; None where they were not looked at."""
    class_names: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The class names in files, by the path that the spec has for each, which `document` and `merged` keep."""

    @property
    def data(self) -> Any:
        return None if self.document is None else self.document.data

    @property
    def unseen(self) -> tuple[str, ...]:
        """The data files of the spec that are not there, or were not looked for."""
        data = None if self.task is None else self.task.data
        return () if data is None else not_seen(self.headers, files_of(data))

    @property
    def untold(self) -> tuple[str, ...]:
        """The data files of the spec that are there, and whose columns only their rows tell."""
        data = None if self.task is None else self.task.data
        if data is None or self.headers is None:
            return ()
        columns = {SOURCE: self.headers.columns} | {("data", key): one for key, one in self.headers.held_out.items()}
        files = [path for at, source in data.sources.items() if columns.get(at) is None for path in source.files()]
        return tuple(path for path in dict.fromkeys(files) if path not in self.unseen)

    @property
    def arrays(self) -> Files:
        """The files of arrays that weights begin with."""
        return () if self.task is None else files_of_arrays(self.task)

    @property
    def weights(self) -> Files:
        """The runs and files that weights are taken from."""
        return () if self.task is None else files_of_weights(self.task)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_error)


def check(
    text: bytes | str,
    name: str,
    settings: Sequence[str] = (),
    root: Root | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
    written_out: bool = False,
    headers: bool = False,
    class_names: Mapping[str, tuple[str, ...]] | None = None,
) -> Checked:
    """Read, parse, build, infer and bind the spec in `text`; `name` is the file name, for messages.

    `settings` are overrides of single values, `PATH=VALUE` each, as for `--set`. Files that the spec extends or
    uses are read below `root`, and refused without one; `texts` has contents, by real path, that replace those on disk.
    With `written_out`, the files that its blocks use may stand in place of their paths, as a run keeps them. With
    `headers`, data files that are there below `root` are looked at, up to where their rows begin; one that is not there
    is no problem. `class_names` are those in files that a run has kept, in place of these files.
    """
    with remembered(), without_collection():
        return check_given(Given(text, name, settings, root, texts, written_out, headers, class_names))


class Given(NamedTuple):
    """What `check` takes."""

    text: bytes | str
    name: str
    settings: Sequence[str]
    root: Root | None
    texts: Mapping[str, str]
    written_out: bool
    headers: bool
    class_names: Mapping[str, tuple[str, ...]] | None = None
    last: bool = False
    """Whether a key that stands twice in the text has its last value."""

    def edited(self, texts: Mapping[str, str]) -> "Given":
        """The same with other texts for some of its files, by the names that messages have for them."""
        files = {os.path.realpath(name): text for name, text in texts.items() if name != self.name}
        return self._replace(text=texts.get(self.name, self.text), texts={**self.texts, **files})


def check_given(given: Given) -> Checked:
    """`check`, without remembering what was looked up."""
    try:
        checked = examine_whole(given)
    except RecursionError:
        message = "the layers, blocks or expressions of the spec are nested too deeply"
        problem = file_problem("E005", message, given.name, "nest fewer of them")
        checked = Checked(None, (problem,), {given.name: show_text(given.text)})
    found = checked.problems
    if len(found) > 1 or any(problem.suggestion is not None or problem.uses > 1 for problem in found):
        from modelc.compiler.fixes.cascading_errors import suppress_cascading
        from modelc.compiler.fixes.fix_session import CheckResult
        from modelc.compiler.fixes.work import limited_work

        first = CheckResult(found, checked.sources, checked.values)

        def again(texts: Mapping[str, str]) -> CheckResult:
            try:
                after = examine_whole(given.edited(texts))
            except RecursionError:
                return first
            return CheckResult(after.problems, after.sources, after.values)

        with limited_work():
            checked = checked._replace(problems=suppress_cascading(first, again))
    commented = {file: source for file, source in checked.sources.items() if COMMENTED.search(source)}
    if commented:
        from modelc.compiler.fixes.suppressions import suppress

        checked = checked._replace(problems=suppress(checked.problems, commented, given.name))
    if checked.problems:
        from modelc.compiler.diagnostics.characters import name_characters
        from modelc.compiler.diagnostics.limit import limited

        checked = checked._replace(problems=name_characters(limited(checked.problems), checked.sources))
    return checked


def examine_whole(given: Given) -> Checked:
    """`examine`, where a key stands twice with each of its values."""
    checked = examine(given)
    if any(problem.code == "E003" for problem in checked.problems):
        from modelc.compiler.fixes.duplicate_values import duplicates, of_both_values

        if duplicates(checked.problems, given.name):
            other = examine(given._replace(last=True))
            return checked._replace(problems=of_both_values(checked.problems, other.problems, given.name))
    return checked


def examine(given: Given) -> Checked:
    """`check`, before suggestions become edits of the texts, and before comments suppress warnings."""
    document, problems, sources = merge_files(
        given.text, given.name, given.root, given.texts, given.written_out, given.last
    )
    if document is None:
        return Checked(None, problems, sources)
    merged = document
    if given.settings:
        from modelc.compiler.overrides.apply import override, settings_text

        document, found = override(document, given.settings)
        problems += found
        sources = {**sources, SETTING: settings_text(given.settings)}
    kept = document
    document = with_keys_in_place(document)
    named: Named | None = None
    names: dict[str, tuple[str, ...]] = {}
    if class_files(document.data) or (given.settings and class_files(merged.data)):
        # Also those that a setting replaces: the content of the spec is what it says without settings.
        for one in (merged, document) if given.settings else (document,):
            named = name_classes(one, given.root, given.texts, given.class_names)
            names.update(named.names)
        assert named is not None
        problems, sources = problems + named.problems, {**sources, **named.sources}
    if len(document.values) > MANY or any(GROWS.search(text) for text in sources.values()):
        from modelc.compiler.expansion.layer_count import check_layers

        if (problem := check_layers(document)) is not None:
            return Checked(None, (*problems, problem), sources, kept, merged)
    levels = (document.data, *(below for below in document.data.values() if isinstance(below, dict)))
    if any("vars" in one or "blocks" in one for one in levels) or any(map(EXPANDS.search, sources.values())):
        from modelc.compiler.expansion.expander import expand

        document, found = expand(document, names)
        if any(problem.code == "E005" for problem in found):
            return Checked(None, problems + found, sources, kept, merged)
        problems += found
    if named is not None:
        document = named.put_into(document)
    spec, found = parse(document)
    problems += found
    graph, found = build(spec)
    problems += found
    if graph is None:
        return Checked(None, problems, sources, kept, merged)
    planned, found = infer(graph, document)
    problems += found
    if problems:
        from modelc.compiler.graph.early_shapes import with_values

        problems = with_values(problems, planned, document)
    task, headers, found = bind_data(given, spec, planned, document)
    return Checked(task, problems + found, sources, kept, merged, len(document.values), headers, names)


def bind_data(
    given: Given, spec: Spec, planned: TypedGraph, document: Document
) -> tuple[Task, Headers | None, tuple[Problem, ...]]:
    """The task of a spec, what its data files say where they are looked at, and the problems of both."""
    headers, problems = None, tuple[Problem, ...]()
    if given.headers and given.root is not None and spec.data is not None:
        headers, problems = headers_of(spec.data, document, given.root)
    task, found = bind(spec, planned, headers or NO_HEADERS)
    problems += found
    if given.headers and given.root is not None:
        arrays, found = check_files(task, given.root)
        problems += found
        seen = headers or NO_HEADERS
        headers = seen._replace(files=(*seen.files, *arrays))
    return task, headers, problems


def with_keys_in_place(document: Document) -> Document:
    """`document` with the keys that stand in another section in that where they belong."""
    if not has_strange_keys(document.data):
        return document
    from modelc.compiler.expansion.moved_keys import with_keys_moved

    return with_keys_moved(document)


def check_file(
    path: Path,
    name: str | None = None,
    settings: Sequence[str] = (),
    root: Path | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
    headers: bool = False,
    data_root: Path | None = None,
) -> Checked:
    """`check` of a file; an unreadable file is a problem too. `root` is the folder for other files, by default the file's own,
    `data_root` that of data files, if it is another.
    """
    shown = name or str(path)
    text: bytes | str | None = texts.get(os.path.realpath(path)) if texts else None
    if text is None:
        try:
            text = read_text(path, MAX_BYTES + 1)
        except (OSError, NotRegularError) as error:
            from modelc.compiler.syntax.path_help import unreadable

            return Checked(None, (unreadable(path, shown, error),), {})
    return check(text, shown, settings, spec_root(path, root, data_root), texts, headers=headers)


def load(spec: str | Path | Mapping[str, Any], *, plugins: str | Path | Sequence[str | Path] = ()) -> Task:
    """The task of a spec: a path to a YAML or JSON file, or the same data as a mapping.

    `plugins` are enabled for this spec, as by `--plugin`: names of installed ones, or paths of Python files, one or
    several. Raises SpecError, with every problem of the file at once; RunError E605 for a plug-in that cannot be used;
    TypeError for a spec or plug-in that is none of these.
    """
    if not isinstance(spec, str | os.PathLike | Mapping):
        raise TypeError(f"a spec is the path of a file or a mapping, not {type(spec).__name__}")
    with plugged(plugins):
        if isinstance(spec, Mapping):
            from modelc.compiler.syntax.mapping_text import NAME, text_of_mapping

            checked = check(text_of_mapping(spec), NAME)
        else:
            checked = check_file(Path(spec))
    if checked.errors or checked.task is None:
        raise SpecError(checked.problems, dict(checked.sources))
    return checked.task


@contextmanager
def plugged(plugins: str | Path | Sequence[str | Path]) -> Iterator[None]:
    """Enable `plugins` inside the block; with none given, those enabled around it stay enabled. Raises RunError E605."""
    if not plugins:
        yield
        return
    from modelc.compiler.plugins.loader import open_plugins

    with using(open_plugins(plugins)):
        yield


def compile(
    spec: Task | str | Path | Mapping[str, Any], *, plugins: str | Path | Sequence[str | Path] = ()
) -> "Compiled":
    """The model of a spec as pure functions.

    `init(key) -> (params, state)` and `apply(params, state, inputs, *, train=False, key=None) -> (outputs, state)`;
    inputs and outputs are mappings by name, params and state by path, then weight name. `plugins` are those of `load`;
    a task keeps its own. Arrays in files are read from the folder of the spec. Raises SpecError, and RunError E605 for a
    plug-in and E403, E405 or E502 for an array that cannot be used.
    """
    from modelc.compiler.lowering.compiled import Compiled
    from modelc.compiler.lowering.lower import lower
    from modelc.compiler.lowering.prepared_task import prepare

    task = spec if isinstance(spec, Task) else load(spec, plugins=plugins)
    path = Path(task.spec.document.name)
    task, _ = with_arrays(task, spec_root(path, None) if os.path.isfile(path) else None)
    prepared = prepare(replace(task, terms=()))
    return Compiled(task.planned, lower(prepared), prepared)
