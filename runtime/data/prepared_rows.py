"""The data set of a task, from the cache where its rows were prepared before, else from its files, and kept then.

Whatever is wrong with the cache costs a reading and a word, never a value: what was kept is used only if it is as it was written
and was made of what is there now.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.memory import available_memory
from modelc.compiler.syntax.file_root import Root, reason_of
from modelc.runtime.data.column_digests import NONE_KNOWN, KnownDigests
from modelc.runtime.data.dataset import Dataset, Part, check_values, read_dataset
from modelc.runtime.data.decoding import decoded_dataset, may_be_decoded
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.opened_files import opened_columns
from modelc.runtime.data.preparation import NotByParts, goes_by_parts, write_by_parts
from modelc.runtime.data.prepared.cache import FOLDER, found, has_room, put
from modelc.runtime.data.prepared.key import is_of_plugins, is_slow, key_for, key_of
from modelc.runtime.data.prepared.prepared_set import (
    SetRecord,
    can_be_kept,
    read_record,
    read_set,
    verify_set,
    write_set,
)
from modelc.runtime.data.prepared.source_files import ReadFrom, are_settled, need_unchanged, read_from, read_from_now
from modelc.runtime.data.row_memory import bytes_of_row
from modelc.runtime.runs.unsound import UnsoundError

AT_ONCE = 2**16
"""As many rows are checked together, so that little memory is needed for them."""


def never(size: int) -> bool:
    return False


class Reading(NamedTuple):
    """How rows are read: `is_mapped` says of how many bytes of training rows they are to stay in their files; with `verify` the files
    of the data are read whatever the cache has, and this is compared with them. What readers decode of files stays in these where
    `decode` is true, and where it is None if neither the cache nor the memory has room for it.
    """

    is_mapped: Callable[[int], bool] = never
    verify: bool = False
    decode: bool | None = None


def dataset_of(
    task: Task,
    root: Root,
    *,
    test: bool = True,
    known: KnownDigests = NONE_KNOWN,
    learnt: Learnt | None = None,
    reading: Reading = Reading(),  # noqa: B008  # a frozen value
) -> Dataset:
    """What `read_dataset` says of the same, from the cache if it is there. Raises RunError as it does, E405 for files that change
    while they are read.
    """
    files = read_from(task, root, test=test)
    keys = keys_of(task, files, known, learnt, test=test)
    notes: list[str] = []
    for key in () if reading.verify or reading.decode else keys:
        # Under the last key are those that were read by the same.
        is_same = partial(is_wanted, known=known, learnt=learnt) if key != keys[-1] else always
        dataset, said = sound(partial(kept, root.cache, key, task, is_same, reading, test=test), shown(root, key))
        notes += said
        if dataset is not None:
            return replace(dataset, of_cache=tuple(notes))
    may_be = keys and not reading.verify and not reading.decode and is_slow(task) and are_settled(files.all)
    size = files.rows * (bytes_of_row(task) or 0)
    if may_be and goes_by_parts(task) and prepared_by_parts(root, keys[-1], task, known, learnt, size, test=test):
        need_unchanged(files, read_from_now(files, task, root, test=test))
        dataset, _ = sound(partial(kept, root.cache, keys[-1], task, always, reading, test=test), "")
        if dataset is not None:
            return replace(dataset, of_cache=tuple(notes))
    is_decoded = may_be_decoded(task) and (reading.decode or (reading.decode is None and is_beyond_memory(size)))
    read = partial(decoded_dataset, files=files) if is_decoded else read_dataset
    dataset = read(task, root, test=test, known=known, learnt=learnt)
    need_unchanged(files, read_from_now(files, task, root, test=test))
    if reading.verify:
        notes += verified(root, keys, dataset)
    if is_decoded:
        return replace(dataset, of_cache=tuple(notes))
    is_mapped = reading.is_mapped(rows_bytes(dataset))
    if keys and (is_mapped or is_slow(task)) and are_settled(files.all) and can_be_kept(dataset):
        notes += keep(root.cache, keys[-1], task, dataset)
        if is_mapped:
            again, _ = sound(partial(kept, root.cache, keys[-1], task, always, reading, test=test), "")
            dataset = again or dataset
    return replace(dataset, of_cache=tuple(notes))


def read_anew(task: Task, root: Root) -> Dataset:
    """What the files of a completed task have, whatever the cache has: as `read_dataset` reads it, or decoded where memory has no room.
    Raises RunError as that does.
    """
    files = read_from(task, root, test=True) if may_be_decoded(task) else None
    if files is None or not is_beyond_memory(files.rows * (bytes_of_row(task) or 0)):
        return read_dataset(task, root)
    return decoded_dataset(task, root, files=files, known=NONE_KNOWN, learnt=None, test=True)


def is_beyond_memory(size: int) -> bool:
    """Whether so many bytes of rows leave too little of the memory for all else."""
    there = available_memory()
    return there is not None and size > there // 2


def prepared_by_parts(
    root: Root, key: str, task: Task, known: KnownDigests, learnt: Learnt | None, size: int, *, test: bool
) -> bool:
    """Whether the rows, of about `size` bytes, could be prepared part by part. Where not, what is wrong is found, and said, when they are read at once.

    Raises RunError E407 for broken files, which are counted in all parts.
    """
    write = partial(write_by_parts, key=key, task=task, root=root, known=known, learnt=learnt, test=test)
    try:
        if not has_room(root.cache, size):
            return False
        put(root.cache, key, size, write)
    except RunError as error:
        if error.code == "E407":
            raise
        return False
    except (OSError, NotByParts):
        return False
    return True


def sound(find: Callable[[], Dataset | None], where: str) -> tuple[Dataset | None, list[str]]:
    """What `find` finds of a set in the folder `where`, None where it is damaged, and what to say of that."""
    try:
        return find(), []
    except UnsoundError as error:
        return None, [f"the rows are prepared again: what the cache had of them in `{where}` {error}"]
    except OSError as error:
        return None, [f"the rows are read again: `{where}` cannot be read: {reason_of(error)}"]


def verified(root: Root, keys: Sequence[str], dataset: Dataset) -> list[str]:
    """What to say of the rows that are kept under `keys`, beside those that were read now."""
    if not keys:
        return ["rows of this kind are never kept in the cache: they are read from their files each time"]
    said = [one for key in keys if (one := verified_under(root, key, dataset)) is not None]
    return list(dict.fromkeys(said)) or ["the cache had nothing of the rows to be compared"]


def verified_under(root: Root, key: str, dataset: Dataset) -> str | None:
    """The same of those under one key; None where there are none."""
    where = shown(root, key)
    try:
        with found(root.cache, key) as folder:
            if folder is None:
                return None
            record = read_record(folder, key)
            verify_set(folder, record)
    except UnsoundError as error:
        return f"what the cache had of the rows in `{where}` {error}; they are prepared again"
    except OSError as error:
        return f"`{where}` cannot be read: {reason_of(error)}"
    # Test rows are not read by all that reads a set.
    both = [(before, now) for before, now in zip(record.known, dataset.digests, strict=True) if now.digests]
    if any(before != now for before, now in both):
        return f"what the cache had in `{where}` was of other rows than the files have; they are prepared again"
    return "the rows in the cache are whole, and those of the files"


def rows_bytes(dataset: Dataset) -> int:
    """The bytes of the rows that training has on a device where they are resident."""
    return sum(part.bytes for part in (dataset.train, dataset.validation) if part is not None)


def keys_of(task: Task, files: ReadFrom, known: KnownDigests, learnt: Learnt | None, *, test: bool) -> tuple[str, ...]:
    """The keys under which the rows may be, the last of which is that under which they are kept; none for rows that are not."""
    # Windows take the memory of many rows each, and making them of rows that are read is fast.
    if task.data is None or task.windows is not None or is_of_plugins(task):
        return ()
    # What a program gives, and which files there are, would be in no key.
    if not opened_columns(task) and not all(source.opens_files for source in task.data.sources.values()):
        return ()
    plain = key_of(task, files)
    if learnt is None and known == NONE_KNOWN and test:
        return (plain,)
    return plain, key_for(task, files, learnt, known, test=test)


def shown(root: Root, key: str) -> str:
    """The folder of a set, for messages."""
    return str(root.cache / FOLDER / key)


def kept(
    cache: Path, key: str, task: Task, is_same: Callable[[SetRecord], bool], reading: Reading, *, test: bool
) -> Dataset | None:
    """The rows that are kept under `key`; None where there are none, or others than are wanted, which `is_same` says. Raises
    UnsoundError, OSError.
    """
    with found(cache, key) as folder:
        if folder is None:
            return None
        record = read_record(folder, key)
        is_mapped = reading.is_mapped(record.bytes) or is_beyond_memory(record.bytes)
        if not is_same(record) or not (is_mapped or is_slow(task)):
            return None
        dataset = read_set(folder, record, task, test=test, is_mapped=is_mapped)
    try:
        for part in (dataset.train, dataset.validation):
            check_part(task, part, training=True)
        check_part(task, dataset.test, training=False)
    except RunError:
        # The model has changed. What is wrong is said of the rows as their files have them.
        return None
    return dataset


def check_part(task: Task, part: Part | None, *, training: bool) -> None:
    """Raise RunError for rows that do not fit the model, some after the other."""
    for start in range(0, part.rows if part is not None else 0, AT_ONCE):
        assert part is not None
        check_values(task, part.between(start, start + AT_ONCE), training=training)


def always(record: SetRecord) -> bool:
    return True


def is_wanted(record: SetRecord, known: KnownDigests, learnt: Learnt | None) -> bool:
    """Whether kept rows are those that would be read: by what was `learnt`, and from columns whose digests are the known ones."""
    if learnt is not None and record.values != learnt:
        return False
    pairs = zip(record.known, known, strict=True)
    return all(
        not before.digests or before.digests.get(name) == digest
        for now, before in pairs
        for name, digest in now.digests.items()
    )


def keep(cache: Path, key: str, task: Task, dataset: Dataset) -> list[str]:
    """Keep a data set, and say so where that cannot be."""
    size = sum(part.bytes for part in (dataset.train, dataset.validation, dataset.test) if part is not None)
    try:
        if not has_room(cache, size):
            return ["the rows are not kept for the next run: they take more than the part of the disk that is for them"]
        put(cache, key, size, partial(write_set, key=key, task=task, dataset=dataset))
    except OSError as error:
        return [f"the rows are not kept for the next run: `{cache / FOLDER}` cannot be written: {reason_of(error)}"]
    return []
