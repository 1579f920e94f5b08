"""What the runs of all folds have together: the mean and the spread of their scores, and the predictions of rows by the run that
was not trained on them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.evaluate import predict
from modelc.runtime.prediction_files import write_columns
from modelc.runtime.predictions import columns_in_form, form_of, misfit
from modelc.runtime.runs.files import replacing
from modelc.runtime.runs.kept_spec import rows_for
from modelc.runtime.runs.metrics_log import METRICS
from modelc.runtime.runs.run_directory import Run

VALIDATION = "validation/"
ROW = "row"
"""The column that has the number of each row in the source, counted from 0."""


class Spread(NamedTuple):
    """The score of each fold by one log key, their mean, and their standard deviation as that of a sample."""

    each: tuple[float, ...]
    mean: float
    deviation: float


def spreads(runs: Sequence[Run]) -> dict[str, Spread]:
    """The validation scores of `runs` at the best epoch of each, or the last where none was best, by log key."""
    scores = [scores_of(run) for run in runs]
    keys = [key for key in scores[0] if all(key in found for found in scores)]
    each = {key: tuple(float(found[key]) for found in scores) for key in keys}
    return {key: Spread(values, mean(values), stdev(values)) for key, values in each.items()}


def scores_of(run: Run) -> Mapping[str, Any]:
    """The validation scores of a run at its best epoch, by log key without `validation/`."""
    lines = [json.loads(line) for line in (run.folder / METRICS).read_text("utf-8").splitlines()]
    epoch = run.record.best.epoch if run.record.best is not None else lines[-1]["epoch"]
    line = next(line for line in lines if line["epoch"] == epoch)
    # By a monitor of the training rows, an epoch can be the best whose validation rows were not evaluated.
    lines = [line, *(one for one in reversed(lines) if any(key.startswith(VALIDATION) for key in one))]
    found = ({key: value for key, value in one.items() if key.startswith(VALIDATION)} for one in lines)
    return {key.removeprefix(VALIDATION): value for key, value in next((one for one in found if one), {}).items()}


def out_of_fold(runs: Sequence[Run], form: str) -> Arrays:
    """The predictions of the validation rows of each of `runs` by that run, in the order of the source, behind the number of each
    row, as columns of a file of this form. Columns that only some runs have, such as those of learnt names, are left out.
    """
    found: list[dict[str, Array]] = []
    for run in runs:
        task = run.task()
        snapshot = run.weights(prepare(task))[1]
        task, dataset = rows_for(run, task, run.find_root(None, task.source).root, test=False)
        part = dataset.validation
        assert part is not None and part.numbers is not None, "a fold is a part of the rows"
        predicted = predict(prepare(task), snapshot.params, snapshot.state, part.inputs, part.rows)
        found.append({ROW: part.numbers, **columns_in_form(task.outputs, predicted, form, raw=False)})
    names = [name for name in found[0] if all(name in columns for columns in found)]
    joined = {name: joined_column([columns[name] for columns in found]) for name in names}
    order = np.argsort(np.ma.getdata(joined[ROW]), kind="stable")
    return {name: column[order] for name, column in joined.items()}


def joined_column(parts: Sequence[Array]) -> Array:
    """Parts of a column after each other, masked where one of them is."""
    values = np.concatenate([np.ma.getdata(part) for part in parts])
    mask = np.concatenate([np.ma.getmaskarray(part) for part in parts])
    return np.ma.MaskedArray(values, mask) if mask.any() else values


def write_out_of_fold(runs: Sequence[Run], folder: Path) -> Path:
    """Write the predictions of `out_of_fold` into `folder`, as a table where they fit into one; the path of the file. Raises
    RunError.
    """
    path = folder / "out_of_fold.csv"
    if misfit(runs[0].task().outputs, path) is not None:
        path = path.with_suffix(".npz")
    form = form_of(path)
    assert form is not None
    columns = out_of_fold(runs, form)
    with replacing(path) as file:
        write_columns(file, form, columns)
    return path
