"""What the headers of the data files of a spec say of its columns, before any row is read; uses no numpy."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from modelc.compiler.binding.shared_files import shared_files
from modelc.compiler.binding.task import Columns
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.problem import Label, Path, Problem
from modelc.compiler.language.ast import DataSpec
from modelc.compiler.language.suggestions.lookups import lookups
from modelc.compiler.library.contracts.data_source import Inspected, Source
from modelc.compiler.library.contracts.reader import Reader
from modelc.compiler.syntax.document import Document
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching, files_there

SOURCE: Path = ("data", "source")


class Headers(NamedTuple):
    """The columns of `data.source`, and by their keys those of rows that are held out and have a source of their own, None where no
    file tells them.

    `faults` has an error for a file that cannot be used, `absent` one for each that is not there, with their places.
    `files` are those that are there, by the place that names them, and `shared` those that rows are trained on and held out of, by the
    key of these; None where no folder was looked into.
    """

    columns: Columns = None
    held_out: Mapping[str, Columns] = {}
    faults: tuple[RunError, ...] = ()
    absent: tuple[AbsentFile, ...] = ()
    files: tuple[tuple[Path, str], ...] = ()
    shared: Mapping[str, tuple[str, ...]] | None = None


NO_HEADERS = Headers()
"""Where no file was looked at."""


def inspect_sources(
    data: DataSpec,
    document: Document,
    root: Root,
    *,
    test: bool = True,
    readers: Collection[Reader] | None = None,
    survey: Callable[[Source, Root, Collection[str]], Inspected] = Source.survey,
) -> Headers:
    """What the files below `root` say of the sources of `data`; of a source of test rows only where `test` is true.

    Where `readers` are given, of the columns that they read all that the rows tell, by `survey`.
    """
    columns: dict[Path, Columns] = {}
    faults: list[RunError] = []
    absent: list[AbsentFile] = []
    files: list[tuple[Path, str]] = []
    for at, source in sources_read(data, test=test).items():
        below = root_for(document, root, at)
        source = source.skipping({}) if data.skips else source
        try:
            # A check looks again and again at a text with suggestions, and a file may have thousands of arrays.
            key = ("headers", repr(source), data.skips, below)
            inspected = lookups().once(key, partial(inspect, source, below))
            if readers is not None and not inspected.absent:
                there = inspected.columns or ()
                names = {name for reader in readers for name in reader.names_among(there)}
                typed = source.typed(columns.get(SOURCE) or {})
                if data.skips:
                    typed = typed.skipping(kinds_wanted((reader, reader.names_among(there)) for reader in readers))
                inspected = survey(typed, below, names)
        except RunError as error:
            faults.append(error.placed(at))
            continue
        columns[at] = inspected.columns
        absent += [error.placed(at) for error in inspected.absent]
        missing = {error.path for error in inspected.absent}
        files += [(at, path) for path in dict.fromkeys(source.files()) if path not in missing]
    for at, path in files_of_readers(data) if readers is not None else ():
        try:
            root_for(document, root, at).open(path).close()
            files.append((at, path))
        except AbsentFile as error:
            absent.append(error.placed(at))
        except RunError as error:
            faults.append(error.placed(at))
    held_out = {key: columns.get(("data", key)) for key in data.own_sources}
    shared = shared_files(data, lambda at, path: files_there(root_for(document, root, at), path))
    return Headers(columns.get(SOURCE), held_out, tuple(faults), tuple(absent), tuple(files), shared)


def sources_read(data: DataSpec, *, test: bool) -> Mapping[Path, Source]:
    """The sources of `data` by their places; without that of the test rows, where they have one of their own, if `test` is false."""
    return {at: source for at, source in data.sources.items() if test or at != ("data", "test")}


def kinds_wanted(readers: Iterable[tuple[Reader, Collection[str]]]) -> dict[str, str | None]:
    """What the values of each column have to be that `readers` read, each from the columns beside it; None where they do not say it,
    or not the same.
    """
    found: dict[str, set[str | None]] = {}
    for reader, names in readers:
        for name in names:
            found.setdefault(name, set()).add(reader.values_are)
    return {name: kinds.pop() if len(kinds) == 1 else None for name, kinds in found.items()}


def inspect(source: Source, root: Root) -> Inspected:
    """What `source` says of its files below `root`. Raises RunError."""
    found = source.inspect(root)
    for error in found.absent:
        # A traceback keeps all that the check has made, in a cycle.
        error.__traceback__ = error.__context__ = None
    return found


def headers_of(data: DataSpec, document: Document, root: Root) -> tuple[Headers, tuple[Problem, ...]]:
    """`inspect_sources`, and what is wrong with files that are there, as problems."""
    headers = inspect_sources(data, document, root)
    faults = tuple(error.problem(document.value(error.at)) for error in headers.faults)
    try:
        return headers, faults + report_hard_links(document, root, opened_files(data, headers.files))
    except RunError:
        # A file that has gone since then is as one that was not there.
        return headers, faults


def root_for(document: Document, root: Root, at: Path) -> Root:
    """`root` for the paths of the source or array at `at`, which may stand in a file that the spec extends."""
    if at[:1] == ("data",) and root.data is not None:
        return root.data
    file = document.value(at).file
    return root if file == document.name else root.for_paths_in(file)


def report_hard_links(document: Document, root: Root, files: tuple[tuple[Path, str], ...]) -> tuple[Problem, ...]:
    """A warning for each of the `files` that has several names: no check of paths can tell whether the others lie below the
    root. Raises RunError E405.
    """
    found = []
    for at, given in files:
        below = root_for(document, root, at)
        for path in files_matching(below, given):
            links = below.hard_links(path)
            if links == 1:
                continue
            from modelc.compiler.syntax.path_help import hard_link_warning

            message, helps = hard_link_warning(path, links)
            found.append(Problem("W913", message, Label(document.value(at), "read from here"), (), helps, path=at))
    return tuple(found)


def opened_files(data: DataSpec, files: tuple[tuple[Path, str], ...]) -> tuple[tuple[Path, str], ...]:
    """Those of the `files` that the sources of `data` name which these open themselves."""
    return tuple((at, path) for at, path in files if data.sources[at].opens_files)


def files_of(data: DataSpec, *, test: bool = True) -> tuple[tuple[Path, str], ...]:
    """All files that the sources of `data` name, by the place that names them; see `sources_read`."""
    return tuple(
        (at, path) for at, source in sources_read(data, test=test).items() for path in dict.fromkeys(source.files())
    )


def all_opened_files(data: DataSpec, *, test: bool = True) -> tuple[tuple[Path, str], ...]:
    """All files that the sources and readers of `data` open, whatever columns have, by the place that names them; see `sources_read`."""
    return (*opened_files(data, files_of(data, test=test)), *files_of_readers(data))


def files_of_readers(data: DataSpec) -> tuple[tuple[Path, str], ...]:
    """The files that the readers of `data` name, by the place of the reader."""
    sections = {"inputs": data.inputs, "targets": data.targets}
    return tuple(
        (("data", section, name), path)
        for section, readers in sections.items()
        for name, reader in readers.items()
        if reader is not None
        for path in reader.files
    )


def not_seen(headers: Headers | None, files: tuple[tuple[Path, str], ...]) -> tuple[str, ...]:
    """Those of `files` that are not among those that were looked at."""
    seen = {path for _, path in headers.files} if headers is not None else set()
    return tuple(dict.fromkeys(path for _, path in files if path not in seen))
