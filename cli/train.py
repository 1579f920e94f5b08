"""`modelc train`: checks a spec, trains it into a run directory, and prints the next commands; `stopping` receives Ctrl-C."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modelc.cli.baseline_lines import NoBaseline
from modelc.cli.checking import DataRoot, RootFolder, Settings, checked_spec
from modelc.cli.console import (
    FINDINGS,
    inform,
    refuse,
    run_of,
    say,
    show_problems,
    show_run_error_in,
    start_device,
)
from modelc.cli.devices import Devices, Mesh, Sharded, asked_of, parallelism_of
from modelc.cli.feeding import AskedRows, Feed, Verbose, VerifyData, fed, reading_of
from modelc.cli.fitting import fit_and_keep
from modelc.cli.plugins import PluginNames, enable
from modelc.cli.processes import Coordinator, Count, Distributed, Index, ending_all, follow, leads, processes_of
from modelc.cli.training_lines import header
from modelc.cli.training_request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modelc.compiler.api import Checked
    from modelc.compiler.binding.task import Task
    from modelc.compiler.diagnostics.problem import Problem
    from modelc.compiler.syntax.file_root import Root
    from modelc.runtime.data.dataset import Dataset
    from modelc.runtime.data.prepared_rows import Reading
    from modelc.runtime.runs.cadence import Saving
    from modelc.runtime.runs.new_record import Labels
    from modelc.runtime.runs.run_directory import Run

RunDir = Annotated[
    Path | None,
    typer.Option("--run-dir", metavar="DIR", help="Run directory; default: a new folder in `runs`."),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped, from its newest checkpoint."),
]
Every = Annotated[
    str,
    typer.Option(
        "--checkpoint-every", metavar="TIME", help="`10 min`, `500 steps`, or `end`: only where training ends."
    ),
]
Keep = Annotated[int, typer.Option("--keep", min=1, help="How many checkpoints stay; older ones are removed.")]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Another name of the run, `runs/NAME:TAG`, wherever a RUN is named; repeatable.",
    ),
]
Fold = Annotated[
    int | None,
    typer.Option(
        "--fold",
        metavar="N",
        min=1,
        help="The fold that validates: short for `--set data.validation.folds.fold=N`.",
    ),
]
Folds = Annotated[
    bool,
    typer.Option(
        "--folds",
        help="Train every fold of the spec, into a folder for each; print the mean and spread of their scores, and keep the "
        "predictions of each row by the run that was not trained on it.",
    ),
]
InitialWeights = Annotated[
    str | None,
    typer.Option(
        "--initial-weights",
        metavar="RUN",
        help="Begin with the weights of this run, in place of what `train.initial_weights` names.",
    ),
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark that is kept with the run.")]


def train(
    spec: Annotated[
        Path | None, typer.Argument(metavar="SPEC", help="The spec: a YAML or JSON file; none with --resume.")
    ] = None,
    run_dir: RunDir = None,
    resume: Resume = None,
    every: Every = "10 min",
    keep: Keep = 3,
    tags: Tags = None,
    note: Note = "",
    initial_weights: InitialWeights = None,
    fold: Fold = None,
    folds: Folds = False,
    no_baseline: NoBaseline = False,
    devices: Devices = None,
    mesh: Mesh = None,
    shard: Sharded = None,
    coordinator: Coordinator = None,
    count: Count = None,
    index: Index = None,
    distributed: Distributed = False,
    feed: Feed = None,
    verify_data: VerifyData = False,
    verbose: Verbose = False,
    settings: Settings = None,
    root: RootFolder = None,
    data_root: DataRoot = None,
    plugins: PluginNames = None,
) -> None:
    """Train a spec: check it, read its data, fit the model, keep the best and the last weights.

    Ctrl-C stops and saves; `--resume RUN` goes on from there, with the same numbers as if it had never stopped. Afterwards:
    `modelc evaluate RUN`, `modelc predict RUN --output FILE`.
    """
    from modelc.cli.stopping import NOTHING, UNTOUCHED, Stopping

    processes = processes_of(coordinator, count, index, found=distributed)
    with Stopping(nothing=NOTHING if resume is None else UNTOUCHED) as stop, ending_all(processes):
        enable(plugins)
        saving, asked = saving_of(every, keep), asked_of(devices, mesh, shard, processes)
        asked = asked._replace(rows=AskedRows(feed, verify_data, verbose))
        request = Request((root, data_root), asked, saving, stop, not no_baseline, initial_weights)
        if resume is not None:
            begun = {"`--tag`": tags, "`--note`": note or None, "`--initial-weights`": initial_weights}
            taken = {"`--fold`": fold, "`--folds`": "--folds" if folds else None}
            refuse_with_resume({"spec": spec, "`--run-dir`": run_dir, **begun, **taken})
            from modelc.cli.resuming import resume as go_on

            go_on(resume, tuple(settings or ()), request)
            return
        labels, chosen = labels_of(tags or (), note), settings_of(settings or (), fold, folds=folds)
        if folds:
            from modelc.cli.folds import train_folds

            train_folds(need_spec(spec), run_dir, labels, chosen, request)
        else:
            run(need_spec(spec), run_dir, labels, chosen, request)


def need_spec(spec: Path | None) -> Path:
    """`spec`, if there is one. Ends the command if not."""
    if spec is None:
        helps = ("name one: `modelc train SPEC`", "or `modelc train --resume RUN`")
        refuse("there is no spec to train", helps=helps)
    return spec


def settings_of(settings: "Sequence[str]", fold: int | None, *, folds: bool) -> tuple[str, ...]:
    """`settings`, and the one that `fold` is short for. Ends the command where that and `folds` are asked for."""
    if folds and fold is not None:
        from modelc.compiler.diagnostics.command_line import shell_word

        refuse(
            f"`--folds` trains all folds, and `--fold {shell_word(str(fold))}` one of them",
            helps=("use only one of them",),
        )
    return (*settings, *(() if fold is None else (f"data.validation.folds.fold={fold}",)))


def saving_of(every: str, keep: int) -> "Saving":
    """When checkpoints are saved, and how many stay. Ends the command for what says no time."""
    from modelc.runtime.runs.cadence import Saving, cadence_of

    try:
        return Saving(cadence_of(every), keep)
    except ValueError:
        helps = ("write `10 min`, `30 s`, `500 steps`, or `end`",)
        refuse(f"`--checkpoint-every` is a time or a number of steps, got `{every}`", helps=helps)


def labels_of(tags: "Sequence[str]", note: str) -> "Labels":
    """The tags and the note of a run. Ends the command for what cannot be one."""
    from modelc.compiler.diagnostics.command_line import shell_word
    from modelc.runtime.runs.new_record import Labels
    from modelc.runtime.runs.tags import MOST_NOTE, RULE, TAG

    for tag in tags:
        if not TAG.fullmatch(tag):
            refuse(f"`--tag {shell_word(tag)}` is no tag", helps=(RULE,))
    if len(note) > MOST_NOTE:
        refuse(f"`--note` has {len(note):,} characters, a run can keep {MOST_NOTE:,}", helps=("shorten it",))
    return Labels(tuple(dict.fromkeys(tags)), note)


WHEN_IT_BEGINS = ("`--tag`", "`--note`", "`--initial-weights`")


def refuse_with_resume(given: "Mapping[str, Path | str | int | list[str] | None]") -> None:
    """End the command for what a run that goes on has already."""
    for what, value in given.items():
        if value is not None:
            shown = " ".join(value) if isinstance(value, list) else str(value)
            reason = "a run gets it when it begins" if what in WHEN_IT_BEGINS else "the run has one"
            refuse(f"`--resume` takes no {what}: {reason}", helps=(f"leave `{shown}` out",))


def run(
    path: Path,
    run_dir: Path | None,
    labels: "Labels",
    settings: tuple[str, ...],
    request: Request,
) -> None:
    """The command, after its arguments have been checked."""
    from modelc.compiler.binding.needed_sections import FOR_TRAINING

    folders, asked, saving, stop, baseline, _ = request
    task, checked = checked_spec(path, settings, folders[0], FOR_TRAINING, folders[1])

    from modelc.compiler.syntax.file_root import spec_root
    from modelc.runtime.runs.begun_run import begin, new_run

    new = new_run(task, path, run_dir, labels)
    # Refused now, and not after a long reading of data.
    if asked.processes is None:
        new.need_place()
    where = spec_root(path, *folders)

    start_device(asked.processes)
    parallelism = parallelism_of(asked, task)
    from modelc.compiler.lowering.prepared_task import prepare
    from modelc.runtime.data.class_balance import balanced_spec
    from modelc.runtime.runs.environment import environment
    from modelc.runtime.training.execution import choose

    elsewhere = run_elsewhere(task, request.initial_weights)
    task, arrays, dataset = read_all(task, checked, where, reading_of(asked.rows, task, parallelism), elsewhere)
    execution = fed(choose(task, parallelism), asked.rows, task, dataset)
    prepared = prepare(task)
    recorded = environment(task, execution, sys.argv[1:], dataset.digests, arrays)
    data = balanced_spec(checked.data, task)
    stop.begin()
    if not leads(data, recorded, saving):
        follow(prepared, dataset, execution, saving, stop)
        return
    if asked.processes is not None:
        new.need_place()
    say(*header(task, prepared, new.name, path, dataset, execution, new.folder))
    kept = dataset.train.learnt, dataset.profiles, dataset.skipped
    recorder = begin(new, task, checked, path, settings, where, data, recorded, *kept)
    show = partial(show_run_error_in, document=task.spec.document, sources=checked.sources)
    fitted = partial(fit_and_keep, show=show, verbose=asked.rows.verbose)
    fitted(task, prepared, dataset, execution, recorder, saving, stop, baseline)


def run_elsewhere(task: "Task", text: str | None) -> "Run | None":
    """The run that `--initial-weights` names. Ends the command where the spec takes weights from several places; raises RunError
    E602.
    """
    if text is None:
        return None
    from modelc.compiler.binding.array_files import sources_of
    from modelc.runtime.runs.find_run import find_run

    if len(sources_of(task)) > 1:
        helps = ("name the run in the spec, or leave `initial_weights` out of it",)
        refuse("`--initial-weights` names one run, and the spec takes weights from several places", helps=helps)
    found = find_run(text, command=("train",))
    inform(*found.notes)
    return found.run


def read_all(
    task: "Task", checked: "Checked", root: "Root", reading: "Reading", elsewhere: "Run | None"
) -> "tuple[Task, Mapping[str, str], Dataset]":
    """The completed task with its initial weights, of the run `elsewhere` where there is one, the digests of the arrays in files
    that weights begin with, and its data. Ends the command for what is wrong with them.
    """
    from modelc.compiler.diagnostics.exceptions import SpecError
    from modelc.runtime.training_data import training_data

    def report(problems: "Sequence[Problem]") -> None:
        show_problems(problems, checked.sources, sys.stderr)

    try:
        with run_of(task.spec.document, checked.sources):
            return training_data(task, checked, root, reading, report, elsewhere)
    except SpecError as error:
        report([problem for problem in error.problems if problem.is_error])
        raise typer.Exit(FINDINGS) from None
