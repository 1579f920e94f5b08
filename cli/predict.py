"""`modelc predict`: writes the predictions of a run's model as a table or as arrays."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from modelc.cli.averaging import STREAM, With, averaged, need_rows_for_each, runs_beside
from modelc.cli.checking import DataFolder, DataRoot, Folders
from modelc.cli.console import inform, pass_on, refuse, say, start_device
from modelc.cli.label_images import keep_label_images, may_be_folder, photo_of
from modelc.cli.plugins import PluginNames, enable, task_of
from modelc.cli.splits import RunName, Split, Which, need_one_choice, open_run, rows_in
from modelc.compiler.diagnostics.phrases import counted, listed

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.runtime.chosen_columns import Chosen
    from modelc.runtime.data.arrays import Array, Arrays
    from modelc.runtime.data.learning import Learnt
    from modelc.runtime.data.new_rows import NewRows
    from modelc.runtime.runs.run_directory import Run

Raw = Annotated[bool, typer.Option("--raw", help="Write the raw values of the model: no classes, no probabilities.")]
Spreadsheet = Annotated[
    bool,
    typer.Option(
        "--spreadsheet",
        help="Put an apostrophe before what a spreadsheet would compute of names in a .csv: what begins with = + - @, a tab "
        "or a line break, also behind a semicolon, tab or |, which may separate cells. Without it, names are written as "
        "they are.",
    ),
]


Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Output file: .csv, .parquet, .jsonl or .npz; - writes JSON lines to standard output. Of label images also a new "
        "folder, for an image of each photo.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Argument(
        metavar="DATA",
        help="File with the rows to predict, with the columns that the spec's inputs read: .csv, .parquet, .jsonl or .npz; "
        "- reads JSON lines from standard input. Of a run of image files also such a file, a folder, or a pattern in quotes.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="Columns to write, of predictions and of DATA, with commas between; NEW=NAME gives another name: "
        "`Id, SalePrice=price`. Default: all predictions.",
    ),
]


def predict(
    run: RunName,
    output: Output,
    data: Data = None,
    split: Annotated[
        Split | None,
        typer.Option(
            "--split",
            help="Rows of the spec's own data instead; default: the test rows if there are any, else the validation rows.",
        ),
    ] = None,
    weights: Annotated[
        Which | None,
        typer.Option("--weights", help="Which weights; default: the best, or the last if no best ones were saved."),
    ] = None,
    columns: Columns = None,
    others: With = None,
    raw: Raw = False,
    spreadsheet: Spreadsheet = False,
    root: DataFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Predict with a trained run: one line for each row, with the class and its probabilities, or numbers."""
    need_one_choice(data, split)
    need_rows_for_each(others or (), data, raw=raw)
    enable(plugins)
    found = open_for(run, output, data, root)
    task = task_of(found)

    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.data.learnt_task import as_learnt
    from modelc.runtime.runs.learnt_values import values_for_prediction

    learnt = values_for_prediction(found)
    given = None if data is None else rows_in(found, task, data, (root, data_root))
    known, folders = as_learnt(task, learnt), (root, data_root)
    photo, chosen = to_be_written(found, known, output, columns, given, folders, raw=raw, spreadsheet=spreadsheet)
    start_device()
    kind, snapshot = found.weights(prepare(task), weights)
    rows = rows_to_predict(found, task, given, learnt, split, folders, chosen)

    from modelc.runtime.evaluate import predict as predictions_of
    from modelc.runtime.finite import check_predictions

    prepared, weighed = prepare(rows.task), (snapshot.params, snapshot.state)
    predicted = predictions_of(prepared, *weighed, rows.inputs, rows.length, raw=raw, groups=rows.groups)
    runs = runs_beside(found, others or ())
    read = partial(rows_of_file, data, folders)
    mean = averaged(found, rows, predicted, runs, read, weights) if runs else predicted
    if photo and given is not None:
        keep_label_images(output, rows, mean, given, photo)
    else:
        keep(output, rows, mean, chosen, raw=raw, spreadsheet=spreadsheet)
    to_stream = output == STREAM
    made = f"{counted(rows.lines, 'prediction')} for {rows.what}" + ("" if to_stream else f" in {output}")
    of_weights = f"{kind} weights of {found.folder} (epoch {snapshot.epoch})" + said_of(runs)
    say(f"{made}: {of_weights}", stream=sys.stderr if to_stream else None)
    note = f"`{'standard output' if to_stream else output}` is complete, and has these rows as they are"
    check_predictions(prepared, *weighed, rows.inputs, predicted, raw=raw, note=note)


def said_of(runs: "Sequence[Run]") -> str:
    """What to say of the `runs` whose predictions have a part in the mean."""
    if not runs:
        return ""
    return f", averaged with those of {counted(len(runs), 'other run')}: {listed([str(run.folder) for run in runs])}"


def rows_of_file(data: Path | None, folders: Folders, run: "Run", task: "Task") -> "Rows":
    """The rows of the file `data` for another run. Raises RunError E4xx."""
    from modelc.runtime.runs.learnt_values import values_for_prediction

    assert data is not None, "several runs have rows of a file"
    given = rows_in(run, task, data, folders)
    return rows_to_predict(run, task, given, values_for_prediction(run), None, folders, None)


class Rows(NamedTuple):
    """Rows to predict, with the task that they were read for, what to call them, and columns of them that are written too."""

    task: "Task"
    inputs: "Arrays"
    length: int
    what: str
    others: "Arrays"
    labels: "Arrays"
    """Columns that stand before the predictions where none are chosen."""
    groups: "Array | None" = None

    @property
    def lines(self) -> int:
        """How many rows the predictions have, several for one window."""
        return len(next(iter(self.labels.values()), range(self.length)))


def open_for(run: str, output: Path, data: Path | None, root: Path | None) -> "Run":
    """The run that is meant, where predictions can be written to `output`. Raises RunError."""
    from modelc.runtime.runs.output_file import need_output

    files = [one for one in (data,) if one not in (None, STREAM)]
    if output != STREAM and not may_be_folder(output):
        need_output(output, [run, *(one for one in files if one is not None)])
    return open_run(run, root, ["predict", *([data] if data else []), "--output", output])


def to_be_written(
    run: "Run",
    task: "Task",
    output: Path,
    columns: str | None,
    given: "NewRows | None",
    folders: Folders,
    *,
    raw: bool,
    spreadsheet: bool,
) -> "tuple[str, Sequence[Chosen] | None]":
    """The column of the photos where label images are written, else an empty text; and the columns that are chosen of the rows and
    of predictions, None for all predictions. Ends the command for what cannot be written. Raises RunError.
    """
    from modelc.runtime.runs.output_file import data_files, need_output

    photo = photo_of(task, output, given, columns, raw=raw, spreadsheet=spreadsheet)
    if photo is not None:
        return photo.column, (photo,)
    if output != STREAM:
        need_output(output, data_files(task, run.find_root(folders[0], task.source, folders[1]).root))
    return "", columns_for(task, output, columns, given, raw=raw, spreadsheet=spreadsheet)


def columns_for(
    task: "Task", output: Path, columns: str | None, given: "NewRows | None", *, raw: bool, spreadsheet: bool
) -> "Sequence[Chosen] | None":
    """The columns to write that `columns` chooses, None for all predictions. Ends the command for what cannot be written."""
    from modelc.runtime.chosen_columns import UnfitChoice, both, choose
    from modelc.runtime.predictions import form_of, misfit, names_of
    from modelc.runtime.predictions_ahead import label_names, outputs_by_row

    chosen, form = None, form_of(output)
    if columns is not None and form is not None:
        there = label_names(task) or (None if given is None else given.names)
        try:
            chosen = choose(columns, names_of(outputs_by_row(task), form, raw=raw), there)
        except UnfitChoice as error:
            refuse(error.message, helps=error.helps)
        inform(*(f"`{name}` is the prediction, and not the column of the rows" for name in both(chosen, there)))
    wrong = misfit(outputs_by_row(task), output, raw=raw, spreadsheet=spreadsheet, chosen=chosen)
    if wrong is not None:
        refuse(wrong[0], helps=(wrong[1],))
    return chosen


def rows_to_predict(
    run: "Run",
    task: "Task",
    given: "NewRows | None",
    learnt: "Learnt",
    split: Split | None,
    folders: Folders,
    chosen: "Sequence[Chosen] | None",
) -> Rows:
    """The rows of a file, or of the run's own data. Raises RunError E4xx."""
    from modelc.compiler.binding.task import GROUP
    from modelc.runtime.predictions_ahead import label_names, labels_by_row

    if given is not None:
        from modelc.runtime.data.learnt_task import as_learnt
        from modelc.runtime.runs.rows_for_run import inputs_for

        others = {one.column for one in chosen or () if one.of_file}
        found = inputs_for(run, task, given, learnt, others)
        inform(*found.notes)
        known, ahead = as_learnt(task, learnt), found.others if label_names(task) else {}
        return Rows(known, found.inputs, found.length, given.shown, found.others, ahead, found.groups)
    from modelc.cli.splits import read_again
    from modelc.runtime.data.chosen_split import choose_rows

    task, dataset, _ = read_again(run, task, folders, split)
    name, part = choose_rows(dataset, split)
    labels = labels_by_row(task, part.named, part.rows)
    return Rows(task, part.inputs, part.rows, f"the {name} rows", labels, labels, part.targets.get(GROUP))


def keep(
    output: Path, rows: Rows, predicted: "Arrays", chosen: "Sequence[Chosen] | None", *, raw: bool, spreadsheet: bool
) -> None:
    """Write the predictions of `rows`. Raises RunError E604."""
    from modelc.runtime.predictions import columns_to_write, write_predictions
    from modelc.runtime.predictions_ahead import outputs_by_row, predictions_by_row

    outputs, predicted = outputs_by_row(rows.task), predictions_by_row(rows.task, predicted)
    labels = rows.labels
    if output == STREAM:
        from modelc.runtime.prediction_files import json_lines

        columns = columns_to_write(outputs, predicted, "jsonl", raw=raw, chosen=chosen, rows=rows.others, labels=labels)
        for lines in json_lines(columns):
            pass_on(lines)
        return
    write_predictions(
        output, outputs, predicted, raw=raw, spreadsheet=spreadsheet, chosen=chosen, rows=rows.others, labels=labels
    )
