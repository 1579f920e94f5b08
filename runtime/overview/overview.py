"""All that `modelc data SPEC` shows, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.binding.source_headers import root_for
from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.explain.summary import show_reader, show_split
from modelc.compiler.library.readers.names import shortened
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.bad_rows import PartOfSkips
from modelc.runtime.data.dataset import Dataset
from modelc.runtime.data.loading import load
from modelc.runtime.data.needed_columns import columns_read
from modelc.runtime.data.per_group import KEY as GROUPS
from modelc.runtime.overview.class_counts import ClassCounts, class_counts
from modelc.runtime.overview.column_facts import ColumnFacts, facts_of, python_value
from modelc.runtime.overview.findings import Finding, findings
from modelc.runtime.overview.row_parts import PartRows, parts_of


class PartFacts(NamedTuple):
    """One part: how many rows it has, and windows where these are what the model takes, and in words which rows these are."""

    name: str
    rows: int
    windows: int | None
    chosen: str


class Reading(NamedTuple):
    """One input or target as the model takes it: its reader, what that has learnt, the shape and dtype of one row."""

    kind: str
    name: str
    reader: str
    shape: tuple[int, ...]
    dtype: str
    learnt: tuple[str, ...]


class Sample(NamedTuple):
    """A training row: what the columns have, and what the model takes of it. `row` is its number in the source."""

    row: int
    place: str
    raw: Mapping[str, Any]
    read: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Overview:
    """The parts, columns, inputs and targets, classes and samples of a data set, and what is odd about it.

    `notes` are what the log of a training says of it, and `skipped` the rows that are left out. `unread` are the columns of the source that the spec does not read; None where only its rows tell which there are.
    """

    parts: tuple[PartFacts, ...]
    columns: tuple[ColumnFacts, ...]
    unread: tuple[str, ...] | None
    readings: tuple[Reading, ...]
    classes: tuple[ClassCounts, ...]
    samples: tuple[Sample, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    skipped: tuple[PartOfSkips, ...] = ()


def overview(task: Task, dataset: Dataset, root: Root, samples: int) -> Overview:
    """The overview of a data set that was read with its raw columns. Raises RunError E405 for a file that has changed since."""
    parts = parts_of(task, dataset, root)
    assert dataset.raw is not None
    classes = class_counts(task, parts)
    return Overview(
        tuple(part_facts(task, part) for part in parts),
        facts_of_columns(task, dataset.raw.source),
        unread_columns(task, root),
        tuple(readings(task, parts[0])),
        classes,
        tuple(sample(task, parts[0], row) for row in range(min(samples, parts[0].part.rows))),
        findings(task, parts, classes),
        (*dataset.notes, *dataset.of_cache),
        dataset.skipped,
    )


def raw_overview(task: Task, root: Root) -> Overview:
    """What can be said of columns that cannot be read as the spec says. Raises RunError."""
    assert task.data is not None
    assert task.data.source is not None
    columns = load(task, task.data.source, root, ("data", "source")).train
    return Overview((), facts_of_columns(task, columns), unread_columns(task, root), (), (), (), ())


def facts_of_columns(task: Task, columns: Arrays) -> tuple[ColumnFacts, ...]:
    """The facts of all columns that are read, those of splits too."""
    source = task.source
    declared = getattr(source, "types", {})
    read = columns_read(task)
    return tuple(facts_of(name, column, declared) for name, column in columns.items() if name in read)


def part_facts(task: Task, part: PartRows) -> PartFacts:
    is_windowed = task.windows is not None
    return PartFacts(part.name, len(part.rows), part.part.rows if is_windowed else None, chosen(task, part.name))


def chosen(task: Task, part: str) -> str:
    """Which rows a part has, in words."""
    data = task.data
    assert data is not None
    if part == "training":
        return "all others" if data.splits else ""
    return next((show_split(data, key) for key in data.held_out if key == part), "the test rows of the source")


def unread_columns(task: Task, root: Root) -> tuple[str, ...] | None:
    """The columns of the source that neither inputs nor targets nor splits read; None where no header tells them."""
    source = task.source
    assert source is not None
    found = source.inspect(root_for(task.spec.document, root, ("data", "source"))).columns
    if found is None:
        return None
    read = columns_read(task)
    return tuple(name for name in found if name not in read)


def readings(task: Task, train: PartRows) -> list[Reading]:
    """The inputs, and then the targets."""
    arrays = (("input", task.inputs or {}, train.part.inputs), ("target", task.targets or {}, train.part.targets))
    return [
        Reading(
            kind,
            name,
            show_reader(binding.reader),
            values[name].shape[1:],
            values[name].dtype.name,
            () if binding.copies_input else described(binding, train.part.learnt.of(binding)),
        )
        for kind, bindings, values in arrays
        for name, binding in bindings.items()
    ]


def described(binding: Binding, learnt: Any) -> tuple[str, ...]:
    """What a reader has learnt, in words; of several groups of rows what it has of the first."""
    if binding.groups is None or learnt is None:
        return binding.reader.described(learnt)
    groups = learnt[GROUPS]
    name = next(iter(groups))
    many = f"of each of {len(groups):,} `{binding.groups}`, such as {shortened(name)}"
    return tuple(f"{many}: {text}" for text in binding.reader.described(groups[name]))


def sample(task: Task, train: PartRows, row: int) -> Sample:
    """A row of the training rows."""
    source = train.source
    place = source.place_in(train.part, row)
    number = source.number_of(place)
    raw = {name: value_at(column, place) for name, column in source.columns.items()}
    arrays = ((task.inputs or {}, train.part.inputs), (task.targets or {}, train.part.targets))
    read = {name: values[name][row] for names, values in arrays for name in names}
    return Sample(number, source.place_of(number), raw, read)


def value_at(column: Array, row: int) -> Any:
    """The value of a row: a value of Python, None where it is missing, or an array."""
    value = column[row]
    if value is np.ma.masked:
        return None
    return value if isinstance(value, np.ndarray) else python_value(value)
