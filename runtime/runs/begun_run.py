"""A run that begins: its place, checked before data is read, and its recorder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from modelc.compiler.api import Checked
from modelc.compiler.binding.task import Task
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.bad_rows import PartOfSkips
from modelc.runtime.data.column_profiles import Profiles
from modelc.runtime.data.learning import Learnt
from modelc.runtime.runs.kept_initial import files_of_training
from modelc.runtime.runs.new_record import NO_LABELS, Labels, new_id, record_of
from modelc.runtime.runs.new_run import need_free, need_outside_runs
from modelc.runtime.runs.recorder import Recorder
from modelc.runtime.runs.run_folders import RUNS, task_name
from modelc.runtime.runs.tags import need_new_tags


class NewRun(NamedTuple):
    """A run that is to begin: what it is called, and the folder that it is kept in, which the user may have named."""

    id: str
    name: str
    folder: Path
    is_named: bool
    labels: Labels

    def need_place(self) -> None:
        """Raise RunError E601 or E604 unless it can begin there."""
        if self.is_named:
            need_outside_runs(self.folder)
        need_free(self.folder)
        need_new_tags(self.folder.parent, self.labels.tags)


def new_run(task: Task, path: Path, folder: Path | None, labels: Labels = NO_LABELS) -> NewRun:
    """A new run of the spec at `path`, in `folder`, or where runs of its name are."""
    id, name = new_id(), task_name(task, path)
    return NewRun(id, name, folder or RUNS / name / id, folder is not None, labels)


def begin(
    run: NewRun,
    task: Task,
    checked: Checked,
    path: Path,
    settings: tuple[str, ...],
    root: Root,
    data: Any,
    environment: Mapping[str, Any],
    learnt: Learnt,
    profiles: Profiles | None,
    skipped: Sequence[PartOfSkips],
) -> Recorder:
    """The recorder of `run`, of the spec at `path` with `settings`, which is `data` then; readers have `learnt` of the training rows,
    whose columns have the `profiles`; rows that are `skipped` are listed. Raises RunError E601, E604.
    """
    assert checked.merged is not None
    merged, names = checked.merged.data, checked.class_names
    record = record_of(task, run.id, run.name, path, settings, root, merged, names, run.labels)
    text = checked.sources[str(path)].encode()
    others = files_of_training(task, skipped)
    return Recorder.new(run.folder, record, text, merged, data, environment, names, learnt, profiles, others)
