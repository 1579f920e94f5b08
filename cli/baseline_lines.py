"""What `modelc train` and `modelc evaluate` print of baselines, and where these come from: a run has those of its own rows."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.cli.console import Line, warn

if TYPE_CHECKING:
    from modelc.cli.splits import Changed, Split
    from modelc.compiler.binding.task import Task
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline
    from modelc.runtime.data.dataset import Dataset, Part
    from modelc.runtime.runs.run_directory import Run

NoBaseline = Annotated[
    bool,
    typer.Option("--no-baseline", help="Do without the scores of simple models on the same rows."),
]


def held_out_baselines(
    task: "Task", prepared: "PreparedTask", dataset: "Dataset"
) -> "Mapping[str, Sequence[Baseline]]":
    """The baselines on all rows of `dataset` that are held out, by the split."""
    parts = {"validation": dataset.validation, "test": dataset.test}
    there = {key: part for key, part in parts.items() if part is not None}
    return baselines_on(task, prepared, dataset.train, there) if there else {}


def baselines_on(
    task: "Task", prepared: "PreparedTask", train: "Part", parts: "Mapping[str, Part]"
) -> "Mapping[str, Sequence[Baseline]]":
    """The baselines on each of the `parts`; none, after a warning, where the memory is not enough for them."""
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.baselines.baseline import baselines

    try:
        return baselines(task, prepared, train, parts)
    except (RunError, MemoryError) as error:
        if isinstance(error, RunError) and error.code != "E502":
            raise
        warn("there are no baselines: the memory is exhausted", notes=("the run itself is complete",))
        return {}


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
    is_same = not rows.changed.train and (rows.split != "test" or rows.changed.test == [])
    if kept is not None and is_same:
        return kept
    return baselines_on(task, prepared, rows.train, {rows.split: rows.part}).get(rows.split, ())


def lines_beside(found: "Sequence[Baseline]", rows: int, training: int) -> list[Line]:
    """The baselines on so many validation rows, below the values of a training on so many rows."""
    from modelc.cli.progress import show_number

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
