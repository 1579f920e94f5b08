"""A small task with trained and carried arrays, and made weights for it."""

from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.api import load
from modelc.compiler.lowering.prepared_task import PreparedTask, prepare
from modelc.runtime.runs.weights import PARAMS, STATE, wanted_arrays
from modelc.runtime.training.observer import Snapshot


def made_task(units: int = 3) -> PreparedTask:
    task = load(
        {
            "modelc": 1,
            "model": {
                "inputs": {"x": {"shape": [5, 2]}},
                "layers": [{"bidirectional": {"layer": {"lstm": 2}}}, "batch_norm", {"dense": units}],
            },
        }
    )
    return prepare(task)


def made_snapshot(task: PreparedTask, seed: int = 0, epoch: int = 1, step: int = 10) -> Snapshot:
    generator = np.random.default_rng(seed)
    trees: list[dict[str, dict[str, Any]]] = []
    for file in (PARAMS, STATE):
        tree: dict[str, dict[str, Any]] = {}
        for key, array in wanted_arrays(task)[file].items():
            path, _, name = key.partition(":")
            tree.setdefault(path, {})[name] = generator.normal(size=array.shape).astype(array.dtype)
        trees.append(tree)
    return Snapshot(epoch, step, *trees)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots have the same names, dtypes and bits."""

    def bits(snapshot: Snapshot) -> list[Any]:
        return [
            (path, name, array.dtype.name, array.shape, array.tobytes())
            for tree in (snapshot.params, snapshot.state)
            for path, entries in sorted(tree.items())
            for name, array in sorted(entries.items())
        ]

    return (one.epoch, one.step, bits(one)) == (other.epoch, other.step, bits(other))


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
