"""The mean of the predictions of several runs: `modelc predict RUN FILE --with RUN`."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.console import refuse
from modelc.cli.plugins import task_of
from modelc.cli.splits import Which, open_run
from modelc.compiler.library.base.lazy import np

if TYPE_CHECKING:
    from modelc.cli.predict import Rows
    from modelc.compiler.binding.task import Task
    from modelc.runtime.data.arrays import Arrays
    from modelc.runtime.runs.run_directory import Run

STREAM = Path("-")
"""Standard input or output, in place of a file."""
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="RUN",
        help="Write the mean of the predictions of RUN, of this run, or of all runs in this folder; repeatable. Needs DATA.",
    ),
]


def need_rows_for_each(others: Sequence[str], data: Path | None, *, raw: bool) -> None:
    """End the command where several runs are named and their predictions cannot be of the same rows, or have no mean."""
    if others and (data is None or data == STREAM):
        helps = ("name a file with the rows to predict: `modelc predict RUN FILE --with RUN --output FILE`",)
        refuse("`--with` predicts the same rows by each run, which reads them from a file", helps=helps)
    if others and raw:
        refuse(
            "`--raw` writes the values of one model, which have no mean with those of others", helps=("leave it out",)
        )


def runs_beside(first: "Run", others: Sequence[str]) -> "list[Run]":
    """The runs that `others` name, each once and without the `first`: a run, or all in a folder. Raises RunError."""
    from modelc.runtime.runs.run_folders import runs_in
    from modelc.runtime.runs.run_layout import holds_run

    found: list[Run] = []
    for text in others:
        there = runs_in(Path(text)) if os.path.isdir(text) and not holds_run(Path(text)) else None
        if there is not None and there.damaged:
            raise there.damaged[0]
        found += there.there if there is not None and there.there else [open_run(text, None, ["predict"])]
    by_folder = {os.path.realpath(run.folder): run for run in found}
    by_folder.pop(os.path.realpath(first.folder), None)
    return list(by_folder.values())


def averaged(
    first: "Run",
    rows: "Rows",
    predicted: "Arrays",
    runs: "Sequence[Run]",
    read: "Callable[[Run, Task], Rows]",
    weights: Which | None,
) -> "Arrays":
    """The mean of what `first` has `predicted` for `rows`, and what each of `runs` does for the same, which `read` reads for it:
    of probabilities, and of numbers in the unit of the data. Raises RunError.
    """
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.evaluate import predict
    from modelc.runtime.finite import check_predictions

    total = {name: values.astype("float64") for name, values in predicted.items()}
    for run in runs:
        task = task_of(run)
        other = read(run, task)
        need_alike(first, rows, run, other)
        ready, snapshot = prepare(other.task), run.weights(prepare(task), weights)[1]
        found = predict(
            ready, snapshot.params, snapshot.state, other.inputs, other.length, raw=False, groups=other.groups
        )
        note = f"they are those of `{run.folder}`, and nothing was written"
        check_predictions(ready, snapshot.params, snapshot.state, other.inputs, found, raw=False, note=note)
        total = {name: values + found[name] for name, values in total.items()}
    return {name: np.asarray(values / (len(runs) + 1), predicted[name].dtype) for name, values in total.items()}


def need_alike(first: "Run", rows: "Rows", run: "Run", other: "Rows") -> None:
    """End the command unless the outputs of two runs mean the same."""
    one, two = rows.task.outputs, other.task.outputs
    what = ""
    if list(one) != list(two):
        what = f"it has the outputs {', '.join(two)}, and not {', '.join(one)}"
    for name in one if not what else ():
        if (one[name].type.shape, one[name].link) != (two[name].type.shape, two[name].link):
            what = f"`{name}` has another shape or another kind of loss"
        elif one[name].classes != two[name].classes:
            what = f"`{name}` has other classes, or in another order"
    if what:
        message = f"the predictions of `{run.folder}` have no mean with those of `{first.folder}`: {what}"
        refuse(message, helps=("name runs of the same outputs, such as those of all folds",))
