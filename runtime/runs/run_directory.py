"""A run directory: its files and its record. Reads only; `recorder` writes during training."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from modelc.compiler.api import check
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.document import MAX_BYTES
from modelc.compiler.syntax.file_root import Root, cache_folder, data_root
from modelc.compiler.syntax.path_patterns import files_there, is_pattern
from modelc.compiler.syntax.path_rules import refusal
from modelc.runtime.runs.files import may_be_there
from modelc.runtime.runs.plugins import need_plugins
from modelc.runtime.runs.run_files import MOST, damaged, read_bytes
from modelc.runtime.runs.run_layout import CLASS_NAMES, ENVIRONMENT, RESOLVED, WEIGHTS
from modelc.runtime.runs.run_lock import is_locked
from modelc.runtime.runs.run_record import KINDS, Kind, digest, read_record
from modelc.runtime.runs.unsound import INTACT
from modelc.runtime.runs.weights import has_weights, read_weights
from modelc.runtime.training.observer import Snapshot

ENDINGS = {
    "running": "is still running",
    "killed": "was killed",
    "interrupted": "was interrupted",
    "failed": "failed",
    "early stopping": "stopped early",
    "finished": "finished",
}
"""What is said of a run in each state."""


class FoundRoot(NamedTuple):
    """The folder of a run's data, and what to say about the choice."""

    root: Root
    notes: tuple[str, ...] = ()


class Run:
    """An existing run directory, with its record as it was when this object was created.

    `data_root` is the folder of the data, where that is known to be another one than the record has.
    """

    def __init__(self, folder: Path, data_root: Path | None = None) -> None:
        self.folder = folder
        self.record = read_record(folder)
        self.data_root = data_root or Path(self.record.root)

    @property
    def state(self) -> str:
        """How it ended, in words, or that it is running: a process that was killed could not record how it ended."""
        if self.record.status == "running" and not is_locked(self.folder):
            return "killed"
        return self.record.status.replace("_", " ")

    def kept(self, name: str, most: int = MOST) -> bytes:
        """The content of a file that stays as it was written. Raises RunError E602 if it did not, or has more bytes."""
        data = read_bytes(self.folder, name, most)
        if name in self.record.files and not self.lists(name, data):
            # A training that goes on with other lengths may have replaced both in the meantime.
            self.record = read_record(self.folder)
            if not self.lists(name, data):
                raise damaged(self.folder / name, "has changed since it was written: its sha256 is not in the record")
        return data

    def lists(self, name: str, data: bytes) -> bool:
        """Whether the record has the digest of `data` for the file `name`."""
        return digest(data) in (self.record.files.get(name), self.record.replaced.get(name))

    def need_whole(self) -> None:
        """Raise RunError E602 unless every file that the record has a digest of is as it was written."""
        for name in tuple(self.record.files):
            self.kept(name)

    def task(self) -> Task:
        """The task that was trained. Raises RunError E602 if its spec is damaged, or invalid for this version.

        Raises RunError E606 if a plug-in that it was trained with is not enabled.
        """
        need_plugins(self.folder, self.record.plugins)
        text = self.kept(RESOLVED, 4 * MAX_BYTES)
        names = self.class_names()
        checked = check(text, str(self.folder / RESOLVED), written_out=True, class_names=names)
        if checked.errors or checked.task is None:
            raise RunError(
                "E602",
                f"`{self.folder / RESOLVED}` is damaged, or was written by another version of modelc",
                notes=tuple(f"{problem.code}: {problem.message}" for problem in checked.errors[:3]),
            )
        return checked.task

    def class_names(self) -> Mapping[str, tuple[str, ...]]:
        """The class names that the spec has in files, as they were when the run was trained. Raises RunError E602."""
        if not self.record.class_names:
            return {}
        from modelc.compiler.expansion.class_names import MAX_NAME_BYTES, digest_of_names

        try:
            # As JSON, a character may take six bytes for one.
            found = json.loads(self.kept(CLASS_NAMES, 6 * MAX_NAME_BYTES))
            names = {file: tuple(found[file]) for file in self.record.class_names}
            digests = {file: digest_of_names(given) for file, given in names.items() if all(map(is_text, given))}
        except (ValueError, TypeError, KeyError, RecursionError):
            digests = {}
        if digests != self.record.class_names:
            raise damaged(self.folder / CLASS_NAMES, "is damaged")
        return names

    def find_root(
        self, folder: Path | None = None, source: Source | None = None, data: Path | None = None
    ) -> FoundRoot:
        """The folder that paths begin at: `folder`, or that of the run. Those of data files begin at `data`, or, where no folder
        is given, at the one that the run recorded for them; else they begin where the others do.
        """
        own = data_root(data) if data is not None else self.recorded_data() if folder is None else None
        found = self.find_folder(folder, source if own is None else None)
        return found._replace(root=replace(found.root, data=own))

    def recorded_data(self) -> Root | None:
        """The folder that the run has recorded for its data files; where the run was moved or copied with them, it is found from
        there.
        """
        if self.record.data_root is None:
            return None
        from_here = os.path.normpath(os.path.join(real_path(self.folder), self.record.data_root_from_run or "."))
        moved = self.record.data_root_from_run is not None and os.path.isdir(from_here)
        return Root(Path(from_here if moved else self.record.data_root), cache_folder(), "run")

    def find_folder(self, folder: Path | None, source: Source | None) -> FoundRoot:
        """The folder of all paths: `folder`, or that of the run.

        That is the one that is now where it was as seen from the run, for a project that was moved or copied, unless it
        has none of the files that `source` reads: then it is the recorded one, which is said. What is there and damaged is
        for the reader to report, and never replaced by the data of another folder.
        """
        if folder is not None:
            return FoundRoot(Root(folder, cache_folder(), "option", recorded=self.data_root))
        recorded = Root(self.data_root, cache_folder(), "run")
        if source is None or self.record.root_from_run is None or str(self.data_root) != self.record.root:
            return FoundRoot(recorded)
        from_here = os.path.normpath(os.path.join(real_path(self.folder), self.record.root_from_run))
        is_there = from_here == real_path(recorded.folder)
        moved = replace(recorded, folder=Path(from_here), recorded=None if is_there else recorded.folder)
        files = source.files()
        if not files or is_there or any(may_have(moved, file) for file in files):
            return FoundRoot(moved)
        if not any(may_have(recorded, file) for file in files):
            return FoundRoot(moved)
        note = (
            f"there is no {files[0]!r} in `{from_here}`: it is read from `{recorded.folder}`, where it was when "
            "the run was trained"
        )
        return FoundRoot(recorded, (note,))

    def environment(self) -> Mapping[str, Any]:
        """The environment of the run. Raises RunError E602 if it cannot be read."""
        try:
            found = json.loads(self.kept(ENVIRONMENT, 2**20))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise damaged(self.folder / ENVIRONMENT, "is damaged")
        return found

    def kinds(self) -> list[Kind]:
        """The kinds of weights that it has, the best first."""
        return [kind for kind in KINDS if has_weights(self.folder / WEIGHTS, kind)]

    def weights(self, task: PreparedTask, kind: Kind | None = None) -> tuple[Kind, Snapshot]:
        """The weights of one kind, by default the best, else the last, and their kind.

        Raises RunError E602 if there are none, E603 if they are damaged or do not match the spec.
        """
        there = self.kinds()
        if kind is None and self.record.best is not None and "best" not in there:
            raise RunError(
                "E602",
                f"the best weights of the run `{self.folder}` are missing, although its record names them",
                helps=("use `--weights last` to use the last ones", *INTACT) if there else INTACT,
            )
        chosen: Kind | None = kind if kind in there else None if kind else next(iter(there), None)
        if chosen is None:
            from modelc.runtime.runs.ways_on import without_weights

            raise RunError(
                "E602",
                f"the run `{self.folder}` has no {kind or 'saved'} weights",
                notes=(f"it {ENDINGS[self.state]} at epoch {self.record.epoch:,}",),
                helps=(f"use `--weights {there[0]}`",) if there else without_weights(self),
            )
        return chosen, read_weights(self.folder / WEIGHTS, chosen, self.record.id, task)


def may_have(root: Root, path: str) -> bool:
    """Whether something is at `path` below `root`, or it is for the reader to say why it cannot be looked for."""
    if refusal(path, root.called):
        return True
    return bool(files_there(root, path)) if is_pattern(path) else may_be_there(root.folder / path)


def is_text(value: object) -> bool:
    return isinstance(value, str)
