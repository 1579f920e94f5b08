"""A run directory: its files and its record. Reads only; `recorder` writes during training."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from modelc.compiler.api import check
from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.syntax.beneath import NotRegularError, real_path
from modelc.compiler.syntax.document import MAX_BYTES
from modelc.compiler.syntax.file_root import Root, cache_folder, reason_of
from modelc.compiler.syntax.path_rules import refusal
from modelc.runtime.runs.files import may_be_there
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.plugins import PluginRecord, need_plugins
from modelc.runtime.runs.run_layout import RECORD, RESOLVED, WEIGHTS
from modelc.runtime.runs.weights import has_weights, read_weights
from modelc.runtime.training.observer import Snapshot

FORMAT = 1
MERGED = "merged.json"
ENVIRONMENT = "environment.json"
CLASS_NAMES = "class_names.json"
LOCK = "lock"

Kind = Literal["best", "last"]
Status = Literal["running", "finished", "early_stopping", "interrupted", "failed"]


def without_nul(path: str) -> str:
    """`path`, which the operating system must be able to look for. Raises ValueError."""
    if "\0" in path:
        raise ValueError
    return path


RecordedPath = Annotated[str, AfterValidator(without_nul)]


class Part(BaseModel):
    """Abstract: a part of the record."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Best(Part):
    """The best epoch so far, by `monitor`."""

    epoch: int
    step: int
    score: float


class Failure(Part):
    """Why a run failed."""

    code: str
    message: str


class FittedLayer(Part):
    """A layer that was fitted to the training rows before the first step; its state is among the weights."""

    path: str
    layer: str
    rows: int
    seconds: float


class Resumption(Part):
    """When training went on, from which step, with which lengths, and what differed from the environment before."""

    at: str
    step: int
    settings: list[str] = Field(default_factory=list)
    differs: list[str] = Field(default_factory=list)


class RunRecord(Part):
    """`run.json`: the identity and progress of a run. Times are UTC; `root` is the folder that data paths are relative
    to, `root_from_run` the path to it from the run directory, `source` the path of the spec from it.

    `content` is the digest of the spec with all files that it extends and uses, without settings; None, as `source`,
    in the record of a run that was made before these were recorded. `class_names` has the digest of the names in each file
    of class names, by the path that the spec has for it.
    """

    format: int
    id: str
    name: str
    spec: str
    settings: list[str]
    plugins: list[PluginRecord] = Field(default_factory=list)
    root: RecordedPath
    root_from_run: RecordedPath | None = None
    source: RecordedPath | None = None
    content: str | None = None
    class_names: dict[str, str] = Field(default_factory=dict)
    started: str
    ended: str | None = None
    status: Status = "running"
    epoch: int = 0
    step: int = 0
    monitor: str
    better: str
    best: Best | None = None
    fitted: list[FittedLayer] = []
    failure: Failure | None = None
    resumed: list[Resumption] = Field(default_factory=list)


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

    def task(self) -> Task:
        """The task that was trained. Raises RunError E602 if its spec is damaged, or invalid for this version.

        Raises RunError E606 if a plug-in that it was trained with is not enabled.
        """
        need_plugins(self.folder, self.record.plugins)
        text = read_bytes(self.folder, RESOLVED, 4 * MAX_BYTES)
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
            found = json.loads(read_bytes(self.folder, CLASS_NAMES, 6 * MAX_NAME_BYTES))
            names = {file: tuple(found[file]) for file in self.record.class_names}
            digests = {file: digest_of_names(given) for file, given in names.items() if all(map(is_text, given))}
        except (ValueError, TypeError, KeyError, RecursionError):
            digests = {}
        if digests != self.record.class_names:
            raise RunError("E602", f"`{self.folder / CLASS_NAMES}` is damaged")
        return names

    def find_root(self, folder: Path | None = None, source: Source | None = None) -> FoundRoot:
        """The folder of the data: `folder`, or that of the run.

        That is the one that is now where it was as seen from the run, for a project that was moved or copied, unless it
        has none of the files that `source` reads: then it is the recorded one, which is said. What is there and damaged is
        for the reader to report, and never replaced by the data of another folder.
        """
        if folder is not None:
            return FoundRoot(Root(folder, cache_folder(), "option"))
        recorded = Root(self.data_root, cache_folder(), "run")
        if source is None or self.record.root_from_run is None or str(self.data_root) != self.record.root:
            return FoundRoot(recorded)
        from_here = os.path.normpath(os.path.join(real_path(self.folder), self.record.root_from_run))
        moved = replace(recorded, folder=Path(from_here))
        files = source.files()
        if not files or from_here == real_path(recorded.folder) or any(may_have(moved, file) for file in files):
            return FoundRoot(moved)
        if not os.path.isdir(recorded.folder):
            return FoundRoot(moved)
        note = (
            f"there is no {files[0]!r} in `{from_here}`: it is read from `{recorded.folder}`, where it was when "
            "the run was trained"
        )
        return FoundRoot(recorded, (note,))

    def environment(self) -> Mapping[str, Any]:
        """The environment of the run. Raises RunError E602 if it cannot be read."""
        try:
            found = json.loads(read_bytes(self.folder, ENVIRONMENT, 2**20))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise RunError("E602", f"`{self.folder / ENVIRONMENT}` is damaged")
        return found

    def weights(self, task: PreparedTask, kind: Kind | None = None) -> tuple[Kind, Snapshot]:
        """The weights of one kind, by default the best, else the last, and their kind.

        Raises RunError E602 if there are none, E603 if they are damaged or do not match the spec.
        """
        if kind is None and self.record.best is not None and not has_weights(self.folder / WEIGHTS, "best"):
            raise RunError(
                "E602",
                f"the best weights of the run `{self.folder}` are missing, although its record names them",
                helps=("use `--weights last` to use the last ones",),
            )
        there: list[Kind] = [word for word in KINDS if has_weights(self.folder / WEIGHTS, word)]
        chosen: Kind | None = kind if kind in there else None if kind else next(iter(there), None)
        if chosen is None:
            raise RunError(
                "E602",
                f"the run `{self.folder}` has no {kind or 'saved'} weights",
                notes=(f"it is {self.state} at epoch {self.record.epoch}",),
                helps=(f"use `--weights {there[0]}`",) if there else ("train it again",),
            )
        return chosen, read_weights(self.folder / WEIGHTS, chosen, self.record.id, task)


KINDS: tuple[Kind, ...] = ("best", "last")


def may_have(root: Root, path: str) -> bool:
    """Whether something is at `path` below `root`, or it is for the reader to say why it cannot be looked for."""
    return bool(refusal(path, root.called)) or may_be_there(root.folder / path)


def read_record(folder: Path) -> RunRecord:
    """The record of the run in `folder`. Raises RunError E602."""
    data = read_bytes(folder, RECORD, 2**20)
    try:
        # Not by pydantic's own parser, which refuses the surrogates of a path that is no UTF-8.
        record = RunRecord.model_validate(json.loads(data))
    except (ValueError, RecursionError):
        raise RunError("E602", f"`{folder / RECORD}` is damaged, or was written by another version of modelc") from None
    if record.format != FORMAT:
        raise RunError(
            "E602", f"the run `{folder}` is in format {record.format}, this version of modelc reads format {FORMAT}"
        )
    return record


def is_locked(folder: Path) -> bool:
    """Whether a process is training in a run directory; one whose lock cannot be asked is taken for one in use."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_text(value: object) -> bool:
    return isinstance(value, str)


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """The content of a file of a run. Raises RunError E602 if it cannot be read, or has more than `most` bytes."""
    path = folder / name
    try:
        with OpenFolder.at(folder) as opened, opened.reading(name) as file:
            data = file.read(most + 1)
    except NotRegularError as error:
        raise RunError("E602", f"`{path}` of the run is {error.kind}, expected a regular file") from None
    except OSError as error:
        raise RunError("E602", f"`{path}` of the run cannot be read: {reason_of(error)}") from None
    if len(data) > most:
        raise RunError("E602", f"`{path}` of the run has more than {most:,} bytes")
    return data


def now() -> str:
    """The current time, UTC, to the microsecond; strings sort like times."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
