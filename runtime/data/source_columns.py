"""The columns of the sources of a task: of `source`, and of rows that are held out and have columns of their own."""

from collections.abc import Mapping
from typing import NamedTuple

from modelc.compiler.binding.source_headers import SOURCE
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.library.contracts.data_source import Loaded, column_of
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.learning import of_columns
from modelc.runtime.data.loading import load


def place_of_own(task: Task, key: str) -> Path:
    """Where the spec says which the rows under `key` are that have columns of their own."""
    assert task.data is not None
    assert task.data.source is not None
    return ("data", key) if key in task.data.own_sources else (*SOURCE, SOURCES.name_of(task.data.source), "test")


class OwnColumns(NamedTuple):
    """The columns of rows that are held out and have a source of their own, by their keys, and what to say of such rows."""

    columns: Mapping[str, Arrays]
    notes: tuple[str, ...] = ()


def own_columns(task: Task, root: Root, loaded: Loaded, *, test: bool = True) -> OwnColumns:
    """The columns of rows that are held out and are none of `source`, by the types of the training rows in `loaded`; those of `test`
    may come with the source. Without those of test rows where `test` is false.
    """
    data = task.data
    assert data is not None
    typed = {name: column_of(array) for name, array in loaded.train.items()} if data.own_sources else {}
    own = {
        key: load(task, source.typed(typed), root, ("data", key))
        for key, source in data.own_sources.items()
        if test or key != "test"
    }
    columns = {key: one.train for key, one in own.items()}
    notes = tuple(
        f"`{key}` takes the training rows of `{SOURCES.name_of(data.own_sources[key])}`: its test rows are not used"
        for key, one in own.items()
        if one.test is not None
    )
    if not test or loaded.test is None or "test" in columns:
        return OwnColumns(columns, notes)
    if "test" in data.splits:
        brought = "the source's own test rows are not used: `test` takes rows of those for training"
        return OwnColumns(columns, (*notes, brought))
    if any(getattr(binding.reader, "rows", None) for binding in of_columns(task)):
        brought = "the source's test rows are not used: `rows` counts rows of its training columns"
        return OwnColumns(columns, (*notes, brought))
    return OwnColumns({**columns, "test": loaded.test}, notes)
