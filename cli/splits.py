"""Which rows `modelc evaluate` and `modelc predict` take, and the warning that they are not those of the training."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from modelc.cli.console import paint, write

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.runtime.data.dataset import Dataset, Part
    from modelc.runtime.runs.run_directory import Run

Split = Literal["train", "validation", "test"]
Which = Literal["best", "last"]


def read_again(run: "Run", task: "Task", root: Path | None) -> "tuple[Task, Dataset, list[str]]":
    """The task with all its types known, its data, and the columns that have changed since the run was trained."""
    from modelc.runtime.data.dataset import complete, read_dataset
    from modelc.runtime.runs.environment import changed_columns

    where = run.root(root)
    task, _ = complete(task, where)
    dataset = read_dataset(task, where)
    changed = changed_columns(run.environment(), dataset.digests)
    if changed:
        warn_changed(changed)
    return task, dataset, changed


def warn_changed(columns: Sequence[str]) -> None:
    """Say that the data is not the data of the training."""
    shown = ", ".join(f"`{name}`" for name in columns)
    write(
        paint("strong", "warning", sys.stderr)
        + f": the data has changed since this run was trained: {shown}\n"
        + "  = note: rows may lie in other splits now, so scores may be of rows that were trained on\n",
        sys.stderr,
    )


def choose_rows(dataset: "Dataset", split: Split | None) -> "tuple[Split, Part]":
    """The rows of `split`; without one the test rows if there are any, else the rows kept for validation.

    Raises RunError E404 where there are none.
    """
    from modelc.compiler.diagnostics.exceptions import RunError

    parts: dict[Split, Part | None] = {
        "test": dataset.test,
        "validation": dataset.validation,
        "train": dataset.train,
    }
    if split is None:
        split = next((name for name in ("test", "validation") if parts[name] is not None), None)
    part = None if split is None else parts[split]
    if split is not None and part is not None:
        return split, part
    there = [name for name, rows in parts.items() if rows is not None]
    raise RunError(
        "E404",
        f"the data has no {split or 'test and no validation'} rows",
        notes=dataset.notes,
        helps=(f"`--split {there[0]}` takes the rows that there are",),
    )
