"""`modelc train --folds`: a run for each fold of the spec, the mean and spread of their scores, and out-of-fold predictions."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from modelc.cli.checking import Folders, checked_spec
from modelc.cli.console import Styled, refuse, say
from modelc.cli.train import run
from modelc.cli.training_request import Request

if TYPE_CHECKING:
    from modelc.runtime.runs.fold_scores import Spread
    from modelc.runtime.runs.new_record import Labels

FOLD = "data.validation.folds.fold"


def train_folds(
    path: Path,
    group: Path | None,
    labels: "Labels",
    settings: tuple[str, ...],
    request: Request,
) -> None:
    """Train each fold of the spec at `path` into a folder of `group`, or of one in `runs`. Ends the command as `train` does at
    the first fold that fails or is interrupted, and where the spec has no folds.
    """
    from modelc.compiler.diagnostics.command_line import command, shell_word

    if request.asked.processes is not None:
        refuse("`--folds` trains in one process", helps=("train each fold by itself in several: `--fold N`",))
    if labels.tags:
        helps = ("leave it out, or train each fold by itself: `--fold N --tag TAG`",)
        refuse(f"`--tag {shell_word(labels.tags[0])}` names one run, and `--folds` makes several", helps=helps)
    count, folder = folds_of(path, settings, request.folders, group)

    from modelc.runtime.runs.fold_scores import spreads, write_out_of_fold
    from modelc.runtime.runs.new_run import need_free, need_outside_runs
    from modelc.runtime.runs.run_directory import Run

    if group is not None:
        need_outside_runs(folder)
    need_free(folder)
    names = [folder / f"fold-{fold}" for fold in range(1, count + 1)]
    for fold, name in enumerate(names, 1):
        say(Styled("strong", f"fold {fold} of {count}"))
        run(path, name, labels, (*settings, f"{FOLD}={fold}"), request)
        say("")
    runs = [Run(name) for name in names]
    say(*lines(count, spreads(runs)))
    kept = write_out_of_fold(runs, folder)
    say(f"out-of-fold predictions: {kept}", f"runs: {names[0]} ... {names[-1]}", "", "next:")
    say(f"  {command('evaluate', names[0])}")
    say(f"  {command('predict', names[0], 'FILE', '--with', folder, '--output', 'predictions.csv')}")


def folds_of(path: Path, settings: tuple[str, ...], folders: Folders, group: Path | None) -> tuple[int, Path]:
    """The number of folds of the spec at `path`, and the folder of their runs. Ends the command for a spec that has errors or
    no folds.
    """
    from modelc.compiler.binding.needed_sections import FOR_TRAINING
    from modelc.compiler.diagnostics.command_line import shell_word

    task, _ = checked_spec(path, settings, folders[0], FOR_TRAINING, folders[1])
    split = task.data.splits.get("validation") if task.data is not None else None
    if split is None or split.folds is None:
        helps = (
            "write `data: {validation: {folds: {count: 5}}}`",
            f"or `--set {shell_word('data.validation={folds: {count: 5}}')}`",
        )
        refuse(f"`--folds` trains every fold of a spec, and `{path}` has none", helps=helps)

    from modelc.runtime.runs.new_record import new_id
    from modelc.runtime.runs.run_folders import RUNS, task_name

    return split.folds.count, group or RUNS / task_name(task, path) / f"folds-{new_id()}"


def lines(count: int, found: "Mapping[str, Spread]") -> list[str]:
    """The mean and standard deviation of each score over so many folds, and the scores themselves."""
    width = max(map(len, found))
    return [
        f"{count} folds, validation scores at the best epoch of each: mean and standard deviation",
        *(
            f"  {key:<{width}}  {one.mean:.6g} +- {one.deviation:.3g}   ({', '.join(f'{value:.6g}' for value in one.each)})"
            for key, one in found.items()
        ),
    ]
