"""Prepares rows part by part: of all rows there are only the columns as the files have them, never what the model takes of them."""

from collections.abc import Iterator

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.column_digests import NONE_KNOWN, KnownDigests, digests_of
from modelc.runtime.data.column_profiles import profile_columns
from modelc.runtime.data.dataset import (
    Part,
    check_values,
    load,
    read_part,
    rows_of,
    test_columns,
)
from modelc.runtime.data.learning import Learnt, key_of, of_columns, remarks
from modelc.runtime.data.needed_columns import column_names, columns_read
from modelc.runtime.data.prepared.column_files import ColumnFile, ColumnWriter
from modelc.runtime.data.prepared.key import is_masked, is_plain
from modelc.runtime.data.prepared.prepared_set import PartFiles, copy_of, write_column, write_record
from modelc.runtime.data.read_binding import learnt_of
from modelc.runtime.data.sampling import classes_to_draw
from modelc.runtime.data.splitting import split_rows
from modelc.runtime.data.training_rows import training_rows
from modelc.runtime.runs.open_folder import OpenFolder

AT_ONCE = 2**16
"""Rows that are read together."""


class NotByParts(Exception):
    """Rows that are to be read all at once: their values are none that files hold, or not alike in all parts."""


def goes_by_parts(task: Task) -> bool:
    """Whether each row of a task is read without the others, once readers have learnt what they have to."""
    readers = [binding.reader for binding in of_columns(task)]
    has_rows = any(getattr(reader, "rows", None) for reader in readers)
    in_groups = any(binding.groups is not None for binding in of_columns(task))
    return not (has_rows or in_groups or is_masked(task)) and task.data is not None and task.data.windows is None


def write_by_parts(folder: OpenFolder, key: str, task: Task, root: Root) -> None:
    """Write the data set of a task into a new folder, as `write_set` does. Raises RunError as `read_dataset` does, with rows that are
    counted in their part; NotByParts, OSError.
    """
    assert task.data is not None and task.data.source is not None
    loaded = load(task, task.data.source, root, ("data", "source"))
    training = training_rows(task, loaded.train, None)
    learnt = learn_all(task, loaded.train, training)
    digests = digests_of(loaded.train, columns_read(task), NONE_KNOWN.train)
    rows = rows_of(loaded.train)
    parts = split_rows(task.data, rows, loaded.train)
    places = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    names = (f"{number}.npy" for number in range(10**6))
    writers = {name: PartWriter(folder, names, task, one) for name, one in places.items() if one is not None}
    for start, part in parts_of(task, loaded.train, learnt):
        check_values(task, part, training=True)
        for writer in writers.values():
            writer.add(start, part)
    files: dict[str, PartFiles | None] = {
        name: writer.done(is_whole=len(writer.places) == rows) for name, writer in writers.items()
    }
    numbers = None if len(parts.train) == rows else parts.train
    classes, drawn = classes_to_draw(task, numbers, loaded.train)
    train = files["train"]
    assert train is not None
    if classes is not None:
        files["train"] = train.model_copy(update={"classes_to_draw": write_column(folder, next(names), classes)})
    columns, notes = test_columns(task, root, loaded)
    of_test = NONE_KNOWN.test
    if columns is not None:
        of_test = digests_of(columns, column_names(task), NONE_KNOWN.test)
        writer = PartWriter(folder, names, task, np.arange(rows_of(columns)))
        for start, part in parts_of(task, columns, learnt):
            check_values(task, part, training=False)
            writer.add(start, part)
        files["test"] = writer.done(is_whole=True)
    notes = (*notes, *parts.notes, *drawn, *remarks(task, learnt))
    profiles = profile_columns(task, loaded.train, parts.train)
    write_record(folder, key, files, learnt, KnownDigests(digests, of_test), notes, profiles)


def learn_all(task: Task, columns: Arrays, training: Array | slice) -> Learnt:
    """What the readers of a task learn of the rows `training`."""
    found = {key_of(binding): (binding.names, learnt_of(binding, columns, training)) for binding in of_columns(task)}
    known = {key: each for key, each in found.items() if each[1] is not None}
    return Learnt({key: names for key, (names, _) in known.items()}, {key: value for key, (_, value) in known.items()})


def parts_of(task: Task, columns: Arrays, learnt: Learnt) -> Iterator[tuple[int, Part]]:
    """The rows of `columns`, some after the other, read by what was `learnt`, with the number of the first of them."""
    for start in range(0, rows_of(columns), AT_ONCE):
        some = {name: column[start : start + AT_ONCE] for name, column in columns.items()}
        yield start, read_part(task, some, learnt, None)


class PartWriter:
    """Writes those rows of a source that have these `places`, ascending, into files called as `names` says."""

    def __init__(self, folder: OpenFolder, names: Iterator[str], task: Task, places: Array) -> None:
        self.folder, self.names, self.task, self.places = folder, names, task, places
        self.inputs: dict[str, ColumnWriter] = {}
        self.targets: dict[str, ColumnWriter] = {}
        self.shapes: dict[str, list[int]] = {}

    def add(self, start: int, part: Part) -> None:
        """Those of the rows from `start` on that are in the part of the source."""
        first, last = np.searchsorted(self.places, (start, start + part.rows))
        rows = self.places[first:last] - start
        own = {name: array for name, array in part.targets.items() if not (self.task.targets or {})[name].copies_input}
        self.shapes = {name: list(array.shape[1:]) for name, array in part.targets.items()}
        for arrays, writers in ((part.inputs, self.inputs), (own, self.targets)):
            for name, array in arrays.items():
                self.writer(writers, name, array).add(array[rows])

    def writer(self, writers: dict[str, ColumnWriter], name: str, array: Array) -> ColumnWriter:
        shape = (len(self.places), *array.shape[1:])
        if name not in writers:
            if not is_plain(array.dtype):
                raise NotByParts
            writers[name] = ColumnWriter(self.folder, next(self.names), shape, array.dtype)
        if (writers[name].shape, writers[name].dtype) != (shape, array.dtype):
            raise NotByParts
        return writers[name]

    def done(self, *, is_whole: bool) -> PartFiles:
        """What was written; with the places of the rows, unless they are those of all."""
        inputs = {name: writer.done() for name, writer in self.inputs.items()}
        targets: dict[str, ColumnFile] = {}
        for name, shape in self.shapes.items():
            copied = copy_of(self.task, name, inputs)
            targets[name] = (
                self.targets[name].done()
                if copied is None
                else copied.model_copy(update={"shape": [len(self.places), *shape]})
            )
        numbers = None if is_whole else write_column(self.folder, next(self.names), self.places)
        return PartFiles(rows=len(self.places), inputs=inputs, targets=targets, numbers=numbers)
