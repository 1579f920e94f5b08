"""Checkpoints on disk: a folder for each, with a safetensors file for each part of the state and a manifest with digests.

A folder is written under another name, synced and renamed: one that is there is whole, or has been changed since.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.files import writing
from modelc.runtime.runs.metrics_log import Chain, MetricsPart
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import content_of
from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import INTACT, UnsoundError
from modelc.runtime.runs.weights import ArrayEntry, FileEntry, flatten
from modelc.runtime.training.observer import Checkpoint, Snapshot, by_path

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
CHECKPOINTS = "checkpoints"
FAILED = "failed"
"""The folder of the state from which a training failed, a checkpoint that nothing goes on from."""
MANIFEST = "manifest.json"
NAME = re.compile(r"step-([0-9]{9,15})")
NEW, OLD = ".new-", ".old-"
"""How the name of a folder begins that is not whole yet, or is about to be removed; one that stays behind is of a process
that was killed.
"""
BEST = {"best_params": "params", "best_state": "state"}
"""The parts that hold the best weights so far, and which trees of a snapshot they are."""
MOST = 2**26
"""Bytes of a manifest."""


class Stored(NamedTuple):
    """A checkpoint with what the run has beside it at that moment: the best weights, and the lines of its metrics."""

    checkpoint: Checkpoint
    best: Snapshot | None
    chain: Chain


class BestEpoch(Sealed):
    epoch: int
    step: int


class CheckpointManifest(Sealed):
    """What is in a checkpoint."""

    format: int
    run: str
    epoch: int
    step: int
    facts: dict[str, Any]
    best: BestEpoch | None
    metrics: MetricsPart
    files: dict[str, FileEntry]

    def digests(self) -> dict[str, str]:
        """The sha256 of each file."""
        return {file_of(part): entry.sha256 for part, entry in self.files.items()}


def name_of(step: int) -> str:
    """The name of the checkpoint of a step; names sort like steps."""
    return f"step-{step:09}"


def write_checkpoint(folder: OpenFolder, run: str, stored: Stored, keep: int) -> None:
    """Write a checkpoint of the run called `run` to the folder of checkpoints, and remove all but the newest `keep`.

    Older ones are removed only once the new one is on the disk. Raises RunError E604.
    """
    name = name_of(stored.checkpoint.step)
    new = NEW + name
    with writing(folder.path / name):
        folder.remove(new)
        try:
            with folder.below(new) as below:
                write_files(below, run, stored)
            discard(folder, name)
            folder.rename(new, name)
        except OSError:
            folder.remove(new)
            raise
        folder.sync()
        for old in names_in(folder)[:-keep]:
            discard(folder, old)


def discard(folder: OpenFolder, name: str) -> None:
    """Remove a checkpoint from the folder of checkpoints: under another name, so that one that is there is whole."""
    if folder.has(name):
        folder.remove(OLD + name)
        folder.rename(name, OLD + name)
        folder.remove(OLD + name)


def remove_failed(run: OpenFolder) -> None:
    """Remove the state from which the training of a run failed. Raises RunError E604."""
    with writing(run.path / FAILED):
        if run.has(FAILED):
            with run.existing(FAILED) as folder:
                for name in names_in(folder):
                    discard(folder, name)
            run.remove(FAILED)


def write_files(folder: OpenFolder, run: str, stored: Stored) -> None:
    """Write the files of a checkpoint, the manifest last, and sync them to disk."""
    from safetensors.numpy import save

    given, best = stored.checkpoint, stored.best
    parts: dict[str, Mapping[str, Any]] = dict(given.arrays)
    if best is not None:
        parts |= {part: flatten(getattr(best, tree)) for part, tree in BEST.items()}
    files = {}
    for part, arrays in parts.items():
        data = save({key: in_c_order(array) for key, array in arrays.items()})
        folder.write_new(file_of(part), data)
        described = {key: ArrayEntry(shape=list(array.shape), dtype=array.dtype.name) for key, array in arrays.items()}
        files[part] = FileEntry(sha256=sha256(data).hexdigest(), arrays=described)
    manifest = CheckpointManifest(
        format=FORMAT,
        run=run,
        epoch=given.epoch,
        step=given.step,
        facts=dict(given.facts),
        best=None if best is None else BestEpoch(epoch=best.epoch, step=best.step),
        metrics=MetricsPart(**stored.chain._asdict()),
        files=files,
    )
    # Figures may be NaN, which is to come back as such.
    folder.write_new(MANIFEST, sealed(manifest.model_dump(), partial(json.dumps, indent=1)))
    folder.sync()


def in_c_order(array: Any) -> "np.ndarray[Any, Any]":
    import numpy as np

    return np.asarray(array, order="C")


def file_of(part: str) -> str:
    """The name of the file of a part of the state."""
    return f"{part}.safetensors"


def names_in(folder: OpenFolder) -> list[str]:
    """The names of whole checkpoints, the oldest first."""
    return sorted(name for name in folder.entries() if NAME.fullmatch(name))


def checkpoints_of(run: Path, kind: str = CHECKPOINTS) -> list[str]:
    """The names of the checkpoints of a run directory in its folder `kind`, the oldest first. Raises RunError E602."""
    try:
        with OpenFolder.at(run) as opened:
            if not opened.has(kind):
                return []
            with opened.existing(kind) as folder:
                return names_in(folder)
    except OSError as error:
        raise RunError("E602", f"the checkpoints of `{run}` cannot be read: {reason_of(error)}") from None


def newest_checkpoint(
    run: Path, id: str, purpose: str = "to go on from", helps: tuple[str, ...] = ()
) -> tuple[Stored, tuple[str, ...]]:
    """The newest checkpoint of a run that is whole, and what to say of newer ones that are not; `purpose`, and `helps` for a
    run without any, are for messages.

    Raises RunError E602 if there is none, E603 if there are some and none is whole.
    """
    names = checkpoints_of(run)
    if not names:
        raise RunError("E602", f"the run `{run}` has no checkpoint {purpose}", helps=helps)
    notes: list[str] = []
    for name in reversed(names):
        try:
            return read_checkpoint(run, name, id), tuple(notes)
        except RunError as error:
            if name == names[0]:
                raise
            notes.append(f"an older checkpoint is used: {error.message}")
    raise AssertionError("the loop returns or raises")


def failed_checkpoint(run: Path, id: str) -> Stored | None:
    """The state from which the training of a run failed; None if none is kept. Raises RunError E602 and E603."""
    names = checkpoints_of(run, FAILED)
    return read_checkpoint(run, names[-1], id, FAILED) if names else None


def read_checkpoint(run: Path, name: str, id: str, kind: str = CHECKPOINTS) -> Stored:
    """The checkpoint `name` of the run directory `run`, whose id is `id`, in its folder `kind`.

    Raises RunError E603 if it is damaged, or of another run.
    """
    with opened_checkpoint(run, name, kind) as folder:
        manifest = read_manifest(folder, id)
        arrays = {part: read_part(folder, part, entry) for part, entry in manifest.files.items()}
    best = None
    if manifest.best is not None:
        trees = [by_path(arrays.pop(part, {})) for part in BEST]
        best = Snapshot(manifest.best.epoch, manifest.best.step, *trees)
    checkpoint = Checkpoint(manifest.epoch, manifest.step, arrays, manifest.facts)
    return Stored(checkpoint, best, Chain(**manifest.metrics.model_dump()))


@contextmanager
def opened_checkpoint(run: Path, name: str, kind: str) -> Iterator[OpenFolder]:
    """A checkpoint's folder, for reading. Raises RunError E603."""
    path = run / kind / name
    try:
        with OpenFolder.at(run) as opened, opened.existing(kind) as all_of_them:
            folder = all_of_them.existing(name)
    except OSError as error:
        raise unusable(path, f"it cannot be read: {reason_of(error)}") from None
    with folder:
        yield folder


def read_manifest(folder: OpenFolder, id: str) -> CheckpointManifest:
    """The manifest of a checkpoint, after checking its seal and that it is of the run `id`."""
    try:
        manifest = read_sealed(content_of(folder, MANIFEST, MOST), CheckpointManifest, (FORMAT,))
    except UnsoundError as error:
        raise unusable(folder.path, f"`{MANIFEST}` {error}", error.helps) from None
    if manifest.run != id:
        raise unusable(folder.path, f"it belongs to the run {manifest.run}, not to {id}")
    if folder.path.name != name_of(manifest.step):
        raise unusable(folder.path, f"it is the one of step {manifest.step:,}")
    return manifest


def read_part(folder: OpenFolder, part: str, entry: FileEntry) -> "dict[str, np.ndarray[Any, Any]]":
    """The arrays of one part, after checking its digest, and that they are those that the manifest lists."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = content_of(folder, file_of(part))
    except UnsoundError as error:
        raise unusable(folder.path, f"`{file_of(part)}` {error}", error.helps) from None
    if sha256(data).hexdigest() != entry.sha256:
        raise unusable(folder.path, f"`{file_of(part)}` has changed since it was written")
    try:
        arrays = load(data)
    except SafetensorError as error:
        raise unusable(folder.path, f"`{file_of(part)}` is damaged: {str(error).lower()}") from None
    described = {key: (tuple(array.shape), array.dtype) for key, array in entry.arrays.items()}
    if described != {key: (array.shape, array.dtype.name) for key, array in arrays.items()}:
        raise unusable(folder.path, f"`{file_of(part)}` has other arrays than `{MANIFEST}` lists")
    return {key: arrays[key] for key in entry.arrays}


def unusable(path: Path, reason: str, helps: tuple[str, ...] = INTACT) -> RunError:
    return RunError("E603", f"the checkpoint `{path}` cannot be used: {reason}", helps=helps)
