"""Trainings that others have published, with small models: each trained for three steps by the command line, on made data.

What is in a spec besides the size of its model is as the example has it: the optimizer with its schedule, phases, what is frozen and
what it is stopped by. What differs is said in its first lines.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from modelc.compiler.api import check_file
from modelc.compiler.binding.task import Task
from modelc.compiler.library.readers.category import CategoryReader
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.runs.weights import wanted_arrays
from tests.cli.commands import modelc

SPECS = {spec.stem: spec for spec in sorted((Path(__file__).parent / "published").glob("*.yaml"))}
FIRST = {"supervised_contrastive": "supervised_contrastive_encoder"}
"""What has to be trained before."""
PHASES = ("train.phases.0.epochs=1", "train.phases.1.epochs=1")
LENGTHS = {
    "edsr": ("train.steps=3", "train.optimizer.adam.learning_rate.piecewise.boundaries=[1]"),
    "efficientnet_fine_tuning": PHASES,
    "emotions": ("train.steps=3",),
    "transfer_learning": PHASES,
}
"""How long is three steps, where it is not an epoch."""
FROZEN = {
    "behavior_sequences": ("genre",),
    "efficientnet_fine_tuning": ("block6", "block7/batch_norm"),
    "siamese_triplet": ("a/conv4",),
    "supervised_contrastive": ("encoder",),
    "transfer_learning": ("xception/batch_norm:moving_mean", "xception/batch_norm:moving_variance"),
    "word_embeddings": ("glove",),
}
"""What of the weights and statistics taken from elsewhere no phase changes. All that is taken besides is trained."""
ROWS = 32
BATCH = 8


def rows(task: Task) -> dict[str, Any]:
    """Columns of the shapes and types that the spec has for its inputs, and its losses for their targets."""
    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    assert task.inputs is not None and task.targets is not None
    for binding in task.inputs.values():
        reader: Any = binding.reader
        assert binding.wanted is not None
        shape = (ROWS, *binding.wanted.shape)
        integer = binding.wanted.dtype == "int32"
        columns[reader.column] = generator.integers(0, 3, shape) if integer else generator.random(shape, np.float32)
    for name, binding in task.targets.items():
        output: Any = task.outputs[name]
        reader = binding.reader
        labels = isinstance(reader, CategoryReader)
        shape = (ROWS, *output.type.shape)
        columns[reader.column] = np.arange(ROWS) % (output.classes or 4) if labels else generator.integers(0, 2, shape)
    return columns


def train(name: str, folder: Path) -> None:
    """Train the spec `name` for three steps, or for three in each of its phases, into `runs/NAME`."""
    text = SPECS[name].read_text(encoding="utf-8")
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    settings = [*LENGTHS.get(name, ("train.epochs=1",)), f"train.batch_size={BATCH}"]
    if "validation:" in text:
        settings.append(f"data.validation={{last: {BATCH}}}")
    task = check_file(folder / f"{name}.yaml", settings=settings).task
    assert task is not None
    np.savez(folder / "rows.npz", **rows(task))
    generator = np.random.default_rng(1)
    # Variances are positive, and of the weights some are negative, so that no `relu` lets nothing through.
    arrays = {
        path: generator.uniform(0.5 if path.endswith("variance") else -1.5, 1.5, wanted.shape).astype(wanted.dtype)
        for of_file in wanted_arrays(prepare(task)).values()
        for path, wanted in of_file.items()
    }
    save_file(arrays, folder / "pretrained.safetensors")
    options = [word for setting in settings for word in ("--set", setting)]
    ended = modelc("train", f"{name}.yaml", "--run-dir", f"runs/{name}", "--no-baseline", *options, cwd=folder)
    assert ended.code == 0, ended.err
    assert "warning" not in ended.err


def last_weights(run: Path) -> dict[str, Any]:
    files = sorted((run / "weights" / "last").glob("*.safetensors"))
    return {path: array for file in files for path, array in load_file(file).items()}


@pytest.mark.parametrize("name", sorted(SPECS.keys() - set(FIRST.values())))
def test_a_published_training_runs(name: str, tmp_path: Path) -> None:
    first = FIRST.get(name)
    if first is not None:
        train(first, tmp_path)
    train(name, tmp_path)
    trained = last_weights(tmp_path / "runs" / name)
    taken = load_file(tmp_path / "pretrained.safetensors")
    if first is not None:
        taken |= {path: array for path, array in last_weights(tmp_path / "runs" / first).items() if path in trained}
    assert trained.keys() == taken.keys()
    assert all(np.isfinite(array).all() for array in trained.values())
    frozen = FROZEN.get(name, ())
    below = {path for path in taken for one in frozen if path == one or path.startswith((f"{one}/", f"{one}:"))}
    assert {path for path in taken if np.array_equal(taken[path], trained[path])} == below
    assert bool(below) == bool(frozen)
