"""Small tasks with made data, for the trainer's tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.api import load
from modelc.compiler.binding.task import Task
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import Dataset, complete, read_dataset

LAYERS = [{"dense": {"units": 8, "activation": "relu"}}, {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}]


def spec(layers: list[Any] | None = None, *, data: Mapping[str, Any] | None = None, **train: Any) -> dict[str, Any]:
    """A classifier of four numbers in `rows.npz`; keys of `train` replace the usual ones, None removes them."""
    settings = {"loss": "cross_entropy", "optimizer": {"sgd": 0.1}, "batch_size": 8, "epochs": 3, **train}
    return {
        "modelc": 1,
        "name": "small",
        "model": {"inputs": {"x": {"shape": [4]}}, "layers": layers or LAYERS},
        "data": {"source": {"npz": "rows.npz"}, "targets": {"y": {"category": "y"}}, **(data or {})},
        "train": {key: value for key, value in settings.items() if value is not None},
    }


def write_rows(folder: Path, rows: int = 29, **columns: Any) -> Root:
    """`rows.npz` with `x` `[rows, 4]` and labels `y` that a linear model can learn; `columns` replace them."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 4)).astype(np.float32)
    y = np.argmax(x[:, :3], axis=1).astype(np.int32)
    np.savez(folder / "rows.npz", **{"x": x, "y": y, **columns})
    return Root(folder, folder)


def ready(raw: Mapping[str, Any] | Path, root: Root) -> tuple[Task, Dataset]:
    """The task of a spec, or of the file that it is in, and its data."""
    task, _ = complete(load(raw), root)
    return task, read_dataset(task, root)
