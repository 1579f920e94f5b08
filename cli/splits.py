"""The run and the rows that `modelc evaluate` and `modelc predict` use, and what is said about the choice of both."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from modelc.cli.checking import Folders
from modelc.cli.console import inform, refuse, warn

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.new_rows import NewRows
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.runs.run_folders import Command

Split = Literal["train", "validation", "test"]
Which = Literal["best", "last"]
RunName = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run directory, `runs/NAME` for its latest, `runs/NAME:TAG`, or the spec."),
]


def need_one_choice(data: Path | None, split: Split | None) -> None:
    """End the command where both the file `data` and a `split` say which rows are meant."""
    if data is not None and split is not None:
        refuse(f"both `{data}` and `--split {split}` choose the rows", helps=("use only one of them",))


def open_run(text: str, root: Path | None, command: "Command") -> "Run":
    """The run that the argument `text` of a `command` refers to. Prints what is to be said about the choice."""
    from modelc.runtime.runs.find_run import find_run

    found = find_run(text, root, command)
    inform(*found.notes)
    if found.run.record.class_names:
        from modelc.runtime.runs.kept_spec import notes_on_names

        inform(*notes_on_names(found.run, root))
    return found.run


def rows_in(run: "Run", task: "Task", data: Path, folders: Folders, *, skipping: bool = False) -> "NewRows":
    """The rows of the file `data`, read by the types of training; paths in them begin at the last of `folders` that is given, or
    where it is. Where bad rows are skipped in training, so they are here where `skipping` is true. Raises RunError E4xx.
    """
    from modelc.runtime.runs.rows_for_run import rows_of_file

    root, data_root = folders
    return rows_of_file(run, task, data, data_root or root, skipping=skipping)


class Changed(NamedTuple):
    """The columns that have changed since a run was trained: of its source, and of its test and validation rows that have columns of
    their own, None where the run does not say.
    """

    train: list[str]
    test: list[str] | None
    validation: list[str] | None


def read_again(
    run: "Run", task: "Task", folders: Folders, split: Split | None, *, verify: bool = False
) -> "tuple[Task, Dataset, Changed]":
    """The completed task, its data, and the columns that have changed since the run was trained; with `verify`, the cache is
    compared with the files.

    The test rows are only read where `split` does not ask for others.
    """
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.runs.kept_spec import notes_on_arrays, rows_for

    where, notes = run.find_root(folders[0], task.source, folders[1])
    inform(*notes, *notes_on_arrays(run, task, where))
    task, dataset = rows_for(run, task, where, test=split in (None, "test"), reading=Reading(verify=verify))
    inform(*dataset.of_cache)
    return task, dataset, changes_of(run, dataset)


def changes_of(run: "Run", dataset: "Dataset") -> Changed:
    """The columns that have changed since training, after a warning of each kind of rows that has such."""
    from modelc.runtime.runs.environment import (
        OWN_ROWS,
        changed_columns,
        changed_own_columns,
        known_digests,
        what_changed,
    )

    recorded, now = run.environment(), dataset.digests
    before = known_digests(recorded)
    of_own = {
        part: changed_own_columns(recorded, part, digests) if (digests := getattr(now, part).digests) else []
        for part in OWN_ROWS
    }
    found = Changed(changed_columns(recorded, now.train.digests), **of_own)
    if found.train:
        warn(
            f"the data has changed since this run was trained: {what_changed(found.train, before.train, now.train)}",
            notes=("the split may have changed, so scores may include rows that were trained on",),
        )
    for part, changed in of_own.items():
        if changed:
            what = what_changed(changed, getattr(before, part), getattr(now, part))
            message = f"the {part} rows have changed since this run was trained: {what}"
            warn(message, notes=("scores of them are not comparable with those of the rows that were there then",))
        if changed is None:
            inform(f"whether the {part} rows have changed is not known: the run was recorded without their digests")
    return found
