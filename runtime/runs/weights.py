"""Weights on disk: a directory of safetensors files and a manifest with their digests, written so that a crash keeps
the old ones, and read only if every digest is right and every array is one that the spec needs.

Handles params and state as trees on the host; no optimizer state and no devices.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.files import may_be_there, writing
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import content_of
from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import INTACT, UnsoundError
from modelc.runtime.training.observer import Snapshot, Weights, by_path

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
MANIFEST = "manifest.json"
PARAMS = "params.safetensors"
STATE = "state.safetensors"
ATTEMPTS = 5
"""The number of times that weights are opened again because training has replaced them."""


class ArrayEntry(Sealed):
    shape: list[int]
    dtype: str


class FileEntry(Sealed):
    sha256: str
    arrays: dict[str, ArrayEntry]


class Manifest(Sealed):
    """The list of the files beside it with their digests."""

    format: int
    run: str
    epoch: int
    step: int
    files: dict[str, FileEntry]

    def digests(self) -> dict[str, str]:
        """The sha256 of each file."""
        return {name: entry.sha256 for name, entry in self.files.items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One array that the spec needs."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def bytes(self) -> int:
        import numpy as np

        return prod(self.shape) * np.dtype(self.dtype).itemsize


def wanted_arrays(task: PreparedTask) -> dict[str, dict[str, Wanted]]:
    """By file name, the arrays of the model of `task`, as `path:name`."""
    wanted: dict[str, dict[str, Wanted]] = {PARAMS: {}, STATE: {}}
    for path, plan in task.planned.owned():
        for name, weight in plan.params.items():
            wanted[PARAMS][f"{path}:{name}"] = Wanted(weight.shape, weight.dtype)
        for name, entry in plan.state.items():
            if not entry.per_row:
                wanted[STATE][f"{path}:{name}"] = Wanted(entry.shape, entry.dtype)
    return wanted


def write_weights(weights: OpenFolder, kind: str, run: str, snapshot: Snapshot) -> None:
    """Write `snapshot` of the run called `run` to the folder `kind` in `weights`, replacing older ones.

    At every moment either the old or the new weights can be read, even after a crash. Raises RunError E604.
    """
    new, old = sibling(kind, "new"), sibling(kind, "old")
    with writing(weights.path / kind):
        weights.remove(new)
        try:
            with weights.below(new) as folder:
                write_files(folder, run, snapshot)
            if weights.has(kind):
                weights.remove(old)
                weights.rename(kind, old)
            weights.rename(new, kind)
        except OSError:
            weights.remove(new)
            raise
        weights.sync()
        weights.remove(old)


def write_files(folder: OpenFolder, run: str, snapshot: Snapshot) -> None:
    """Write the files of a snapshot, the manifest last, and sync them to disk."""
    from safetensors.numpy import save

    entries = {}
    for name, tree in ((PARAMS, snapshot.params), (STATE, snapshot.state)):
        arrays = flatten(tree)
        data = save(arrays)
        folder.write_new(name, data)
        described = {key: ArrayEntry(shape=list(array.shape), dtype=array.dtype.name) for key, array in arrays.items()}
        entries[name] = FileEntry(sha256=sha256(data).hexdigest(), arrays=described)
    manifest = Manifest(format=FORMAT, run=run, epoch=snapshot.epoch, step=snapshot.step, files=entries)
    folder.write_new(MANIFEST, sealed(manifest.model_dump()))
    folder.sync()


def step_of(weights: OpenFolder, kind: str) -> int | None:
    """The step of the weights of this kind that are in their place; None if none are."""
    try:
        with weights.existing(kind) as folder, folder.reading(MANIFEST) as file:
            return read_manifest(file.read(), folder.path).step
    except (OSError, RunError):
        return None


def has_weights(weights: Path, kind: str) -> bool:
    """Whether weights of this kind were ever completely written to the folder `weights`."""
    return may_be_there(weights / kind) or may_be_there(weights / sibling(kind, "old"))


def read_weights(weights: Path, kind: str, run: str, task: PreparedTask) -> Snapshot:
    """The weights in the folder `kind` of `weights`, of the run called `run` and for the model of `task`.

    All files are read from one and the same folder, also if training replaces it meanwhile. Raises RunError E603 with
    the difference if anything is not exactly as written, or not what the spec needs, or is behind a symbolic link.
    """
    for _ in range(ATTEMPTS):
        name = kind if may_be_there(weights / kind) else sibling(kind, "old")
        with opened(weights, name) as folder:
            try:
                return read_files(folder, run, task)
            except RunError:
                if not replaced(folder):
                    raise
    raise unusable(weights / kind, "they are replaced faster than they can be read")


@contextmanager
def opened(weights: Path, name: str) -> Iterator[OpenFolder]:
    """The folder `name` of `weights`, for reading; neither of the two may be a link. Raises RunError E603."""
    try:
        with OpenFolder.at(weights.parent) as run, run.existing(weights.name) as all_weights:
            folder = all_weights.existing(name)
    except OSError as error:
        raise unusable(weights / name, f"they cannot be read: {reason_of(error)}") from None
    with folder:
        yield folder


def replaced(folder: OpenFolder) -> bool:
    """Whether another folder has taken the place of this one since it was opened."""
    try:
        return not os.path.samestat(os.stat(folder.path), os.fstat(folder.descriptor))
    except OSError:
        return True


def read_files(folder: OpenFolder, run: str, task: PreparedTask) -> Snapshot:
    """`read_weights` of an open folder."""
    wanted = wanted_arrays(task)
    most = 4096 + sum(1024 + 4 * len(key) for arrays in wanted.values() for key in arrays)
    manifest = read_manifest(content(folder, MANIFEST, most), folder.path)
    if manifest.run != run:
        raise unusable(folder.path, f"they belong to the run {manifest.run}, not to {run}")
    trees = []
    for name, arrays in wanted.items():
        entry = manifest.files.get(name)
        if entry is None:
            raise unusable(folder.path, f"the manifest does not list `{name}`")
        described = {key: (tuple(array.shape), array.dtype) for key, array in entry.arrays.items()}
        compare(described, arrays, folder.path)
        # The header is JSON with a name, a shape, a dtype and two offsets for each array.
        least = 8 + sum(array.bytes for array in arrays.values())
        header = 1024 + sum(256 + len(key) + 24 * len(array.shape) for key, array in arrays.items())
        data = content(folder, name, least + header, least)
        if sha256(data).hexdigest() != entry.sha256:
            reason = f"`{name}` has changed since it was written: its sha256 differs from the manifest"
            raise unusable(folder.path, reason)
        trees.append(read_arrays(data, arrays, folder.path))
    params, state = trees
    return Snapshot(manifest.epoch, manifest.step, params, state)


def read_manifest(data: bytes, folder: Path) -> Manifest:
    """The manifest in `data`, after checking its seal."""
    try:
        return read_sealed(data, Manifest, (FORMAT,))
    except UnsoundError as error:
        raise unusable(folder, f"`{MANIFEST}` {error}", error.helps) from None


def read_arrays(data: bytes, wanted: Mapping[str, Wanted], folder: Path) -> Weights:
    """The arrays of one file as a tree, after checking that they are those of the spec."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
    except SafetensorError as error:
        raise unusable(folder, f"a file is damaged: {str(error).lower()}") from None
    compare({key: (tuple(array.shape), array.dtype.name) for key, array in arrays.items()}, wanted, folder)
    return by_path({key: arrays[key] for key in wanted})


def compare(found: Mapping[str, tuple[tuple[int, ...], str]], wanted: Mapping[str, Wanted], folder: Path) -> None:
    """Raise RunError E603 unless the arrays found are exactly those of the spec: names, shapes and dtypes."""
    for key, array in wanted.items():
        if key not in found:
            raise unusable(folder, f"the spec needs `{key}`, which is missing")
        shape, dtype = found[key]
        if (shape, dtype) != (array.shape, array.dtype):
            raise unusable(
                folder,
                f"`{key}` is {show_shape(shape)} {dtype}, the spec needs {show_shape(array.shape)} {array.dtype}",
            )
    for key in found:
        if key not in wanted:
            raise unusable(folder, f"they contain {key!r}, which the spec does not need")


def content(folder: OpenFolder, name: str, most: int, least: int = 0) -> bytes:
    """The content of a file of `least` to `most` bytes. Raises RunError E603."""
    try:
        return content_of(folder, name, most, least)
    except UnsoundError as error:
        raise unusable(folder.path, f"`{name}` {error}", error.helps) from None


def unusable(folder: Path, reason: str, helps: tuple[str, ...] = INTACT) -> RunError:
    return RunError("E603", f"the weights in `{folder}` cannot be used: {reason}", helps=helps)


def flatten(tree: Weights) -> dict[str, "np.ndarray[Any, Any]"]:
    """The arrays of a tree as `path:name`, each in C order: the inverse of `by_path`."""
    import numpy as np

    # `np.ascontiguousarray` would give an array without axes one.
    return {
        f"{path}:{name}": np.asarray(array, order="C")
        for path, entries in tree.items()
        for name, array in entries.items()
    }


def sibling(kind: str, word: str) -> str:
    """The name next to the folder `kind` under which it is written first, or that it has before it is removed."""
    return f".{kind}.{word}"
