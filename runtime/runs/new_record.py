"""The record of a run that is about to begin."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

from modelc.compiler.binding.task import Task
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.runs.commit import commit_of
from modelc.runtime.runs.plugins import records_of
from modelc.runtime.runs.run_record import FORMAT, RunRecord, now
from modelc.runtime.runs.spec_content import content_digest, with_class_names


def new_id() -> str:
    """A run id: the time, UTC, to the second, so that ids sort, and six random digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"


class Labels(NamedTuple):
    """What the user calls a run, and says about it."""

    tags: tuple[str, ...] = ()
    note: str = ""


NO_LABELS = Labels()
ClassNames = Mapping[str, tuple[str, ...]]
"""The class names that a spec has in files, by the path of each."""


def record_of(
    task: Task,
    id: str,
    name: str,
    spec: Path,
    settings: tuple[str, ...],
    root: Root,
    merged: Any,
    class_names: ClassNames,
    labels: Labels = NO_LABELS,
) -> RunRecord:
    """The record of a run that is about to begin; `merged` is its spec with all files and without settings, in which
    `class_names` are still in theirs.
    """
    assert task.training is not None
    folder = root.folder.resolve()
    return RunRecord(
        format=FORMAT,
        id=id,
        name=name,
        spec="spec.json" if spec.suffix == ".json" else "spec.yaml",
        settings=list(settings),
        tags=list(labels.tags),
        note=labels.note,
        plugins=records_of(task.spec.plugins),
        root=str(folder),
        data_root=None if root.data is None else str(root.data.folder.resolve()),
        source=os.path.relpath(os.path.realpath(spec), folder) if os.path.isfile(spec) else None,
        content=content_digest(with_class_names(merged, class_names)),
        commit=commit_of(spec),
        class_names=digests_of(class_names),
        started=now(),
        monitor=task.training.monitor,
        better=task.training.better,
    )


def digests_of(class_names: ClassNames) -> dict[str, str]:
    """The digest of the names in each file."""
    if not class_names:
        return {}
    from modelc.compiler.expansion.class_names import digest_of_names

    return {file: digest_of_names(names) for file, names in class_names.items()}
