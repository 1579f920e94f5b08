"""`modelc predict`: writes the predictions of a run's model as a table or as arrays."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.checking import DataFolder
from modelc.cli.console import refuse, say, start_device
from modelc.cli.plugins import PluginNames, enable, task_of
from modelc.cli.splits import RunName, Split, Which, need_one_choice, open_run
from modelc.compiler.library.base.lazy import NumpyArray

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
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


def predict(
    run: RunName,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Output file: .csv or .npz.")],
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="File with the rows to predict, with the columns that the spec's inputs read: .csv, .parquet, .jsonl or .npz.",
        ),
    ] = None,
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
    raw: Raw = False,
    spreadsheet: Spreadsheet = False,
    root: DataFolder = None,
    plugins: PluginNames = None,
) -> None:
    """Predict with a trained run: one line for each row, with the class and its probabilities, or numbers."""
    need_one_choice(data, split)
    enable(plugins)
    from modelc.runtime.runs.output_file import data_files, need_output

    rows_file = [data] if data else []
    need_output(output, [run, *rows_file])
    found = open_run(run, root, ["predict", *rows_file, "--output", output])
    task = task_of(found)
    need_output(output, data_files(task.source, found.find_root(root, task.source).root))

    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.predictions import misfit, write_predictions

    if (wrong := misfit(task.outputs, output, spreadsheet=spreadsheet)) is not None:
        refuse(wrong[0], helps=(wrong[1],))
    start_device()
    kind, snapshot = found.weights(prepare(task), weights)
    task, inputs, rows, what = rows_to_predict(found, task, data, split, root)

    from modelc.runtime.evaluate import predict as predictions_of
    from modelc.runtime.finite import check_predictions

    prepared = prepare(task)
    predicted = predictions_of(prepared, snapshot.params, snapshot.state, inputs, rows, raw=raw)
    write_predictions(output, task.outputs, predicted, raw=raw, spreadsheet=spreadsheet)
    say(f"{rows:,} predictions for {what} in {output}: {kind} weights of {found.folder} (epoch {snapshot.epoch})")
    note = f"`{output}` is complete, and has these rows as they are"
    check_predictions(prepared, snapshot.params, snapshot.state, inputs, predicted, raw=raw, note=note)


def rows_to_predict(
    run: "Run", task: "Task", data: Path | None, split: Split | None, root: Path | None
) -> "tuple[Task, Mapping[str, NumpyArray], int, str]":
    """The rows of the file `data`, or of the run's own data: the task, its inputs, their number and what to call them."""
    if data is not None:
        from modelc.runtime.data.learnt_task import as_learnt
        from modelc.runtime.data.new_rows import new_rows
        from modelc.runtime.runs.column_kinds import columns_in
        from modelc.runtime.runs.learnt_values import values_for_prediction
        from modelc.runtime.runs.rows_for_run import inputs_for

        learnt = values_for_prediction(run)
        found = new_rows(data, task.source, columns_in(run.environment()))
        return as_learnt(task, learnt), *inputs_for(run, task, found, learnt), found.shown
    from modelc.cli.splits import choose_rows, read_again

    task, dataset, _ = read_again(run, task, root, split)
    name, part = choose_rows(dataset, split)
    return task, part.inputs, part.rows, f"the {name} rows"
