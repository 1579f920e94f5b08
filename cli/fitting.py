"""Trains and records, and prints how it ended: what `modelc train` has in common for a run that begins and one that goes on."""

import sys
import time
from typing import TYPE_CHECKING

import typer

from modelc.cli.baseline_lines import tell_of_none, warn_of_memory
from modelc.cli.console import FAILED, INTERRUPTED, coloured, say, show_run_error
from modelc.cli.feeding import waits_line
from modelc.cli.training_lines import ending

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from modelc.cli.progress import Lines
    from modelc.cli.stopping import Stopping
    from modelc.compiler.binding.task import Task
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.runtime.baselines.baseline import Baseline
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.runs.cadence import Saving
    from modelc.runtime.runs.recorder import Recorder
    from modelc.runtime.training.execution import Execution
    from modelc.runtime.training.observer import Checkpoint


def fit_and_keep(
    task: "Task",
    prepared: "PreparedTask",
    dataset: "Dataset",
    execution: "Execution",
    recorder: "Recorder",
    saving: "Saving",
    stop: "Stopping",
    baseline: bool,
    given: "Checkpoint | None" = None,
    show: "Callable[[RunError], None]" = show_run_error,
    verbose: bool = False,
) -> None:
    """Train, from the checkpoint `given` on, record, and print the outcome, beside baselines on the rows that are held
    out if `baseline` asks for them and training has come to its end; `show` prints what it fails of.

    Ends the command if its exit code is not 0.
    """
    from modelc.compiler.diagnostics.command_line import command
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.baselines.trained import trained_baselines
    from modelc.runtime.runs.checkpoint_saver import CheckpointSaver
    from modelc.runtime.runs.checkpoints import FAILED as FAILED_STATE
    from modelc.runtime.runs.checkpoints import checkpoints_of
    from modelc.runtime.runs.kept_baselines import keep_baselines
    from modelc.runtime.runs.plugins import options_of
    from modelc.runtime.training.loop import fit
    from modelc.runtime.training.observer import Several

    written = None if given is None else given.step
    lines, begun = progress_lines(prepared, dataset), time.perf_counter()
    try:
        with recorder, CheckpointSaver(recorder, saving, written) as saver:
            try:
                outcome = fit(prepared, dataset, execution, Several(recorder, lines), stop, saver, given)
            finally:
                lines.close()
            recorder.finish(outcome)
            seconds = time.perf_counter() - begun
            baselines: Mapping[str, Sequence[Baseline]] = {}
            if baseline and outcome.reason != "interrupted":
                trained = trained_baselines(task, prepared, dataset, warn_of_memory)
                baselines = trained.scores
                keep_baselines(recorder, trained)
                tell_of_none(task, trained)
    except RunError as error:
        show(error)
        if recorder.kept:
            say(f"{recorder.folder} keeps the weights of epoch {recorder.kept}", stream=sys.stderr)
        if error.code == "E501" and checkpoints_of(recorder.folder, FAILED_STATE):
            say(
                f"to look at it layer by layer: `{command('debug', recorder.folder, *options_of(recorder.record.plugins))}`",
                stream=sys.stderr,
            )
        raise typer.Exit(FAILED) from None
    say(*ending(recorder, outcome, dataset, seconds, baselines.get("validation", ())))
    if verbose:
        say(waits_line(outcome, seconds))
    if outcome.reason == "interrupted":
        raise typer.Exit(stop.code or INTERRUPTED)


def progress_lines(task: "PreparedTask", dataset: "Dataset") -> "Lines":
    """The progress display for standard output."""
    from modelc.cli.progress import Lines, Screen

    assert task.training is not None
    epochs = task.training.settings.total_epochs(dataset.train.rows)
    return (Screen if coloured(sys.stdout) else Lines)(sys.stdout, epochs, task.training.monitor)
