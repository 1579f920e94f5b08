"""Training, evaluating and predicting from a Python program: `modelc.train`, `modelc.open_run`, with rows of files or in memory."""

import json
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from modelc.compiler.api import Checked, check, check_file, plugged
from modelc.compiler.binding.needed_sections import FOR_TRAINING, lacking_sections
from modelc.compiler.binding.task import GROUP, Task
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.diagnostics.render.printable import inert, printable
from modelc.compiler.library.sources.memory import Memory
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.compiler.syntax.file_root import spec_root
from modelc.compiler.syntax.mapping_text import NAME, text_of_mapping
from modelc.runtime.baselines.trained import trained_baselines
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.chosen_split import Split, choose_rows
from modelc.runtime.data.class_balance import balanced_spec
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.given_columns import columns_given
from modelc.runtime.data.learnt_task import as_learnt
from modelc.runtime.data.new_rows import NewRows
from modelc.runtime.epoch_display import display_of
from modelc.runtime.evaluate import evaluate as scores_of
from modelc.runtime.evaluate import predict as predictions_of
from modelc.runtime.finite import check_predictions
from modelc.runtime.interruption import Interruption
from modelc.runtime.predictions import columns_to_write
from modelc.runtime.predictions_ahead import label_names, labels_by_row, outputs_by_row, predictions_by_row
from modelc.runtime.runs.begun_run import begin, new_run
from modelc.runtime.runs.cadence import Saving, cadence_of
from modelc.runtime.runs.checkpoint_saver import CheckpointSaver
from modelc.runtime.runs.environment import changed_columns, environment
from modelc.runtime.runs.find_run import find_run
from modelc.runtime.runs.kept_baselines import keep_baselines
from modelc.runtime.runs.kept_spec import rows_for
from modelc.runtime.runs.learnt_values import values_for_prediction
from modelc.runtime.runs.metric_arguments import as_trained
from modelc.runtime.runs.metrics_log import DIGEST, METRICS
from modelc.runtime.runs.new_record import Labels
from modelc.runtime.runs.rows_for_run import NewInputs, inputs_for, part_for, rows_of_file, rows_with_made
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_record import Kind
from modelc.runtime.training import device
from modelc.runtime.training.execution import choose
from modelc.runtime.training.loop import fit
from modelc.runtime.training.observer import Several, Snapshot
from modelc.runtime.training.parallelism import ONE_DEVICE
from modelc.runtime.training_data import fed, reading_for, training_data

FROM_MEMORY = "data.source=memory"
"""The setting of a run whose rows a program gave."""
Plugins = str | Path | Sequence[str | Path]


class TrainedRun:
    """A run in its folder, for a Python program: `modelc.open_run` finds one, `modelc.train` makes one.

    `folder` is where it is, `id` what it is called. What evaluates and predicts needs the plug-ins that it was trained with.
    """

    def __init__(
        self, run: Run, plugins: Plugins = (), data_root: Path | None = None, rows: Memory | None = None
    ) -> None:
        self._run, self._plugins, self._data_root, self._rows = run, plugins, data_root, rows
        self.folder, self.id = run.folder, run.record.id

    def __repr__(self) -> str:
        return f"TrainedRun({str(self.folder)!r})"

    @property
    def status(self) -> str:
        """How it ended: `finished`, `early stopping`, `interrupted`, `failed`, `killed`, or that it is `running`."""
        return self._run.state

    @property
    def history(self) -> list[dict[str, Any]]:
        """The values of each epoch by their log keys, with `epoch`, `step`, `learning_rate` and `seconds`. Raises RunError E602."""
        lines = (self.folder / METRICS).read_text("utf-8").splitlines()
        return [{key: value for key, value in json.loads(line).items() if key != DIGEST} for line in lines]

    @cached_property
    def _task(self) -> Task:
        with plugged(self._plugins):
            return self._run.task()

    def _weights(self, task: PreparedTask, weights: Kind | None) -> Snapshot:
        device.prepare()
        return self._run.weights(task, weights)[1]

    def evaluate(
        self, data: Any = None, *, split: Split | None = None, weights: Kind | None = None
    ) -> dict[str, float]:
        """The losses and metrics of the weights, `best` or `last`, by log key without a prefix, on rows with their targets.

        `data` is a mapping of names to columns, a data frame, or the path of a file; without it, they are the rows of a `split`
        of the run's own data: the test rows if there are any, else the validation rows. What `train` returns has those of memory
        too, a run that is opened has those of files only. Raises RunError, SpecError.
        """
        snapshot = self._weights(prepare(self._task), weights)
        said: tuple[str, ...] = ()
        if data is None:
            task, part = self._rows_of_split(split)
        else:
            need_one_choice(split)
            learnt = values_for_prediction(self._run)
            task, part, _, said = part_for(self._run, self._task, self._rows_given(data, skipping=True), learnt)
        task, notes = as_trained(task, self._run.environment())
        for note in (*said, *notes):
            warn(note, 2)
        return scores_of(prepare(task), snapshot.params, snapshot.state, part)

    def predict(
        self, data: Any = None, *, split: Split | None = None, weights: Kind | None = None, raw: bool = False
    ) -> Arrays:
        """The predictions for rows, `[rows, ...]` by name: a class under the name of its output and the probabilities under
        `NAME/probability`, as `modelc predict` writes them to an `.npz` file; with `raw`, the values of the outputs.

        `data` and `split` are as for `evaluate`, without targets. Raises RunError, SpecError; what is NaN or infinite is warned of.
        """
        snapshot = self._weights(prepare(self._task), weights)
        if data is None:
            task, part = self._rows_of_split(split)
            labels = labels_by_row(task, part.named, part.rows)
            rows = NewInputs(part.inputs, part.rows, labels, (), part.targets.get(GROUP))
        else:
            need_one_choice(split)
            learnt = values_for_prediction(self._run)
            task = as_learnt(self._task, learnt)
            rows = inputs_for(self._run, self._task, self._rows_given(data), learnt)
        for note in rows.notes:
            warn(note, 2)
        ready, weighed = prepare(task), (snapshot.params, snapshot.state)
        predicted = predictions_of(ready, *weighed, rows.inputs, rows.length, raw=raw, groups=rows.groups)
        try:
            check_predictions(ready, *weighed, rows.inputs, predicted, raw=raw, note="")
        except RunError as error:
            warn(error.message, 2)
        shown, labels = predictions_by_row(task, predicted), rows.others if label_names(task) else {}
        return columns_to_write(outputs_by_row(task), shown, "npz", raw=raw, labels=labels)

    def _rows_given(self, data: Any, *, skipping: bool = False) -> NewRows:
        if isinstance(data, str | os.PathLike):
            try:
                return rows_of_file(self._run, self._task, Path(data), self._data_root, skipping=skipping)
            except RunError as error:
                if data not in get_args(Split) or os.path.exists(data):
                    raise
                raise error.replaced(helps=(f'`split="{data}"` chooses these rows of the run\'s own data',)) from None
        columns, arrays = columns_given(data)
        names = [*columns, *columns.refused]
        rows = NewRows("the data", names, columns.refused, lambda wanted: {name: arrays[name] for name in wanted})
        return rows_with_made(self._run, self._task, rows, skipping=skipping)

    def _rows_of_split(self, split: Split | None) -> tuple[Task, Part]:
        task = self._task if self._rows is None else with_rows(self._task, self._rows)
        where, notes = self._run.find_root(None, task.source, self._data_root)
        task, dataset = rows_for(self._run, task, where, test=split in (None, "test"))
        changed = changed_columns(self._run.environment(), dataset.digests.train.digests)
        if changed:
            notes = (*notes, f"the data has changed since this run was trained: {', '.join(changed)}")
        for note in notes:
            warn(note, 3)
        return task, choose_rows(dataset, split)[1]


def warn(message: str, level: int) -> None:
    """Say `message` as a warning of Python about the caller so many levels above, safe to print whatever names are in it."""
    warnings.warn(inert(printable(message)), stacklevel=level + 1)


def print_line(line: str) -> None:
    """Print `line`, safe whatever names are in it."""
    print(inert(printable(line)), flush=True)


def need_one_choice(split: Split | None) -> None:
    """Raise ValueError where rows are given and a split is named too."""
    if split is not None:
        raise ValueError(f"both `data` and `split={split!r}` choose the rows: give one of them")


def open_run(path: str | Path, *, plugins: Plugins = (), data_root: str | Path | None = None) -> TrainedRun:
    """The run in the folder `path`, or the one that `runs/NAME`, `runs/NAME:TAG` or the path of a spec stands for.

    `plugins` are those that it was trained with, `data_root` is where data files are, if that is not where they were. Raises
    RunError E602, E607.
    """
    with plugged(plugins):
        found = find_run(str(path), None, ("evaluate",))
    for note in found.notes:
        warn(note, 2)
    return TrainedRun(found.run, plugins, None if data_root is None else Path(data_root))


def train(
    spec: str | Path | Mapping[str, Any],
    *,
    data: Any = None,
    run_dir: str | Path | None = None,
    settings: Sequence[str] = (),
    tags: Sequence[str] = (),
    note: str = "",
    root: str | Path | None = None,
    data_root: str | Path | None = None,
    plugins: Plugins = (),
    progress: bool | None = None,
    baseline: bool = True,
) -> TrainedRun:
    """Train a spec, the path of a file or a mapping, into a run directory, as `modelc train` does. `progress` says whether to show a
    line for each epoch, and at the end the best one and where the run is: by default on a terminal, and in a notebook, where it is one output that changes in its place; `baseline` whether the
    run keeps the baselines of its data, which `modelc evaluate` prints beside its scores.

    `data` are the rows: a mapping of names to arrays or lists, or a data frame; they go before the `source` of the spec, which may
    have none. `settings` are overrides as for `--set`; the other arguments are the options of the same names. Raises SpecError
    with every problem of the spec, RunError for data, files and a training that fails, TypeError for what is no spec or has no columns.

    Ctrl-C finishes the steps that are being computed, saves them and a checkpoint, and raises KeyboardInterrupt then; SIGTERM and
    SIGHUP save too before they end the program. That is so in the main thread, where the program has no handlers of its own.
    """
    need_kinds(run_dir, progress)
    given = None if data is None else columns_given(data)
    folders = [None if folder is None else Path(folder) for folder in (root, data_root)]
    overrides = (*settings, *(() if given is None else (FROM_MEMORY,)))
    with plugged(plugins):
        path, checked = checked_spec(spec, overrides, *folders)
        task = checked.task
        assert task is not None
        if given is not None:
            task = with_rows(task, Memory().holding(*given))
        labels = Labels(tuple(tags), note)
        return trained(task, checked, path, overrides, run_dir, labels, folders, plugins, progress, baseline)


def need_kinds(run_dir: Any, progress: Any) -> None:
    """Raise TypeError for what is no folder, or says neither yes nor no."""
    if run_dir is not None and not isinstance(run_dir, str | os.PathLike):
        raise TypeError(f'`run_dir` is the path of a folder, not {type(run_dir).__name__}: `run_dir="runs/a"`')
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(
            f"`progress` is True, False or None, which shows it on a terminal and in a notebook, not {type(progress).__name__}"
        )


def checked_spec(
    spec: str | Path | Mapping[str, Any], settings: Sequence[str], root: Path | None, data_root: Path | None
) -> tuple[Path, Checked]:
    """The path of a spec and what comes of checking it. Raises SpecError, TypeError."""
    if isinstance(spec, Mapping):
        path = Path(NAME)
        checked = check(text_of_mapping(spec), NAME, settings, spec_root(None, root, data_root))
    elif isinstance(spec, str | os.PathLike):
        path = Path(spec)
        checked = check_file(path, settings=settings, root=root, data_root=data_root)
    else:
        raise TypeError(f"a spec is the path of a file or a mapping, not {type(spec).__name__}")
    problems = checked.problems
    if checked.task is not None and not checked.errors:
        problems += lacking_sections(checked.task, FOR_TRAINING)
    if checked.task is None or any(problem.is_error for problem in problems):
        raise SpecError(problems, dict(checked.sources))
    warn_of(problems)
    return path, checked


def warn_of(problems: Sequence[Problem]) -> None:
    """Say as warnings of Python what a spec or its data warn of."""
    for problem in problems:
        place = problem.label.place
        warn(f"{place.file}:{place.line}: {problem.code} {problem.message}", 4)


def with_rows(task: Task, source: Memory) -> Task:
    """`task` with its rows from `source`."""
    assert task.spec.data is not None
    data = task.spec.data._replace(source=source)
    return replace(task, spec=task.spec._replace(data=data), data=data)


def trained(
    task: Task,
    checked: Checked,
    path: Path,
    settings: tuple[str, ...],
    run_dir: str | Path | None,
    labels: Labels,
    folders: Sequence[Path | None],
    plugins: Plugins,
    progress: bool | None,
    baseline: bool,
) -> TrainedRun:
    """A new run of a checked task, trained. Raises RunError, SpecError."""
    new = new_run(task, path, None if run_dir is None else Path(run_dir), labels)
    new.need_place()
    is_file = os.path.isfile(path) and str(path) != NAME
    where = spec_root(path if is_file else None, *folders)
    for warning in device.prepare():
        warn(warning, 3)
    task, arrays, dataset = training_data(task, checked, where, reading_for(task, ONE_DEVICE), warn_of)
    execution, ready = fed(choose(task, ONE_DEVICE), task, dataset), prepare(task)
    recorded = environment(task, execution, [], dataset.digests, arrays)
    data = balanced_spec(checked.data, task)
    kept = dataset.train.learnt, dataset.profiles, dataset.skipped
    recorder = begin(new, task, checked, path, settings, where, data, recorded, *kept)
    saving = Saving(cadence_of("10 min"), 3)
    assert ready.training is not None
    epochs = ready.training.settings.total_epochs(dataset.train.rows)
    monitor = ready.training.monitor
    shown = display_of(progress, epochs, print_line, on_terminal=sys.stdout.isatty(), monitor=monitor)
    stop, begun = Interruption(), time.perf_counter()
    with stop, recorder, CheckpointSaver(recorder, saving) as saver:
        try:
            outcome = fit(ready, dataset, execution, Several(recorder, *filter(None, [shown])), stop, saver)
        finally:
            if shown is not None:
                shown.close()
        recorder.finish(outcome)
        if shown is not None:
            shown.ended(outcome, recorder.record.epoch, time.perf_counter() - begun, str(recorder.folder))
        if baseline and not stop():
            keep_baselines(recorder, trained_baselines(task, ready, dataset, lambda message: warn(message, 5)))
    stop.pass_on(
        f"training was interrupted after step {outcome.step:,}, and saved in `{inert(printable(str(recorder.folder)))}`"
    )
    return TrainedRun(
        Run(recorder.folder), plugins, folders[1], task.source if isinstance(task.source, Memory) else None
    )
