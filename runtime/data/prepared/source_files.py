"""The files that rows come from, each with what changes where it does: those of sources, and those whose paths rows have."""

import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from modelc.compiler.binding.source_headers import SOURCE, all_opened_files, root_for, sources_read
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.contracts.data_source import Source, column_of
from modelc.compiler.library.readers.opened_files import paths_of
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching
from modelc.runtime.data.arrays import Arrays, rows_of
from modelc.runtime.data.column_digests import digest
from modelc.runtime.data.loading import given_to
from modelc.runtime.data.needed_columns import columns_read
from modelc.runtime.data.opened_files import opened_columns
from modelc.runtime.data.prepared.opened_stamps import stamps_of
from modelc.runtime.data.prepared.stamps import Stamp, stamp_of

SETTLED = 10**9
"""Nanoseconds after which a file that is written again has another time of modification, whatever the file system."""


class SourceFile(NamedTuple):
    """A file by its path in the spec; `stamp` is None where it is not there."""

    path: str
    stamp: Stamp | None


class ReadFrom(NamedTuple):
    """All that rows come from: the `files` of sources; those that readers have `opened`, whose paths the rows have, of which there are
    so many; and where no file says which rows there are, as in a folder of images, the digests of `columns`.
    """

    files: tuple[SourceFile, ...]
    opened: tuple[SourceFile, ...] = ()
    rows: int = 0
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def all(self) -> tuple[SourceFile, ...]:
        return (*self.files, *self.opened)


def read_from(task: Task, root: Root, *, test: bool) -> ReadFrom:
    """What the rows of `task` come from, those of a source of test rows only where `test` is true. Raises RunError E405, and for tables with
    paths what their sources raise.
    """
    data, files = task.data, files_of_sources(task, root, test=test)
    assert data is not None
    opened = sorted(opened_columns(task))
    if not opened or data.source is None:
        return ReadFrom(files)
    paths: dict[str, None] = {}
    columns: list[tuple[str, str]] = []
    trained: Arrays = {}
    rows = 0
    for at, source in sources_read(data, test=test).items():
        typed = given_to(task, source).typed({name: column_of(array) for name, array in trained.items()})
        found = listed(
            typed, root_for(task.spec.document, root, at), opened if source.opens_files else columns_read(task), at
        )
        trained = trained or found[0]
        for part in found:
            rows += rows_of(part)
            paths |= dict.fromkeys(
                path for name in opened if name in part for path in paths_of(np.ma.getdata(part[name]))
            )
            columns += [(name, digest(part[name])) for name in sorted(part) if not source.opens_files]
    return ReadFrom(files, stamped_now(task, root, paths), rows, tuple(columns))


def read_from_now(before: ReadFrom, task: Task, root: Root, *, test: bool) -> ReadFrom:
    """The same once more, where it was `before`: tables that are as they were name the same paths."""
    if before.columns or files_of_sources(task, root, test=test) != before.files:
        return read_from(task, root, test=test)
    return before._replace(opened=stamped_now(task, root, [path for path, _ in before.opened]))


def files_of_sources(task: Task, root: Root, *, test: bool) -> tuple[SourceFile, ...]:
    """The files that the sources and readers of `task` open, whatever columns have, those of a source of test rows only where `test`
    is true. Raises RunError E405.
    """
    assert task.data is not None
    return tuple(
        SourceFile(path, stamp)
        for at, given in all_opened_files(task.data, test=test)
        for path, stamp in stamped(root_for(task.spec.document, root, at), given)
    )


def stamped_now(task: Task, root: Root, paths: Iterable[str]) -> tuple[SourceFile, ...]:
    """The files at `paths` that readers open."""
    below = root_for(task.spec.document, root, SOURCE)
    return tuple(SourceFile(*each) for each in stamps_of(below, paths))


def listed(source: Source, root: Root, names: Collection[str], at: Path) -> list[Arrays]:
    """The columns called `names` of a source, and of the test rows that it brings. Raises RunError."""
    try:
        loaded = source.load(root, names)
    except RunError as error:
        raise error.placed(at) from None
    return [part for part in (loaded.train, loaded.test) if part is not None]


def stamped(root: Root, given: str) -> Iterator[tuple[str, Stamp | None]]:
    """The files that a path or pattern stands for, with their stamps."""
    try:
        paths = files_matching(root, given)
    except AbsentFile:
        yield given, None
        return
    for path in paths:
        try:
            with root.open(path) as file:
                yield path, stamp_of(os.fstat(file.fileno()))
        except AbsentFile:
            yield path, None


def need_unchanged(before: ReadFrom, after: ReadFrom) -> None:
    """Raise RunError E405 where files are others after they were read than they were `before`."""
    if before == after:
        return
    stamps, now = dict(before.all), dict(after.all)
    changed = next((path for path in (*now, *stamps) if now.get(path) != stamps.get(path)), None)
    what = "the files of the rows" if changed is None else f"{changed!r}"
    raise RunError(
        "E405",
        f"{what} changed while {'they were' if changed is None else 'it was'} read",
        helps=("wait until it is written",),
        at=SOURCE,
    )


def are_settled(files: Sequence[SourceFile]) -> bool:
    """Whether a file that were written again now would have another stamp: its time of modification is long past."""
    until = time.time_ns() - SETTLED
    return all(file.stamp is None or file.stamp.modified < until for file in files)
