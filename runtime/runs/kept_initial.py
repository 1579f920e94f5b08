"""What a run has kept of the initial weights that it took from elsewhere, in `initial_weights.json`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.bad_rows import PartOfSkips
from modelc.runtime.initial.begun import Begun, begun
from modelc.runtime.initial.sources import ELSEWHERE
from modelc.runtime.runs.recorded_json import to_json
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import MOST, damaged
from modelc.runtime.runs.run_layout import INITIAL, SKIPPED
from modelc.runtime.runs.skipped_rows import skipped_json


def files_of_training(task: Task, skipped: Sequence[PartOfSkips]) -> dict[str, bytes]:
    """The files of a run that list rows which are `skipped`, and initial weights from elsewhere, where there are such."""
    initial = None if task.training is None else task.training.initial
    listed = skipped_json(skipped)
    return ({SKIPPED: listed} if listed else {}) | ({} if initial is None else {INITIAL: to_json(initial.report)})


def kept_report(run: Run) -> Mapping[str, Any]:
    """The report of a run; empty where it took none. Raises RunError E602."""
    if INITIAL not in run.record.files:
        return {}
    try:
        found = json.loads(run.kept(INITIAL, MOST))
        assert isinstance(found["sources"], list)
        assert all(isinstance(one["sha256"], str) for one in found["taken"].values())
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError):
        raise damaged(run.folder / INITIAL, "is damaged") from None
    report: Mapping[str, Any] = found
    return report


def run_elsewhere(run: Run) -> Run | None:
    """The run that the command line named when `run` was trained; None where the spec says where weights are from.

    Raises RunError E602 where it is not there any more.
    """
    named = [one["run"] for one in kept_report(run).get("sources", ()) if one.get("elsewhere")]
    if not named:
        return None
    try:
        return Run(Path(named[0]))
    except RunError as error:
        note = "the run was trained with `--initial-weights`, and its weights are read there again"
        raise error.replaced(notes=(*error.notes, note)) from None


def begun_again(run: Run, task: Task, root: Root) -> Begun:
    """`task`, that of `run`, with its initial weights as they are now where the run took them, below `root` where its spec names them.

    Raises RunError as `begun`, with a note that they are read again.
    """
    elsewhere = run_elsewhere(run)
    try:
        return begun(task, root, elsewhere)
    except RunError as error:
        note = "its weights are what the run began with, and they are read there again"
        back = f"put it back below {str(root.folder)!r}, or name the folder that its path begins at: `--root DIR`"
        absent = isinstance(error, AbsentFile) or ELSEWHERE in error.helps
        raise error.replaced(notes=(*error.notes, note), helps=(back,) if absent else error.helps) from None
