"""What `modelc train` and `modelc evaluate` print of baselines, and where these come from: a run has those of its own rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.cli.console import Line, inform, warn
from modelc.compiler.diagnostics.phrases import name_list

if TYPE_CHECKING:
    from modelc.cli.splits import Changed, Split
    from modelc.compiler.binding.task import Task
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline
    from modelc.runtime.baselines.trained import Trained
    from modelc.runtime.data.dataset import Part
    from modelc.runtime.runs.run_directory import Run

NoBaseline = Annotated[
    bool,
    typer.Option("--no-baseline", help="Do without the scores of simple models on the same rows."),
]


def warn_of_memory(message: str) -> None:
    """Print that there are no baselines, which takes nothing from a run."""
    warn(message, notes=("the run itself is complete",))


def tell_of_none(task: "Task", trained: "Trained") -> None:
    """Print that a training has no baselines on its validation rows though its memory is enough, and why, if it has none."""
    from modelc.compiler.library.losses import LOSSES

    if "validation" not in trained.scores or any(trained.scores.values()):
        return
    without = {LOSSES.name_of(term.loss) for term in task.terms if not term.loss.takes_target}
    if len(without) == len({LOSSES.name_of(term.loss) for term in task.terms}):
        why = f"{name_list(sorted(without))} {'has' if len(without) == 1 else 'have'} no target that a simple model could predict"
    else:
        why = "simple models predict classes, yes or no, and numbers of one row, and no target here is only that"
    inform(f"there are no baselines: {why}")


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
    from modelc.runtime.baselines.trained import fitted_to, scored

    fitted = fitted_to(task, rows.train, warn_of_memory)
    return () if fitted is None else scored(prepared, fitted, rows.part, warn_of_memory) or ()


def baselines_of_file(run: "Run", task: "Task", prepared: "PreparedTask", part: "Part") -> "Sequence[Baseline]":
    """What those that were fitted in the training of a run score on the rows of a file; none, after a note, of a run without."""
    from modelc.runtime.baselines.trained import scored
    from modelc.runtime.runs.kept_baselines import kept_models

    fitted = kept_models(run, task)
    if fitted is None:
        inform(
            "this run has no baselines for rows of a file: a training keeps them at its end, but with `--no-baseline`"
        )
        return ()
    return scored(prepared, fitted, part, warn_of_memory) or ()


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
