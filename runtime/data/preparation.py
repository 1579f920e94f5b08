"""Reads rows part by part: of all rows there are only the columns as the files have them, never what the model takes of them. Each part
goes to where it is kept; to the files of a prepared set here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import numpy as np

from modelc.compiler.binding.source_headers import SOURCE
from modelc.compiler.binding.task import Task
from modelc.compiler.library.contracts.bad_row import skips_of
from modelc.compiler.library.readers.opened_files import BrokenFiles
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.bad_rows import PartOfSkips, skipped_rows
from modelc.runtime.data.column_digests import ColumnDigests, KnownDigests, digests_of
from modelc.runtime.data.column_profiles import Profiles, profile_columns
from modelc.runtime.data.dataset import (
    Part,
    check_values,
    read_part,
)
from modelc.runtime.data.learning import Learnt, key_of, of_columns, remarks
from modelc.runtime.data.loading import load, place_of_row
from modelc.runtime.data.needed_columns import column_names, columns_read
from modelc.runtime.data.opened_files import with_contents
from modelc.runtime.data.prepared.column_files import ColumnFile, ColumnWriter
from modelc.runtime.data.prepared.key import is_masked, is_plain
from modelc.runtime.data.prepared.prepared_set import PartFiles, copy_of, write_column, write_record
from modelc.runtime.data.read_binding import learnt_of
from modelc.runtime.data.row_memory import bytes_of_row
from modelc.runtime.data.row_places import located_by, of_own_rows
from modelc.runtime.data.sampling import classes_to_draw
from modelc.runtime.data.source_columns import own_columns, place_of_own
from modelc.runtime.data.splitting import split_rows
from modelc.runtime.data.training_rows import training_rows
from modelc.runtime.runs.open_folder import OpenFolder

AT_ONCE = 2**16
"""Rows that are read together, unless they take more than `BYTES`."""
BYTES = 2**27
"""Bytes of rows that are read together, as the model takes them, unless a single row has more."""
Kept = TypeVar("Kept")
Whole_co = TypeVar("Whole_co", covariant=True)


class NotByParts(Exception):
    """Rows that are to be read all at once: their values are none that files hold, or not alike in all parts."""


class Keeper(Protocol[Whole_co]):
    """Takes those rows that are in one part of a data set, in their order."""

    def add(self, start: int, part: Part) -> None:
        """Those of the rows from `start` on that are in the part. Raises NotByParts."""

    def done(self) -> Whole_co:
        """What is kept, once there are no more."""


KeeperOf = Callable[[Arrays, Array, Array | None], Keeper[Kept]]
"""What keeps the rows at these places, ascending, of some columns; the last are the numbers that they have in their source, see
`numbers_at`.
"""


@dataclass(frozen=True, slots=True)
class ByParts(Generic[Kept]):
    """A data set whose rows went to keepers: what each gives for its part, `train`, `validation` or `test`, and all that is known of
    them else.
    """

    parts: Mapping[str, Kept]
    classes: Array | None
    learnt: Learnt
    digests: KnownDigests
    notes: tuple[str, ...]
    profiles: Profiles | None
    skipped: tuple[PartOfSkips, ...]


def goes_by_parts(task: Task) -> bool:
    """Whether each row of a task is read without the others, once readers have learnt what they have to."""
    readers = [binding.reader for binding in of_columns(task)]
    has_rows = any(getattr(reader, "rows", None) for reader in readers)
    in_groups = any(binding.groups is not None for binding in of_columns(task))
    return not (has_rows or in_groups or is_masked(task)) and task.windows is None


def read_by_parts(
    task: Task, root: Root, keeper_of: KeeperOf[Kept], known: KnownDigests, learnt: Learnt | None, *, test: bool
) -> ByParts[Kept]:
    """The data set of a task, as `read_dataset` reads it. Raises RunError as that does, with rows that are counted in their part;
    NotByParts.
    """
    assert task.data is not None and task.data.source is not None
    loaded = load(task, task.data.source, root, SOURCE)
    found = learn_all(task, loaded.train, training_rows(task, loaded.train, None)) if learnt is None else learnt
    rows = rows_of(loaded.train)
    parts = split_rows(task.data, rows, loaded.train)
    places = {"train": parts.train, "validation": parts.validation, "test": parts.test if test else None}
    keepers = {
        name: keeper_of(loaded.train, one, numbers_at(loaded.train, one))
        for name, one in places.items()
        if one is not None
    }
    with located_by(partial(place_of_row, task, root), skips_of(loaded.train).numbers):
        for start, part in parts_of(task, loaded.train, found):
            check_values(task, part, training=True)
            for keeper in keepers.values():
                keeper.add(start, part)
    digests = digests_of(with_contents(task, loaded.train, root), columns_read(task), known.train)
    kept = {name: one.done() for name, one in keepers.items()}
    numbers = None if len(parts.train) == rows else parts.train
    classes, drawn = classes_to_draw(task, numbers, loaded.train)
    own, of_own = own_columns(task, root, loaded, test=test), dict[str, ColumnDigests]()
    for key, columns in own.columns.items():
        every = np.arange(rows_of(columns))
        keeper = keeper_of(columns, every, numbers_at(columns, every))
        place_of, numbers = partial(place_of_row, task, root, key=key), skips_of(columns).numbers
        with located_by(place_of, numbers), of_own_rows(key, place_of_own(task, key)):
            for start, part in parts_of(task, columns, found):
                check_values(task, part, training=False)
                keeper.add(start, part)
        of_own[key] = digests_of(with_contents(task, columns, root), column_names(task), getattr(known, key))
        kept[key] = keeper.done()
    skipped = skipped_rows(loaded.train, own.columns)
    notes = (*own.notes, *(part.note for part in skipped), *parts.notes, *drawn, *remarks(task, found))
    profiles = profile_columns(task, loaded.train, parts.train) if learnt is None else None
    return ByParts(kept, classes, found, KnownDigests(digests, **of_own), notes, profiles, skipped)


def write_by_parts(
    folder: OpenFolder, key: str, task: Task, root: Root, known: KnownDigests, learnt: Learnt | None, *, test: bool
) -> None:
    """Write the data set of a task into a new folder, as `write_set` does. Raises RunError, NotByParts, OSError."""
    names = (f"{number}.npy" for number in range(10**6))

    def writer_of(columns: Arrays, places: Array, numbers: Array | None) -> PartWriter:
        return PartWriter(folder, names, task, places, numbers)

    found = read_by_parts(task, root, writer_of, known, learnt, test=test)
    files: dict[str, PartFiles | None] = {**found.parts}
    if found.classes is not None:
        column = write_column(folder, next(names), found.classes)
        files["train"] = found.parts["train"].model_copy(update={"classes_to_draw": column})
    write_record(folder, key, files, found.learnt, found.digests, found.notes, found.profiles, found.skipped)


def numbers_at(columns: Arrays, places: Array) -> Array | None:
    """The numbers in their source of the rows at these `places`, ascending, of `columns`; None where they are all rows of the source."""
    numbers = skips_of(columns).numbers
    if numbers is not None:
        return np.asarray(numbers[places])
    return None if len(places) == rows_of(columns) else places


def learn_all(task: Task, columns: Arrays, training: Array | slice) -> Learnt:
    """What the readers of a task learn of the rows `training`."""
    found = {key_of(binding): (binding.names, learnt_of(binding, columns, training)) for binding in of_columns(task)}
    known = {key: each for key, each in found.items() if each[1] is not None}
    return Learnt({key: names for key, (names, _) in known.items()}, {key: value for key, (_, value) in known.items()})


def parts_of(task: Task, columns: Arrays, learnt: Learnt) -> Iterator[tuple[int, Part]]:
    """The rows of `columns`, some after the other, read by what was `learnt`, with the number of the first of them.

    Raises BrokenFiles for those of all parts.
    """
    step = max(min(AT_ONCE, BYTES // max(bytes_of_row(task) or 1, 1)), 1)
    broken: dict[int, BrokenFiles] = {}
    for start in range(0, rows_of(columns), step):
        some = {name: column[start : start + step] for name, column in columns.items()}
        try:
            part = read_part(task, some, learnt, None)
        except BrokenFiles as error:
            broken[start] = error
            continue
        if not broken:
            yield start, part
    if broken:
        raise all_broken(task, broken, rows_of(columns))


def all_broken(task: Task, broken: Mapping[int, BrokenFiles], rows: int) -> BrokenFiles:
    """The error for all files of the column that is read first, by those of some parts, of so many rows."""
    places = [binding.at for binding in of_columns(task)]
    first = min(broken.values(), key=lambda error: places.index(error.at))
    faults = {
        start + row: fault
        for start, error in broken.items()
        if error.column == first.column
        for row, fault in error.faults.items()
    }
    return BrokenFiles(first.column, faults, rows, first.at)


class PartWriter:
    """Writes those rows that have these `places`, ascending, into files called as `names` says, with their `numbers`."""

    def __init__(
        self, folder: OpenFolder, names: Iterator[str], task: Task, places: Array, numbers: Array | None
    ) -> None:
        self.folder, self.names, self.task, self.places, self.numbers = folder, names, task, places, numbers
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

    def done(self) -> PartFiles:
        """What was written."""
        inputs = {name: writer.done() for name, writer in self.inputs.items()}
        targets: dict[str, ColumnFile] = {}
        for name, shape in self.shapes.items():
            copied = copy_of(self.task, name, inputs)
            targets[name] = (
                self.targets[name].done()
                if copied is None
                else copied.model_copy(update={"shape": [len(self.places), *shape]})
            )
        numbers = None if self.numbers is None else write_column(self.folder, next(self.names), self.numbers)
        return PartFiles(rows=len(self.places), inputs=inputs, targets=targets, numbers=numbers)
