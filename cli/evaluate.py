"""`modelc evaluate`: the losses and metrics of a run's weights on rows that it has not seen."""

from collections.abc import Mapping, Sequence
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from modelc.cli.baseline_lines import NoBaseline, SplitRows, baselines_of_file, baselines_of_run, beside
from modelc.cli.checking import DataFolder, DataRoot, Folders
from modelc.cli.console import Styled, inform, refuse, say, say_document, start_device
from modelc.cli.feeding import VerifyData
from modelc.cli.plugins import PluginNames, enable, task_of
from modelc.cli.progress import WHY_NAN
from modelc.cli.splits import RunName, Split, Which, need_one_choice, open_run, rows_in
from modelc.compiler.diagnostics.phrases import counted

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline
    from modelc.runtime.data.dataset import Part
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.training.observer import Snapshot


def evaluate(
    run: RunName,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="File with the rows to evaluate, with the columns of inputs and targets: .csv, .parquet, .jsonl or .npz.",
        ),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option("--split", help="Which rows; default: the test rows if there are any, else the validation rows."),
    ] = None,
    weights: Annotated[
        Which | None,
        typer.Option("--weights", help="Which weights; default: the best, or the last if no best ones were saved."),
    ] = None,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Output format of the scores.")
    ] = "text",
    no_baseline: NoBaseline = False,
    verify_data: VerifyData = False,
    root: DataFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Evaluate a trained run: its loss and metrics on the rows of a file, else on test rows if there are any, else on validation
    rows.
    """
    need_rows_of_run(data, split, verify=verify_data)
    enable(plugins)
    found = open_run(run, root, ["evaluate", *([data] if data else [])])
    task = task_of(found)

    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.runs.metric_arguments import as_trained

    start_device()
    kind, snapshot = found.weights(prepare(task), weights)
    rows = rows_to_score(found, task, data, split, (root, data_root), verify=verify_data)
    task, notes = as_trained(rows.task, found.environment())
    inform(*notes)

    from modelc.runtime.evaluate import evaluate as scores_of
    from modelc.runtime.finite import check_scores

    prepared = prepare(task)
    part = rows.part
    scores = scores_of(prepared, snapshot.params, snapshot.state, part)
    baselines = () if no_baseline else baselines_beside(found, task, prepared, rows)
    if output_format == "json":
        say_json(found, rows, kind, snapshot, scores, baselines)
    else:
        of_weights = f"{kind} weights (epoch {snapshot.epoch}, step {snapshot.step:,})"
        say_scores(str(found.folder), f"{rows.what}, {of_weights}", scores, baselines)
    check_scores(prepared, snapshot.params, snapshot.state, part.inputs, part.rows, scores)
    if output_format == "text" and any(isnan(value) for value in scores.values()):
        say("", f"  = note: {WHY_NAN}")


def need_rows_of_run(data: Path | None, split: Split | None, *, verify: bool) -> None:
    """End the command where the file `data` says which rows are meant, and another option that they are those of the run."""
    need_one_choice(data, split)
    if data is not None and verify:
        refuse(
            f"`--verify-data` compares the cache with the data of the run, and `{data}` is read from the file",
            helps=("leave one of both out",),
        )


class ScoredRows(NamedTuple):
    """Rows to score, the task that they were read for, how many they are and what to call them, and what JSON says of the choice."""

    task: "Task"
    part: "Part"
    what: str
    facts: Mapping[str, object]
    split: SplitRows | None = None
    """Where they are rows of the run's own data, the split that they are."""


def rows_to_score(
    run: "Run", task: "Task", data: Path | None, split: Split | None, folders: Folders, *, verify: bool
) -> ScoredRows:
    """The rows of the file `data`, or of the run's own data, see `read_again`. Raises RunError, SpecError."""
    if data is not None:
        from modelc.runtime.runs.learnt_values import values_for_prediction
        from modelc.runtime.runs.rows_for_run import part_for

        found = rows_in(run, task, data, folders, skipping=True)
        task, part, seen, notes = part_for(run, task, found, values_for_prediction(run))
        inform(*notes)
        facts: dict[str, object] = {
            "split": None,
            "data": found.shown,
            "changed_columns": None,
            "changed_test_columns": None,
            "changed_validation_columns": None,
        }
        what = f"{counted(part.rows, 'row')} of {found.shown}" + (
            ", which training saw but for those held out" if seen else ""
        )
        return ScoredRows(task, part, what, facts)
    from modelc.cli.splits import read_again
    from modelc.runtime.data.chosen_split import choose_rows

    task, dataset, changed = read_again(run, task, folders, split, verify=verify)
    name, part = choose_rows(dataset, split)
    facts = {
        "split": name,
        "data": None,
        "changed_columns": changed.train,
        "changed_test_columns": changed.test,
        "changed_validation_columns": changed.validation,
    }
    what = counted(part.rows, f"{name} row") + (", which training saw" if name == "train" else "")
    return ScoredRows(task, part, what, facts, SplitRows(name, part, dataset.train, changed))


def baselines_beside(run: "Run", task: "Task", prepared: "PreparedTask", rows: ScoredRows) -> "Sequence[Baseline]":
    """The baselines on the rows that are scored."""
    if rows.split is None:
        return baselines_of_file(run, task, prepared, rows.part)
    return baselines_of_run(run, task, prepared, rows.split)


def say_json(
    run: "Run",
    rows: ScoredRows,
    kind: str,
    snapshot: "Snapshot",
    scores: Mapping[str, float],
    baselines: "Sequence[Baseline]",
) -> None:
    """Print the scores, and what they are of, as one JSON document; null for a score that is not finite."""
    from modelc.compiler.diagnostics.render.json_text import json_text

    facts = {
        "version": 1,
        "run": str(run.folder),
        "id": run.record.id,
        "settings": run.record.settings,
        **rows.facts,
        "rows": rows.part.rows,
        "weights": kind,
        "epoch": snapshot.epoch,
        "step": snapshot.step,
    }
    values = {key: value if isfinite(value) else None for key, value in scores.items()}
    simple = {one.name: {"rows": one.rows, "values": dict(one.values)} for one in baselines}
    say_document(json_text({**facts, "values": values, "baselines": simple}) + "\n")


def say_scores(run: str, rows: str, scores: Mapping[str, float], baselines: "Sequence[Baseline]") -> None:
    """Print which run and rows the scores are of, and each score in a line, beside those of baselines."""
    say(Styled("strong", run))
    say(rows, "")
    width = max(map(len, scores))
    shown = {key: f"{value:.6g}" for key, value in scores.items()}
    wide = max(map(len, shown.values()))
    say(*(f"  {key:<{width}}  {value:<{wide}}{beside(baselines, key)}".rstrip() for key, value in shown.items()))
