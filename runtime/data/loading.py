"""Loads the columns of a source that a task reads, and says where a row of it is."""

from collections.abc import Collection, Mapping
from functools import partial

from modelc.compiler.binding.source_headers import SOURCE, kinds_wanted, root_for
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.contracts.data_source import Loaded, Source
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.bad_rows import without_bad_rows
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.needed_columns import column_names, columns_of_windows, columns_read
from modelc.runtime.data.turned_images import check_turned


def load(task: Task, source: Source, root: Root, at: Path) -> Loaded:
    """The columns of the source at `at` that the task reads, where it skips bad rows without these. Raises RunError."""
    try:
        names = columns_read(task) if at == SOURCE else column_names(task) | columns_of_windows(task)
        below = root_for(task.spec.document, root, at)
        loaded = given_to(task, source).load(below, names)
        if task.data is not None and task.data.skips:
            loaded = without_bad(task, loaded, source, below, at)
        check_turned(task, loaded.train)
    except RunError as error:
        raise error.placed(at) from None
    return loaded


def without_bad(task: Task, loaded: Loaded, source: Source, root: Root, at: Path) -> Loaded:
    """What was loaded of a source, without the rows that cannot be read. Raises RunError E404 where hardly any are left."""
    skipping = given_to(task, source)

    def places_of(rows: Collection[int], *, test: bool) -> Mapping[int, tuple[str, int]]:
        return skipping.places_of(root, rows, test=test)

    train = without_bad_rows(task, loaded.train, partial(places_of, test=False), at)
    test = loaded.test
    return Loaded(train, None if test is None else without_bad_rows(task, test, partial(places_of, test=True), at))


def given_to(task: Task, source: Source) -> Source:
    """`source` as a task reads it: where it skips bad rows, without those that are none, or have values of other types than readers
    take.
    """
    if task.data is None or not task.data.skips:
        return source
    return source.skipping(kinds_wanted((one.reader, one.names) for one in of_columns(task)))


def place_of_row(task: Task, root: Root, row: int, *, key: str | None = None) -> str:
    """Where a row of the source is in its files, or one of the rows under `key` that have columns of their own; rows are counted with
    those that are left out.
    """
    assert task.data is not None
    at: Path = SOURCE if key is None or key not in task.data.own_sources else ("data", key)
    below, source = root_for(task.spec.document, root, at), given_to(task, task.data.sources[at])
    return source.place_of(below, row, test=at == SOURCE and key == "test")
