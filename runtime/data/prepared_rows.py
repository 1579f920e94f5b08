"""The data set of a task, from the cache where its rows were prepared before, else from its files, and kept then.

Whatever is wrong with the cache costs a reading and a word, never a value: what was kept is used only if it is as it was written
and was made of what is there now.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root, reason_of
from modelc.runtime.data.column_digests import NONE_KNOWN, KnownDigests
from modelc.runtime.data.dataset import Dataset, check_values, read_dataset
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.opened_files import opened_columns
from modelc.runtime.data.prepared.cache import FOLDER, found, put
from modelc.runtime.data.prepared.key import is_masked, is_slow, key_for, key_of
from modelc.runtime.data.prepared.prepared_set import SetRecord, can_be_kept, read_record, read_set, write_set
from modelc.runtime.data.prepared.source_files import SourceFile, are_settled, need_unchanged, source_files
from modelc.runtime.runs.unsound import UnsoundError


def dataset_of(
    task: Task, root: Root, *, test: bool = True, known: KnownDigests = NONE_KNOWN, learnt: Learnt | None = None
) -> Dataset:
    """What `read_dataset` says of the same, from the cache if it is there. Raises RunError as it does, E405 for files that change
    while they are read.
    """
    files = source_files(task, root, test=test)
    keys = keys_of(task, files, known, learnt, test=test)
    notes: list[str] = []
    for key in keys:
        try:
            # Under the last key are those that were read by the same.
            is_same = partial(is_wanted, known=known, learnt=learnt) if key != keys[-1] else always
            dataset = kept(root.cache, key, task, is_same, test=test)
        except UnsoundError as error:
            notes = [f"the rows are prepared again: what the cache had of them in `{shown(root, key)}` {error}"]
        except OSError as error:
            notes = [f"the rows are read again: `{shown(root, key)}` cannot be read: {reason_of(error)}"]
        else:
            if dataset is not None:
                return dataset
    dataset = read_dataset(task, root, test=test, known=known, learnt=learnt)
    need_unchanged(files, source_files(task, root, test=test))
    if keys and are_settled(files) and can_be_kept(dataset):
        notes += keep(root.cache, keys[-1], task, dataset)
    return replace(dataset, notes=(*dataset.notes, *notes))


def keys_of(
    task: Task, files: Sequence[SourceFile], known: KnownDigests, learnt: Learnt | None, *, test: bool
) -> tuple[str, ...]:
    """The keys under which the rows may be, the last of which is that under which they are kept; none for rows that are not."""
    # Windows take the memory of many rows each, and making them of rows that are read is fast.
    if task.data is None or task.data.windows is not None:
        return ()
    if not is_slow(task) or (is_masked(task) and task.spec.plugins.plugins):
        return ()
    # `files` are those of the sources: what is in the files that readers open would be in no key.
    if opened_columns(task):
        return ()
    plain = key_of(task, files)
    if learnt is None and known == NONE_KNOWN and test:
        return (plain,)
    return plain, key_for(task, files, learnt, known, test=test)


def shown(root: Root, key: str) -> str:
    """The folder of a set, for messages."""
    return str(root.cache / FOLDER / key)


def kept(cache: Path, key: str, task: Task, is_same: Callable[[SetRecord], bool], *, test: bool) -> Dataset | None:
    """The rows that are kept under `key`; None where there are none, or others than are wanted, which `is_same` says. Raises
    UnsoundError, OSError.
    """
    with found(cache, key) as folder:
        if folder is None:
            return None
        record = read_record(folder, key)
        if not is_same(record):
            return None
        dataset = read_set(folder, record, task, test=test)
    try:
        for part in (dataset.train, dataset.validation):
            if part is not None:
                check_values(task, part, training=True)
        if dataset.test is not None:
            check_values(task, dataset.test, training=False)
    except RunError:
        # The model has changed. What is wrong is said of the rows as their files have them.
        return None
    return dataset


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
    parts = [part for part in (dataset.train, dataset.validation, dataset.test) if part is not None]
    size = sum(array.nbytes for part in parts for array in (*part.inputs.values(), *part.targets.values()))
    try:
        put(cache, key, size, partial(write_set, key=key, task=task, dataset=dataset))
    except OSError as error:
        return [f"the rows are not kept for the next run: `{cache / FOLDER}` cannot be written: {reason_of(error)}"]
    return []
