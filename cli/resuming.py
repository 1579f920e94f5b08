"""`modelc train --resume RUN`: goes on with a run from its newest checkpoint, with the numbers of one that never stopped."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from modelc.cli.console import FINDINGS, inform, say, show_problems, start_device, warn
from modelc.cli.devices import parallelism_of
from modelc.cli.feeding import fed, reading_of
from modelc.cli.fitting import fit_and_keep
from modelc.cli.processes import follow, leads
from modelc.cli.training_lines import header
from modelc.cli.training_request import Request

if TYPE_CHECKING:
    from modelc.compiler.binding.task import Task
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.runs.checkpoints import Stored
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.runs.run_record import RunRecord
    from modelc.runtime.training.parallelism import Parallelism


def resume(
    text: str,
    settings: tuple[str, ...],
    request: Request,
) -> None:
    """Go on with the run `text`, with `settings` that may change its lengths, as the `request` has it.

    Raises RunError E601 if it is in training, E602 or E603 if there is nothing to go on from, E609 if its data, or what is set, would make another
    training of it.
    """
    from modelc.runtime.runs.checkpoints import newest_checkpoint
    from modelc.runtime.runs.plugins import changes
    from modelc.runtime.runs.resumption import continued, need_more, need_same_course, recorded_execution
    from modelc.runtime.runs.ways_on import without_checkpoint

    folders, asked, saving, stop, baseline, _ = request
    run = ended_run(text)
    before, task, checked = continued(run, settings)
    if checked is not None and checked.errors:
        show_problems(checked.errors, checked.sources, sys.stderr)
        raise typer.Exit(FINDINGS)
    for change in changes(run.record.plugins):
        warn(change, notes=("what is computed from here on may be something else",))
    execution = recorded_execution(run)
    stored, notes = newest_checkpoint(run.folder, run.record.id, helps=without_checkpoint(run))
    inform(*notes)

    start_device(asked.processes)
    execution = replace(execution, parallelism=parallelism_of(asked, task, execution.parallelism))
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.runs.environment import environment
    from modelc.runtime.runs.kept_spec import notes_on_arrays
    from modelc.runtime.runs.recorder import Recorder

    where, remarks = run.find_root(folders[0], task.source, folders[1])
    inform(*remarks, *notes_on_arrays(run, task, where))
    task, dataset = same_data(run, task, where, reading_of(asked.rows, task, execution.parallelism))
    execution = fed(execution, asked.rows, task, dataset)
    need_same_course(before, task, dataset.train.rows, stored.checkpoint.step)
    need_more(run, task, dataset.train.rows, stored.checkpoint)
    # What weights began with is in the checkpoint: arrays in files are not read again.
    now = environment(task, execution, sys.argv[1:], dataset.digests, {})
    differs = warned_of(run, dataset, now)
    prepared = prepare(task)
    record = resumed_record(run.record, stored, settings, differs, execution.parallelism)
    name = run.record.name
    stop.begin()
    if not leads(task.spec.document.data, now, saving, stored.checkpoint.step):
        follow(prepared, dataset, execution, saving, stop, stored.checkpoint)
        return
    say(*header(task, prepared, name, run.folder, dataset, execution, run.folder)[:-1])
    given, verbose = stored.checkpoint, asked.rows.verbose
    inside = given.ended < given.epoch
    say(f"  goes on after step {given.step:,}, {'in' if inside else 'after'} epoch {given.epoch:,}", "")
    recorder = Recorder.reopened(run.folder, record, stored, None if checked is None else checked.data)
    fit_and_keep(task, prepared, dataset, execution, recorder, saving, stop, baseline, given, verbose=verbose)


def ended_run(text: str) -> "Run":
    """The run that `text` refers to, after what is to be said about the choice. Raises RunError E601 and E602."""
    from modelc.runtime.runs.find_run import run_to_resume
    from modelc.runtime.runs.ways_on import ONCE_ENDED, need_ended

    run, remarks = run_to_resume(text)
    inform(*remarks)
    need_ended(run, ONCE_ENDED)
    return run


def warned_of(run: "Run", dataset: "Dataset", now: "Mapping[str, Any]") -> list[str]:
    """What differs from the environment that the run began in, after warning of it and of other test rows."""
    from modelc.runtime.runs.environment import changed_own_columns, known_digests, what_changed
    from modelc.runtime.runs.resumption import differences

    recorded, now_of_test = run.environment(), dataset.digests.test
    if changed := changed_own_columns(recorded, "test", now_of_test.digests):
        what = what_changed(changed, known_digests(recorded).test, now_of_test)
        warn(
            f"the test rows have changed since the run began: {what}",
            notes=("training does not read them: it goes on as it would have",),
        )
    differs = differences(recorded, now)
    if differs:
        warn(
            "the run goes on in another environment than it began in: its last digits may be others than without the stop",
            notes=differs,
        )
    return differs


def same_data(run: "Run", task: "Task", root: "Root", reading: "Reading") -> "tuple[Task, Dataset]":
    """The completed task and its data, which must be those of the run. Raises SpecError and RunError, E609 for other data."""
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.runs.environment import changed_columns, changed_own_columns, known_digests, what_changed
    from modelc.runtime.runs.kept_spec import rows_for

    task, dataset = rows_for(run, task, root, reading=reading)
    recorded, now = run.environment(), dataset.digests
    before = known_digests(recorded)
    helps = ("give it the data that it began with, by `--root DIR` if that is elsewhere", "or train anew")
    if changed := changed_columns(recorded, now.train.digests):
        what = what_changed(changed, before.train, now.train)
        raise RunError("E609", f"the data has changed since the run began: {what}", helps=helps)
    if changed := changed_own_columns(recorded, "validation", now.validation.digests) or []:
        what = what_changed(changed, before.validation, now.validation)
        raise RunError("E609", f"the validation rows have changed since the run began: {what}", helps=helps)
    return task, dataset


def resumed_record(
    record: "RunRecord",
    stored: "Stored",
    settings: Sequence[str],
    differs: Sequence[str],
    parallelism: "Parallelism",
) -> "RunRecord":
    """The record of a run that goes on: where it was at its checkpoint, and that it goes on from there."""
    from modelc.runtime.runs.run_record import Best, Resumption, now

    checkpoint = stored.checkpoint
    best = checkpoint.facts["best"]
    again = Resumption(
        at=now(),
        step=checkpoint.step,
        settings=list(settings),
        differs=list(differs),
        mesh=parallelism.mesh,
        shard=parallelism.shard,
    )
    return record.model_copy(
        update={
            "status": "running",
            "ended": None,
            "failure": None,
            "epoch": checkpoint.ended,
            "step": checkpoint.step,
            "best": best and Best(epoch=best["epoch"], step=best["step"], score=best["values"][record.monitor]),
            "settings": [*record.settings, *settings],
            "resumed": [*record.resumed, again],
        }
    )
