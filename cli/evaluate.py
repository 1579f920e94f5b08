"""`modelc evaluate`: the losses and metrics of a run's weights on rows that it has not seen."""

from collections.abc import Mapping
from math import isfinite, isnan
from typing import Annotated, Literal

import typer

from modelc.cli.checking import DataFolder
from modelc.cli.console import Styled, inform, say, say_document, start_device
from modelc.cli.plugins import PluginNames, enable, task_of
from modelc.cli.progress import WHY_NAN
from modelc.cli.splits import RunName, Split, Which, open_run


def evaluate(
    run: RunName,
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
    root: DataFolder = None,
    plugins: PluginNames = None,
) -> None:
    """Evaluate a trained run: its loss and metrics on test rows if there are any, else on validation rows."""
    enable(plugins)
    found = open_run(run, root, ["evaluate"])
    task = task_of(found)

    from modelc.cli.splits import choose_rows, read_again
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.runs.metric_arguments import as_trained

    start_device()
    kind, snapshot = found.weights(prepare(task), weights)
    task, dataset, changed = read_again(found, task, root, split)
    name, part = choose_rows(dataset, split)
    task, notes = as_trained(task, found.environment())
    inform(*notes)

    from modelc.runtime.evaluate import evaluate as scores_of
    from modelc.runtime.finite import check_scores

    prepared = prepare(task)
    scores = scores_of(prepared, snapshot.params, snapshot.state, part)
    if output_format == "json":
        facts = {
            "version": 1,
            "run": str(found.folder),
            "id": found.record.id,
            "settings": found.record.settings,
            "split": name,
            "rows": part.rows,
            "weights": kind,
            "epoch": snapshot.epoch,
            "step": snapshot.step,
            "changed_columns": changed.train,
            "changed_test_columns": changed.test,
        }
        say_json(facts, scores)
    else:
        rows = f"{part.rows:,} {name} rows, {kind} weights (epoch {snapshot.epoch}, step {snapshot.step:,})"
        say_scores(str(found.folder), rows, scores)
    check_scores(prepared, snapshot.params, snapshot.state, part.inputs, part.rows, scores)
    if output_format == "text" and any(isnan(value) for value in scores.values()):
        say("", f"  = note: {WHY_NAN}")


def say_json(facts: Mapping[str, object], scores: Mapping[str, float]) -> None:
    """Print the scores, and what they are of, as one JSON document; null for a score that is not finite."""
    from modelc.compiler.diagnostics.render.json_text import json_text

    values = {key: value if isfinite(value) else None for key, value in scores.items()}
    say_document(json_text({**facts, "values": values}) + "\n")


def say_scores(run: str, rows: str, scores: Mapping[str, float]) -> None:
    """Print which run and rows the scores are of, and each score in a line."""
    say(Styled("strong", run))
    say(rows, "")
    width = max(map(len, scores))
    say(*(f"  {key:<{width}}  {value:.6g}" for key, value in scores.items()))
