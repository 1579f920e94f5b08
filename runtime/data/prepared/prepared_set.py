"""A prepared set: a folder with the columns of each part of a data set, and a sealed record of what they are."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.library.contracts.bad_row import BadRow
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.bad_rows import PartOfSkips
from modelc.runtime.data.column_digests import ColumnDigests, KnownDigests
from modelc.runtime.data.column_profiles import Profiles
from modelc.runtime.data.dataset import Dataset, Part
from modelc.runtime.data.known_masks import KnownMasks, known_masks
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.prepared.column_files import (
    ColumnFile,
    ColumnWriter,
    MappedFile,
    map_column,
    need_mapped,
    need_whole,
    read_column,
)
from modelc.runtime.data.prepared.key import FORMAT, is_plain
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import content_of, reading
from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import UnsoundError

RECORD = "record.json"
PARTS = ("train", "validation", "test")
MOST = 2**28
"""Bytes of a record: what readers have learnt is in it."""


class PartFiles(Sealed):
    """The columns of one part by the names of inputs and targets, and the places of its rows in their source where these are
    only some of those.
    """

    rows: int
    inputs: dict[str, ColumnFile]
    targets: dict[str, ColumnFile]
    numbers: ColumnFile | None = None
    classes_to_draw: ColumnFile | None = None

    @property
    def columns(self) -> tuple[ColumnFile, ...]:
        """All columns; those of copies have the same file."""
        others = (column for column in (self.numbers, self.classes_to_draw) if column is not None)
        return (*self.inputs.values(), *self.targets.values(), *others)

    @property
    def bytes(self) -> int:
        """The bytes of the rows."""
        return sum(column.size for column in (*self.inputs.values(), *self.targets.values()))


class Digests(Sealed):
    """What is recorded of the columns of the source."""

    digests: dict[str, str]
    dtypes: dict[str, str]
    rows: int | None

    @property
    def known(self) -> ColumnDigests:
        return ColumnDigests(self.digests, self.dtypes, self.rows)


class KeptBadRow(Sealed):
    """A row that is left out."""

    row: int
    file: str | None
    line: int | None
    reason: str
    column: str
    value: str


class KeptSkips(Sealed):
    """The rows that are left out of those of the source, or of those held out under `key`, and how many are kept."""

    key: str
    rows: list[KeptBadRow]
    kept: int


class SetRecord(Sealed):
    """All of a data set but its values."""

    format: int
    key: str
    train: PartFiles
    validation: PartFiles | None
    test: PartFiles | None
    columns: dict[str, list[str]]
    learnt: dict[str, Any]
    digests: list[Digests]
    notes: list[str]
    profiles: Profiles | None
    skipped: list[KeptSkips]

    @property
    def known(self) -> KnownDigests:
        """The digests of the columns of the source, and of rows that have columns of their own."""
        return KnownDigests(*(each.known for each in self.digests))

    @property
    def bytes(self) -> int:
        """The bytes of the rows that training has on a device where they are resident."""
        return sum(part.bytes for part in (self.train, self.validation) if part is not None)

    @property
    def values(self) -> Learnt:
        """What the readers have learnt."""
        return Learnt({key: tuple(names) for key, names in self.columns.items()}, self.learnt)


def can_be_kept(dataset: Dataset) -> bool:
    """Whether all values of a data set are numbers that files can hold."""
    found = [part for part in (dataset.train, dataset.validation, dataset.test) if part is not None]
    return all(is_plain(array.dtype) for part in found for array in (*part.inputs.values(), *part.targets.values()))


def write_set(folder: OpenFolder, key: str, task: Task, dataset: Dataset) -> None:
    """Write a data set into a new folder. Raises OSError."""
    names = (f"{number}.npy" for number in range(10**6))
    found = {
        name: None if part is None else write_part(folder, names, task, part)
        for name, part in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test))
    }
    written = (dataset.train.learnt, dataset.digests, dataset.notes, dataset.profiles, dataset.skipped)
    write_record(folder, key, found, *written)


def write_record(
    folder: OpenFolder,
    key: str,
    parts: Mapping[str, PartFiles | None],
    learnt: Learnt,
    known: KnownDigests,
    notes: Sequence[str],
    profiles: Profiles | None,
    skipped: Sequence[PartOfSkips] = (),
) -> None:
    """Write the record of a set whose `parts` have been written. Raises OSError."""
    digests = [{"digests": dict(each.digests), "dtypes": dict(each.dtypes), "rows": each.rows} for each in known]
    record = {
        "format": FORMAT,
        "key": key,
        **{name: None if (part := parts.get(name)) is None else part.model_dump() for name in PARTS},
        "columns": {name: list(columns) for name, columns in learnt.columns.items()},
        "learnt": dict(learnt.values),
        "digests": digests,
        "notes": list(notes),
        "profiles": None if profiles is None else profiles.model_dump(),
        "skipped": [
            {"key": part.key, "rows": [row.facts() for row in part.rows], "kept": part.kept} for part in skipped
        ],
    }
    folder.write_new(RECORD, sealed(record))
    folder.sync()


def write_part(folder: OpenFolder, names: Iterator[str], task: Task, part: Part) -> PartFiles:
    """Write the columns of a part into files called as `names` says."""
    inputs = {name: write_column(folder, next(names), array) for name, array in part.inputs.items()}
    targets = {}
    for name, array in part.targets.items():
        copied = copy_of(task, name, inputs)
        targets[name] = (
            write_column(folder, next(names), array)
            if copied is None
            else copied.model_copy(update={"shape": list(array.shape)})
        )
    numbers = None if part.numbers is None else write_column(folder, next(names), part.numbers)
    drawn = part.classes_to_draw
    classes = None if drawn is None else write_column(folder, next(names), drawn)
    return PartFiles(rows=part.rows, inputs=inputs, targets=targets, numbers=numbers, classes_to_draw=classes)


def copy_of(task: Task, target: str, inputs: Mapping[str, ColumnFile]) -> ColumnFile | None:
    """The file of the input that a target is a copy of; None where it has values of its own."""
    binding: Binding = (task.targets or {})[target]
    return inputs[binding.subject] if binding.copies_input else None


def write_column(folder: OpenFolder, name: str, array: Array) -> ColumnFile:
    writer = ColumnWriter(folder, name, array.shape, array.dtype)
    writer.add(array)
    return writer.done()


def read_record(folder: OpenFolder, key: str) -> SetRecord:
    """The record in the folder of a prepared set. Raises UnsoundError where it is not that of the `key`, or damaged."""
    record = read_sealed(content_of(folder, RECORD, MOST), SetRecord, (FORMAT,))
    if record.key != key or len(record.digests) != len(KnownDigests._fields):
        raise UnsoundError("is of other rows")
    return record


def verify_set(folder: OpenFolder, record: SetRecord) -> None:
    """Raise UnsoundError unless all values of a set have the digests that they were written with."""
    for part in (record.train, record.validation, record.test):
        for column in () if part is None else part.columns:
            with reading(folder, column.file) as file:
                need_whole(file, column, verify=True)


def read_set(folder: OpenFolder, record: SetRecord, task: Task, *, test: bool, is_mapped: bool) -> Dataset:
    """The data set in a folder, in memory or mapped; without its test rows where `test` is false. Raises UnsoundError, OSError."""
    train = read_part(folder, record.train, task, record.values, None, is_mapped=is_mapped)
    validation, held = (
        None if part is None else read_part(folder, part, task, record.values, train.masks, is_mapped=is_mapped)
        for part in (record.validation, record.test if test else None)
    )
    skipped = tuple(
        PartOfSkips(part.key, tuple(BadRow.of_facts(row.model_dump()) for row in part.rows), part.kept)
        for part in record.skipped
    )
    notes = tuple(record.notes)
    return Dataset(train, validation, held, record.known, notes, profiles=record.profiles, skipped=skipped)


def read_part(
    folder: OpenFolder,
    files: PartFiles,
    task: Task,
    learnt: Learnt,
    masks_before: KnownMasks | None,
    *,
    is_mapped: bool,
) -> Part:
    """A part, in memory or mapped, with the masks that the model makes of it, which are those of the training rows where these are
    others.
    """
    read: dict[str, Array] = {}
    mapped: list[MappedFile] = []
    for column in files.columns:
        if column.file in read:
            continue
        if is_mapped:
            read[column.file], file = map_column(folder, column)
            mapped.append(file)
        else:
            read[column.file] = read_column(folder, column)
    inputs, targets = (
        {name: read[column.file].reshape(column.shape) for name, column in columns.items()}
        for columns in (files.inputs, files.targets)
    )
    numbers, classes = (
        None if column is None else read[column.file] for column in (files.numbers, files.classes_to_draw)
    )
    masks = known_masks(task, inputs, masks_before)
    whole = partial(need_mapped, tuple(mapped))
    return Part(inputs, targets, files.rows, masks, learnt, numbers, classes_to_draw=classes, need_whole=whole)
