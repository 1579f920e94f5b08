"""`modelc reproduce`: trains a run again from what it holds, and says whether the same comes out, to the bit."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from modelc.cli.baseline_lines import warn_of_memory
from modelc.cli.checking import DataFolder, DataRoot, Folders, Settings
from modelc.cli.console import (
    FINDINGS,
    INTERRUPTED,
    Line,
    Styled,
    coloured,
    inform,
    say,
    say_document,
    show_problems,
    show_run_error,
    start_device,
)
from modelc.cli.devices import Asked, Devices, Mesh, Sharded, asked_of, parallelism_of
from modelc.cli.feeding import fed, reading_of
from modelc.cli.plugins import PluginNames, enable, task_of
from modelc.cli.splits import RunName, open_run

if TYPE_CHECKING:
    from modelc.cli.stopping import Stopping
    from modelc.compiler.binding.task import Task
    from modelc.compiler.lowering.prepared_task import PreparedTask
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.runs.comparison import Compared
    from modelc.runtime.runs.recorder import Recorder
    from modelc.runtime.runs.run_directory import Run
    from modelc.runtime.training.execution import Execution

UNEXPLAINED = (
    "nothing on record differs: either the device does not repeat its sums, as some GPUs do not, or it is a bug of modelc; "
    "please report it then"
)
ASKED = b"\nstopping: the run stays as it is, and nothing will be said of it; once more stops at once\n"
NOTHING = b"\nerror: interrupted before the run was trained again: nothing is known of it\n"


class Prepared(NamedTuple):
    """All that a run is trained again with: `task` before its data was read, `complete` and `ready` after."""

    task: "Task"
    complete: "Task"
    ready: "PreparedTask"
    dataset: "Dataset"
    execution: "Execution"
    environment: Mapping[str, Any]
    root: "Root"


def reproduce(
    run: RunName,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Keep the new run in this folder; default: it is removed afterwards."
        ),
    ] = None,
    settings: Settings = None,
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Output format of the comparison.")
    ] = "text",
    devices: Devices = None,
    mesh: Mesh = None,
    shard: Sharded = None,
    root: DataFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Train a run again from what it holds, and compare: exit code 0 if all is identical to the bit, 1 if not.

    What differs is named: values of the spec that `--set` changes, columns of the data, versions, device, flags, processors,
    commit; and by how much figures and weights do. A run that was stopped is repeated up to where it was.
    """
    from modelc.cli.stopping import Stopping

    with Stopping(ASKED, NOTHING) as stop, ExitStack() as stack:
        enable(plugins)
        asked = asked_of(devices, mesh, shard)
        found = open_run(run, root, ["reproduce"])
        from modelc.runtime.runs.comparison import need_comparable
        from modelc.runtime.runs.new_run import need_free, need_outside_runs

        need_comparable(found)
        if out is not None:
            need_outside_runs(out, "--out")
            need_free(out, "--out")
        before = task_of(found)
        prepared = prepared_again(found, before, tuple(settings or ()), (root, data_root), asked)
        # Signals end the command at once until here, and would leave the folder behind.
        stop.begin()
        folder = out or Path(stack.enter_context(TemporaryDirectory(prefix="modelc-"))) / "run"
        parts, differs = trained_again(
            found, before, prepared, folder, tuple(settings or ()), stop, is_kept=out is not None
        )
        if output_format == "json":
            say_json(found, out, parts, differs)
        else:
            say(*lines(found, out, parts, differs))
    if not all(part.is_same for part in parts):
        raise typer.Exit(FINDINGS)


def prepared_again(run: "Run", task: "Task", settings: tuple[str, ...], folders: Folders, asked: Asked) -> Prepared:
    """What `run`, whose task is `task`, is trained again with, on its mesh of devices unless another is `asked` for. Ends the
    command for settings and devices that cannot be, raises SpecError and RunError for data that cannot be used.
    """
    from modelc.runtime.runs.resumption import checked_again, recorded_execution

    if settings:
        checked = checked_again(run, settings)
        if checked.errors or checked.task is None:
            show_problems(checked.errors, checked.sources, sys.stderr)
            raise typer.Exit(FINDINGS)
        task = checked.task
    execution = recorded_execution(run)
    start_device()
    execution = replace(execution, parallelism=parallelism_of(asked, task, execution.parallelism))
    from modelc.compiler.binding.array_files import with_arrays
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.initial.same_ids import need_same_ids
    from modelc.runtime.runs.environment import environment
    from modelc.runtime.runs.kept_initial import begun_again

    where, notes = run.find_root(folders[0], task.source, folders[1])
    inform(*notes)
    complete, arrays = with_arrays(task, where)
    begins = begun_again(run, complete, where)
    complete, dataset = data_of(run, begins.task, where, reading_of(asked.rows, complete, execution.parallelism))
    # What its data has told of the task is bound anew, without the weights.
    complete = replace(complete, training=begins.task.training)
    need_same_ids(begins, dataset.train.learnt)
    execution = fed(execution, asked.rows, complete, dataset)
    now = environment(complete, execution, sys.argv[1:], dataset.digests, arrays)
    task = replace(task, training=begins.task.training)
    return Prepared(task, complete, prepare(complete), dataset, execution, now, where)


def data_of(run: "Run", task: "Task", root: "Root", reading: "Reading") -> "tuple[Task, Dataset]":
    """The completed task and its data as it is now. Raises SpecError and RunError."""
    from modelc.runtime.data.class_balance import balanced
    from modelc.runtime.runs.kept_spec import rows_for

    task, dataset = rows_for(run, task, root, learn=True, reading=reading)
    return balanced(task, dataset.train), dataset


def trained_again(
    run: "Run",
    before: "Task",
    again: Prepared,
    folder: Path,
    settings: Sequence[str],
    stop: "Stopping",
    *,
    is_kept: bool,
) -> "tuple[tuple[Compared, ...], list[str]]":
    """What comes of training `again` in `folder`, compared with `run`, whose task is `before`; and what differs besides. One that
    `is_kept` has baselines where `run` has some.
    """
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.runs.comparison import compare
    from modelc.runtime.runs.reproduction import recorder_of, what_differs
    from modelc.runtime.runs.run_directory import Run

    ready = (again.ready if not settings else prepare(before), again.ready)
    say(f"training {run.folder} again: {again.dataset.train.rows:,} training rows", stream=sys.stderr)
    fit_again(
        run,
        ready,
        again,
        recorder_of(
            run,
            again.task,
            folder,
            again.root,
            settings,
            again.environment,
            again.dataset.train.learnt,
            again.dataset.profiles,
            again.dataset.skipped,
        ),
        stop,
        baseline=is_kept and bool(run.record.baselines),
    )
    if stop():
        say("interrupted: nothing is known of the run", stream=sys.stderr)
        raise typer.Exit(stop.code or INTERRUPTED)
    made = Run(folder)
    differs = what_differs(run, made, (before, again.task), again.environment, again.dataset.digests)
    return compare(run, made, ready), differs


def fit_again(
    run: "Run",
    tasks: "tuple[PreparedTask, PreparedTask]",
    again: Prepared,
    recorder: "Recorder",
    stop: "Stopping",
    *,
    baseline: bool,
) -> None:
    """Train `again`, up to where `run` was stopped, if it was; an error in training is recorded, as in any run. With `baseline`, baselines
    are kept as of any training that has come to its end.
    """
    from modelc.cli.progress import Lines, Screen
    from modelc.compiler.diagnostics.exceptions import RunError
    from modelc.runtime.baselines.trained import trained_baselines
    from modelc.runtime.runs.kept_baselines import keep_baselines
    from modelc.runtime.runs.reproduction import course_of
    from modelc.runtime.runs.ways_on import was_stopped
    from modelc.runtime.training.loop import fit
    from modelc.runtime.training.observer import Several
    from modelc.runtime.training.until import Until

    assert again.ready.training is not None
    rows = again.dataset.train.rows
    last = again.ready.training.settings.total_steps(rows) + 1
    if was_stopped(run):
        last = run.weights(tasks[0], "last")[1].step
    course = course_of(run, *tasks)
    until = Until(last, stop)
    epochs = again.ready.training.settings.total_epochs(rows)
    shown = (Screen if coloured(sys.stderr) else Lines)(sys.stderr, epochs, again.ready.training.monitor)
    try:
        with recorder:
            try:
                observers = Several(recorder, until, shown)
                outcome = fit(again.ready, again.dataset, again.execution, observers, until, until, course=course)
            finally:
                shown.close()
            recorder.finish(outcome)
            if baseline and outcome.reason != "interrupted":
                keep_baselines(recorder, trained_baselines(again.complete, again.ready, again.dataset, warn_of_memory))
    except RunError as error:
        if error.code == "E604":
            raise
        show_run_error(error)


def lines(run: "Run", out: Path | None, parts: "Sequence[Compared]", differs: Sequence[str]) -> list[Line]:
    """What is said of the comparison."""
    is_same = all(part.is_same for part in parts)
    verdict = Styled("good", "identical to the bit") if is_same else Styled("error", "not identical")
    said: list[Line] = ["", (Styled("strong", str(run.folder)), "  ", verdict)]
    width = max(len(part.what) for part in parts)
    for part in parts:
        style, word = ("good", "same  ") if part.is_same else ("error", "differs")
        said.append(("  ", Styled(style, f"{word:<7}"), f"  {part.what:<{width}}  {part.said}"))
    if differs:
        said += ["", "what differs, though all came out the same:" if is_same else "what differs:"]
        said += [f"  {one}" for one in differs]
    elif not is_same:
        said.append(f"  = note: {UNEXPLAINED}")
    said += [f"the new run: {out}"] if out is not None else []
    return said


def say_json(run: "Run", out: Path | None, parts: "Sequence[Compared]", differs: Sequence[str]) -> None:
    """Print the comparison as one JSON document."""
    from modelc.compiler.diagnostics.render.json_text import json_text

    facts = {
        "version": 1,
        "run": str(run.folder),
        "id": run.record.id,
        "identical": all(part.is_same for part in parts),
        "parts": {
            part.what: {"identical": part.is_same, "largest_relative_difference": part.largest, "said": part.said}
            for part in parts
        },
        "differs": list(differs),
        "new_run": None if out is None else str(out),
    }
    say_document(json_text(facts) + "\n")
