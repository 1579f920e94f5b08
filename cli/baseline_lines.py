"""What `modelc train` and `modelc evaluate` print of baselines, and where these come from: a run has those of its own rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar

import typer

from modelc.cli.console import Line, inform, warn

if TYPE_CHECKING:
    from modelc.cli.splits import Changed, Split
    from modelc.compiler.binding.task import Task
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline, Fitted
    from modelc.runtime.data.dataset import Dataset, Part
    from modelc.runtime.runs.run_directory import Run

T = TypeVar("T")
NoBaseline = Annotated[
    bool,
    typer.Option("--no-baseline", help="Do without the scores of simple models on the same rows."),
]


class Trained(NamedTuple):
    """The baselines that were fitted in a training, None where the memory is not enough for them; and what they score, by the split."""

    fitted: "Fitted | None"
    scores: "Mapping[str, Sequence[Baseline]]"


def trained_baselines(task: "Task", prepared: "PreparedTask", dataset: "Dataset") -> Trained:
    """The baselines of a data set, on all of its rows that are held out."""
    from modelc.runtime.baselines.baseline import fit

    parts = {"validation": dataset.validation, "test": dataset.test}
    fitted = in_memory(lambda: fit(task, dataset.train))
    if fitted is None:
        return Trained(None, {})
    scores = {key: scored(prepared, fitted, part) for key, part in parts.items() if part is not None}
    return Trained(fitted, {} if None in scores.values() else {key: found or () for key, found in scores.items()})


def scored(prepared: "PreparedTask", fitted: "Fitted", part: "Part") -> "Sequence[Baseline] | None":
    """What baselines score on the rows of `part`; None, after a warning, where the memory is not enough for them."""
    from modelc.runtime.baselines.baseline import baselines

    return in_memory(lambda: baselines(prepared, fitted, part))


def in_memory(compute: "Callable[[], T]") -> "T | None":
    """What `compute` returns; None, after a warning, where the memory is not enough for it."""
    from modelc.compiler.diagnostics.exceptions import RunError

    try:
        return compute()
    except (RunError, MemoryError) as error:
        if isinstance(error, RunError) and error.code != "E502":
            raise
        warn("there are no baselines: the memory is exhausted", notes=("the run itself is complete",))
        return None


class SplitRows(NamedTuple):
    """The rows of one split of a run's data, its training rows, and what of its columns has changed since it was trained."""

    split: "Split"
    part: "Part"
    train: "Part"
    changed: "Changed"


def baselines_of_run(run: "Run", task: "Task", prepared: "PreparedTask", rows: SplitRows) -> "Sequence[Baseline]":
    """The baselines on some rows of a run: those that it has, or, where it has none or its data has changed since, computed
    now.
    """
    from modelc.runtime.runs.kept_baselines import kept_baselines

    kept = kept_baselines(run, rows.split)
    is_same = not rows.changed.train and (rows.split == "train" or getattr(rows.changed, rows.split) == [])
    if kept is not None and is_same:
        return kept
    from modelc.runtime.baselines.baseline import fit

    fitted = in_memory(lambda: fit(task, rows.train))
    return () if fitted is None else scored(prepared, fitted, rows.part) or ()


def baselines_of_file(run: "Run", task: "Task", prepared: "PreparedTask", part: "Part") -> "Sequence[Baseline]":
    """What those that were fitted in the training of a run score on the rows of a file; none, after a note, of a run without."""
    from modelc.runtime.runs.kept_baselines import kept_models

    fitted = kept_models(run, task)
    if fitted is None:
        inform(
            "this run has no baselines for rows of a file: a training keeps them at its end, but with `--no-baseline`"
        )
        return ()
    return scored(prepared, fitted, part) or ()


def lines_beside(found: "Sequence[Baseline]", rows: int, training: int) -> list[Line]:
    """The baselines on so many validation rows, below the values of a training on so many rows."""
    from modelc.runtime.training.progress_text import show_number

    if not found:
        return []
    width = max(len(one.name) for one in found)
    return [
        f"baselines on the same {rows:,} validation rows:",
        *(
            f"  {one.name:<{width}}  "
            + ", ".join(f"{key} {show_number(value)}" for key, value in one.values.items())
            + sample(one, training)
            for one in found
        ),
    ]


def beside(found: "Sequence[Baseline]", key: str) -> str:
    """What the baselines have of one score, as it stands beside it; empty where they do not have it."""
    shown = [f"{one.name} {one.values[key]:.6g}" for one in found if key in one.values]
    return f"   {', '.join(shown)}" if shown else ""


def sample(one: "Baseline", training: int) -> str:
    """That a baseline was fitted to some training rows, where it was not to all."""
    return f"   (fitted to {one.rows:,} of {training:,} training rows)" if one.rows < training else ""
