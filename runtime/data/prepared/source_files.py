"""The files that rows come from, each with what changes where it does."""

import os
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from modelc.compiler.binding.source_headers import all_opened_files, root_for
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.path_patterns import files_matching
from modelc.runtime.data.prepared.stamps import Stamp, stamp_of

SETTLED = 10**9
"""Nanoseconds after which a file that is written again has another time of modification, whatever the file system."""


class SourceFile(NamedTuple):
    """A file by its path in the spec; `stamp` is None where it is not there."""

    path: str
    stamp: Stamp | None


def source_files(task: Task, root: Root, *, test: bool) -> tuple[SourceFile, ...]:
    """The files that the sources and readers of `task` open, whatever columns have, those of `data.test` only where `test` is true. Raises RunError E405."""
    assert task.data is not None
    data = task.data if test else task.data._replace(test=None)
    return tuple(
        SourceFile(path, stamp)
        for at, given in all_opened_files(data)
        for path, stamp in stamped(root_for(task.spec.document, root, at), given)
    )


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


def need_unchanged(before: Sequence[SourceFile], after: Sequence[SourceFile]) -> None:
    """Raise RunError E405 where files are others after they were read than they were `before`."""
    if before == after:
        return
    stamps = dict(before)
    changed = next((path for path, stamp in after if stamps.get(path) != stamp), None)
    path = changed or next(path for path in stamps if path not in dict(after))
    raise RunError(
        "E405", f"{path!r} changed while it was read", helps=("wait until it is written",), at=("data", "source")
    )


def are_settled(files: Sequence[SourceFile]) -> bool:
    """Whether a file that were written again now would have another stamp: its time of modification is long past."""
    until = time.time_ns() - SETTLED
    return all(file.stamp is None or file.stamp.modified < until for file in files)
