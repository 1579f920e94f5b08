"""A run stays as it was trained: where rows do not fit it, or something is wrong in its files, its spec is to be edited."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError, SpecError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.expansion.spec_files import shown_path
from modelc.compiler.library.contracts.weight_rules import ArrayFile
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.runs.run_directory import Run

if TYPE_CHECKING:
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.prepared_rows import Reading

OF_ROWS = ("E401", "E402", "E403")
"""The errors about rows that a spec could be changed for."""
STAYS = "the run stays as it was trained: give it rows like those of its training"


@contextmanager
def with_rows_for(run: Run) -> Iterator[None]:
    """Let errors about rows that do not fit a run, which the block raises, say that not its files are to be changed."""
    try:
        yield
    except SpecError as error:
        folder = real_path(run.folder)
        problems = [
            replace(one, helps=helps_for(run, one.helps)) if is_in(one, folder) else one for one in error.problems
        ]
        raise SpecError(problems, dict(error.sources)) from None
    except RunError as error:
        if error.code not in OF_ROWS:
            raise
        raise error.replaced(helps=helps_for(run, error.helps)) from None


def rows_for(
    run: Run, task: Task, root: Root, *, test: bool = True, learn: bool = False, reading: "Reading | None" = None
) -> "tuple[Task, Dataset]":
    """The completed task of a run and its data as it is now, without the test rows where `test` is false. Its readers know
    what they learnt then, unless they are to `learn` again.

    Raises SpecError and RunError, whose helps leave the run as it is.
    """
    from modelc.runtime.data.dataset import complete
    from modelc.runtime.data.learnt_task import as_learnt
    from modelc.runtime.data.prepared_rows import Reading, dataset_of
    from modelc.runtime.runs.column_kinds import as_trained
    from modelc.runtime.runs.environment import known_digests
    from modelc.runtime.runs.learnt_values import kept_values

    with with_rows_for(run):
        recorded = run.environment()
        task, _ = complete(as_trained(task, recorded), root, test=test)
        # What was bound anew is as the spec has it.
        task = as_trained(task, recorded)
        learnt = None if learn else kept_values(run)
        known = known_digests(recorded)
        dataset = dataset_of(task, root, test=test, known=known, learnt=learnt, reading=reading or Reading())
    return as_learnt(task, dataset.train.learnt), dataset


def is_in(problem: Problem, folder: str) -> bool:
    """Whether a problem is in one of the files of `folder`."""
    file = problem.label.place.file
    return os.path.dirname(real_path(file)) == folder


def helps_for(run: Run, helps: Sequence[str]) -> tuple[str, ...]:
    """What to do about rows that do not fit a run, where `helps` is what to do about its spec."""
    spec = trained_from(run)
    for_these = f"or, for these rows, edit `{spec}` and train it again" if spec else "or, for these rows, train anew"
    return (STAYS, f"{for_these}: {'; '.join(helps)}" if helps else for_these)


def trained_from(run: Run) -> str:
    """The path of the spec that a run was trained from, as messages show it; empty where that is not there any more."""
    record = run.record
    if record.source is None:
        return ""
    roots = [record.root]
    if record.root_from_run is not None:
        # A project that was moved or copied has its own.
        roots.insert(0, os.path.join(real_path(run.folder), record.root_from_run))
    found = (os.path.normpath(os.path.join(root, record.source)) for root in roots)
    return next((shown_path(Path(path)) for path in found if os.path.isfile(path)), "")


def with_note_on_run(problems: tuple[Problem, ...], folder: Path) -> tuple[Problem, ...]:
    """`problems` in a file of the run in `folder`, the first of which says what to edit instead."""
    try:
        spec = trained_from(Run(folder))
    except RunError:
        spec = ""
    note = f"it is a file of the run `{shown_path(folder)}`, which stays as it was trained"
    note += f": edit `{spec}`" if spec else ": edit the spec that was trained"
    first, *others = problems
    return (replace(first, notes=(*first.notes, note)), *others)


def notes_on_names(run: Run, root: Path | None) -> Iterator[str]:
    """What to say of files of class names that are others now, below `root` or where the run read them: it uses its own."""
    if not run.record.class_names:
        return
    from modelc.compiler.expansion.class_names import MAX_NAME_BYTES, names_of
    from modelc.compiler.expansion.spec_files import file_and_name, load_file

    below = run.find_root(root).root
    for known_as, kept in run.class_names().items():
        file, name = file_and_name(known_as)
        with suppress(RunError):
            loaded = load_file(below, {}, file, None, MAX_NAME_BYTES)
            names, _ = names_of(loaded.data, loaded.name, name)
            if names != kept:
                yield f"`{loaded.name}` has changed: {difference(kept, names)}; the run uses the names that it was trained with"


def notes_on_arrays(run: Run, task: Task, root: Root) -> Iterator[str]:
    """What to say of arrays in files below `root` that are others now than those that weights of the run began with."""
    recorded = run.environment().get("arrays")
    if not isinstance(recorded, dict) or not recorded:
        return
    from modelc.compiler.binding.array_files import read_entries, read_one

    # One file may be read as several dtypes, of which the last is recorded.
    found: dict[ArrayFile, set[str]] = {}
    for read in {read.wanted: read for read in read_entries(task.planned, task.spec.document)}.values():
        try:
            digests = {read_one(task.spec.document, root, read).digest}
        except AbsentFile:
            continue
        except RunError:
            digests = set()
        found.setdefault(read.file, set()).update(digests)
    for file, digests in found.items():
        if recorded.get(str(file)) not in digests:
            yield f"{file.described()} has changed; the run uses the values that it was trained with"


def difference(before: Sequence[str], after: Sequence[str] | None) -> str:
    """The first line in which names differ, in words."""
    if after is None:
        return "it has no names now"
    both = min(len(before), len(after))
    first = next((index for index in range(both) if before[index] != after[index]), both)
    one, other = (f"{names[first]!r}" if first < len(names) else "nothing" for names in (before, after))
    return f"line {first + 1} was {one} and is {other}"
