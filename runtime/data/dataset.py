"""The data set of a task: arrays for training, validation and test, read from its sources and checked.

Uses jax only for ids and masks that layers compute. All problems of the data are found here, before anything is compiled.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.binding.binder import bind
from modelc.compiler.binding.source_headers import SOURCE, inspect_sources, sources_read
from modelc.compiler.binding.task import GROUP, Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.library.contracts.bad_row import skips_of
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays, rows_of
from modelc.runtime.data.arriving_integers import check_integers
from modelc.runtime.data.bad_rows import PartOfSkips, skipped_rows
from modelc.runtime.data.column_digests import NONE_KNOWN, ColumnDigests, KnownDigests, digests_of
from modelc.runtime.data.column_profiles import Profiles, profile_columns
from modelc.runtime.data.counted_elements import counted_elements, masks_among_targets
from modelc.runtime.data.equal_lengths import need_equal_lengths
from modelc.runtime.data.gaps import of_source
from modelc.runtime.data.ids import check_ids
from modelc.runtime.data.known_masks import NOTHING, KnownMasks, known_masks
from modelc.runtime.data.learning import (
    NOTHING_LEARNT,
    Learnt,
    key_of,
    of_columns,
    remarks,
    step_known,
    with_step,
)
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.loading import load, place_of_row
from modelc.runtime.data.needed_columns import column_names, columns_read
from modelc.runtime.data.opened_files import below_root, with_contents
from modelc.runtime.data.per_group import numbers_of_groups
from modelc.runtime.data.prepared.surveys import surveyed
from modelc.runtime.data.read_binding import read_binding
from modelc.runtime.data.row_memory import need_row_memory
from modelc.runtime.data.row_places import located_by, nowhere, of_own_rows
from modelc.runtime.data.sampling import classes_to_draw
from modelc.runtime.data.source_columns import own_columns, place_of_own
from modelc.runtime.data.splitting import Parts, split_rows
from modelc.runtime.data.target_checks import check_targets, with_unknown
from modelc.runtime.data.training_rows import training_rows
from modelc.runtime.data.windows import (
    Labels,
    Naive,
    Windows,
    counts_of_rows,
    first_rows,
    gathered,
    naive_of,
    notes_on_gaps,
    of_windows,
    season_of,
    span_of,
    windows_of,
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a data set: the model's inputs and targets by name, `[rows, ...]` each, the masks that the model makes
    of the inputs alone, and what readers have learnt of the training rows. `numbers` are the places of its rows in their
    source, where these are only some of those; of windows, those of the first row of their targets. `labels` tell predictions of
    windows apart. `classes_to_draw` are the numbers of the values that rows of training are drawn by, where each is to come
    equally often. `need_whole` raises RunError E405 where arrays are mapped from files that have become shorter. `naive` is the
    seasonal naive forecast of targets of windows that are numbers.
    """

    inputs: Arrays
    targets: Arrays
    rows: int
    masks: KnownMasks = NOTHING
    learnt: Learnt = NOTHING_LEARNT
    numbers: Array | None = None
    labels: Labels | None = None
    classes_to_draw: Array | None = None
    need_whole: Callable[[], None] = lambda: None
    naive: Naive | None = None

    @property
    def named(self) -> Arrays:
        """The columns that tell predictions of windows apart, `[rows]`, or `[rows, steps]` of the horizon; none of other rows."""
        return {} if self.labels is None else self.labels.all()

    @property
    def bytes(self) -> int:
        """Those of all values of its inputs and targets."""
        return sum(array.nbytes for array in (*self.inputs.values(), *self.targets.values()))

    def between(self, start: int, stop: int) -> "Part":
        """The rows from `start` to `stop`, of which nothing is copied."""
        inputs, targets = (
            {name: array[start:stop] for name, array in arrays.items()} for arrays in (self.inputs, self.targets)
        )
        rows = min(stop, self.rows) - start
        return Part(inputs, targets, rows, self.masks.take(slice(start, stop)), self.learnt)

    def take(self, rows: Array) -> "Part":
        """The rows at these indices."""
        inputs = {name: array[rows] for name, array in self.inputs.items()}
        targets = {name: array[rows] for name, array in self.targets.items()}
        labels = None if self.labels is None else self.labels.take(rows)
        numbers = rows if self.numbers is None else self.numbers[rows]
        naive = None if self.naive is None else self.naive.take(rows)
        masks = self.masks.take(rows)
        return Part(inputs, targets, len(rows), masks, self.learnt, numbers, labels, naive=naive)


class RawColumns(NamedTuple):
    """The columns that were read, of the source and of rows that are held out and have columns of their own; and the places in the
    source of the rows of each part.
    """

    source: Arrays
    held_out: Mapping[str, Arrays]
    parts: Parts


@dataclass(frozen=True, slots=True)
class Dataset:
    """All rows of a task. `digests` is of each column that was read, `notes` are shown to the user, `raw` are the columns
    themselves where they were asked for, and `profiles` what a run keeps of those of the training rows, where these are learnt
    of. `of_cache` is what is said of the rows that the cache has, `skipped` are the rows that are left out.
    """

    train: Part
    validation: Part | None
    test: Part | None
    digests: KnownDigests
    notes: tuple[str, ...] = ()
    raw: RawColumns | None = None
    profiles: Profiles | None = None
    of_cache: tuple[str, ...] = ()
    skipped: tuple[PartOfSkips, ...] = ()


def complete(task: Task, root: Root, *, test: bool = True) -> tuple[Task, tuple[Problem, ...]]:
    """`task` bound to columns that only the files can tell, and so with every type known, and to the files that its readers
    open; and all warnings about it then.

    Where `test` is false, a source of test rows is not looked at. Raises SpecError for what does not fit them, RunError if a file
    cannot be read.
    """
    if task.data is None or task.data.source is None:
        raise RunError("E404", "the spec has no `data` to read", helps=("add a `data` section with a `source`",))
    if all(source.columns() is not None for source in sources_read(task.data, test=test).values()):
        return below_root(task, root), ()
    headers = inspect_sources(
        task.data,
        task.spec.document,
        root,
        test=test,
        readers=[binding.reader for binding in of_columns(task)],
        survey=surveyed,
    )
    for error in (*headers.faults, *headers.absent):
        raise error
    bound, problems = bind(task.spec, task.planned, headers)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        raise SpecError(problems, {task.spec.document.name: task.spec.document.text})
    return below_root(bound, root), problems


def read_dataset(
    task: Task,
    root: Root,
    *,
    test: bool = True,
    known: KnownDigests = NONE_KNOWN,
    learnt: Learnt | None = None,
    raw: bool = False,
) -> Dataset:
    """The rows of a completed task, split and checked; without its test rows where `test` is false, and with its `raw` columns
    where that is true. `known` is what a run recorded of its columns, `learnt` what its readers have learnt, which is learnt
    here where it is None.

    Raises RunError with a code, `at` the part of the spec to blame.
    """
    data = task.data
    assert data is not None
    assert data.source is not None
    loaded = load(task, data.source, root, SOURCE)
    skips = skips_of(loaded.train)
    place_of = partial(place_of_row, task, root)
    with located_by(place_of, skips.numbers):
        windows = windows_of(task, loaded.train, step=step_known(learnt or NOTHING_LEARNT))
        training = training_rows(task, loaded.train, windows) if learnt is None else None
        whole = read_part(task, loaded.train, learnt or NOTHING_LEARNT, training, windows=windows)
    digests = digests_of(with_contents(task, loaded.train, root), columns_read(task), known.train)
    # Also of those that are held out: which these are is drawn.
    with located_by(*((place_of, skips.numbers) if whole.rows == rows_of(loaded.train) else (nowhere,))):
        check_values(task, whole, training=True)
    parts = split_rows(data, whole.rows, loaded.train) if windows is None else windows.parts
    train, validation, held = (
        None if rows is None else whole if len(rows) == whole.rows else whole.take(rows)
        for rows in (parts.train, parts.validation, parts.test)
    )
    assert train is not None, "a split leaves some"
    classes, drawn = classes_to_draw(task, train.numbers, loaded.train)
    train = train if classes is None else replace(train, classes_to_draw=classes)
    train, validation, held = (
        numbered(train, skips.numbers),
        *(part and numbered(part, skips.numbers) for part in (validation, held)),
    )
    own = own_columns(task, root, loaded, test=test)
    skipped = skipped_rows(loaded.train, own.columns)
    rows = parts if windows is None else windows.rows
    kept = RawColumns(loaded.train, own.columns, rows) if raw else None
    profiles = profile_columns(task, loaded.train, rows.train) if learnt is None else None
    read, of_own = {"validation": validation, "test": held if test else None}, dict[str, ColumnDigests]()
    of_gaps: list[str] = []
    for key, columns in own.columns.items():
        of_own[key] = digests_of(with_contents(task, columns, root), column_names(task), getattr(known, key))
        with located_by(partial(place_of, key=key), skips_of(columns).numbers):
            read[key], remarked = read_own(task, key, columns, whole)
        of_gaps += [f"`{key}`: {remark}" for remark in remarked]
    of_skips = (part.note for part in skipped)
    notes = (*own.notes, *of_skips, *parts.notes, *of_gaps, *drawn, *remarks(task, whole.learnt))
    found = KnownDigests(digests, **of_own)
    return Dataset(train, read["validation"], read["test"], found, notes, kept, profiles, skipped=skipped)


def numbered(part: Part, numbers: Array | None) -> Part:
    """`part` with the `numbers` that its rows have in their source, where some of that are left out; None where none are."""
    if numbers is None:
        return part
    return replace(part, numbers=numbers if part.numbers is None else numbers[part.numbers])


def read_own(task: Task, key: str, columns: Arrays, trained: Part) -> tuple[Part, tuple[str, ...]]:
    """The rows under `key` that have `columns` of their own, read as the `trained` rows were, and what to say of gaps in these."""
    with of_own_rows(key, place_of_own(task, key)):
        windows = windows_of(task, columns, splits=False, step=step_known(trained.learnt))
        part = read_part(task, columns, trained.learnt, None, trained.masks, windows)
        check_values(task, part, training=False)
    return part, () if windows is None else notes_on_gaps(windows)


def read_part(
    task: Task,
    columns: Arrays,
    learnt: Learnt,
    training: Array | slice | None,
    masks_before: KnownMasks | None = None,
    windows: Windows | None = None,
) -> Part:
    """Rows from columns of equal length, read by what was `learnt`, or what is learnt here of the rows `training`, where these
    are given. `masks_before` are the masks of the training rows, where these are others. Of `windows` each is a row.
    """
    columns = columns if windows is None else windows.columns
    need_row_memory(task, columns, None if windows is None else len(windows.starts))
    names: dict[str, tuple[str, ...]] = {}
    values: dict[str, Any] = {}
    naive: dict[str, Array] = {}

    def read_one(binding: Binding, counts: Array | None = None) -> Array:
        if windows is not None and counts is not None:
            counts = counts_of_rows(windows, counts, len(windows.series.order), span_of(task, binding))
        with of_source(None if windows is None else windows.series):
            array, value = read_binding(binding, columns, learnt, counts, training)
        if value is not None:
            names[key_of(binding)], values[key_of(binding)] = binding.names, value
        if windows is None:
            return array
        if binding.wanted is None and not binding.reader.gives_labels and span_of(task, binding) == "horizon":
            naive[binding.name] = naive_of(windows, array)
        return gathered(task, windows, binding, array)

    inputs = {name: read_one(binding) for name, binding in (task.inputs or {}).items()}
    bindings, masks = task.targets or {}, masks_among_targets(task)
    known = known_masks(task, inputs, masks_before)
    read: dict[str, Array] = {}
    # Masks first: what they leave out of the other targets is not read.
    for name in sorted(bindings, key=lambda name: name not in masks):
        counts = counted_elements(task, name, inputs, {mask: read[mask] for mask in masks if mask in read}, known)
        try:
            copied = bindings[name].copies_input
            array = inputs[bindings[name].subject] if copied else read_one(bindings[name], counts)
        except RunError as error:
            raise with_unknown(error, task, name, known) from None
        read[name] = array[:, None] if bindings[name].squeeze else array
    targets = {name: read[name] for name in bindings}
    rows = need_equal_lengths(task, inputs, targets)
    if rows == 0:
        raise RunError("E404", "the data has no rows", at=("data", "source"))
    found = Learnt(names, values) if training is not None else learnt
    if windows is None:
        return Part(inputs, targets, rows, known, found)
    if training is not None:
        found = with_step(found, tuple(windows.spec.columns), windows.series.step)
    first, labels = first_rows(windows), Labels(windows, columns, np.arange(rows))
    if (groups := numbers_of_groups(task, labels.groups(), found)) is not None:
        targets[GROUP] = groups
    forecast = Naive(season_of(windows), naive)
    return Part(inputs, targets, rows, known, found, first, labels, naive=forecast)


def check_values(task: Task, part: Part, *, training: bool) -> None:
    """Raise RunError for ids outside the table of their layer, integers that a layer would round, targets that are invalid
    for their loss, or masks that are not boolean; in prediction, or also in `training`.
    """
    with of_windows(part.numbers):
        check_ids(task, part.inputs, training=training)
        check_integers(task, part.inputs, training=training)
        check_targets(as_learnt(task, part.learnt), part.inputs, part.targets, part.masks)
