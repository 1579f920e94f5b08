"""One project with made data, trained once, for all tests of commands that need a run."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.own_rows import Made, made_of_one_file

SPEC = """\
modelc: 1
name: tiny
model:
  inputs: {x: {shape: [4]}}
  nodes:
    body: {from: x, layers: [dense: {units: 8, activation: relu}, batch_norm]}
    kind: {from: body, dense: {units: 3, activation: softmax}}
    big: {from: body, dense: {units: 1, activation: sigmoid}}
    size: {from: body, dense: 2}
  outputs: [kind, big, size]
data:
  source: {npz: {train: train.npz, test: test.npz}}
  targets:
    kind: {category: {column: kind, classes: [cat, "=1+1", "-1"]}}
  validation: 12
train:
  losses: {kind: cross_entropy, big: binary_cross_entropy, size: mean_squared_error}
  metrics: {kind: [accuracy]}
  optimizer: {adamw: {learning_rate: 0.01}}
  batch_size: 16
  epochs: 3
"""
NAMES = np.array(["cat", "=1+1", "-1"])


@dataclass(frozen=True)
class Project:
    """A folder with a spec, its data and one run; `trained` is what `modelc train` printed."""

    folder: Path
    run: Path
    trained: Ended

    def copy(self, to: Path) -> "Project":
        """The same elsewhere, to be damaged."""
        shutil.copytree(self.folder, to)
        return Project(to, to / self.run.relative_to(self.folder), self.trained)


def made_columns(rows: int, seed: int) -> dict[str, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32)
    return {
        "x": x,
        "kind": NAMES[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)],
        "big": (x[:, 2] > 0).astype(np.float32),
        "size": x[:, :2],
    }


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder for the tests of commands, so that they leave the user's alone."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MODELC_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Project:
    folder = tmp_path_factory.mktemp("project")
    (folder / "tiny.yaml").write_text(SPEC)
    np.savez(folder / "train.npz", **made_columns(60, 0))  # type: ignore[arg-type]  # savez types its flag as a keyword
    np.savez(folder / "test.npz", **made_columns(20, 1))  # type: ignore[arg-type]  # savez types its flag as a keyword
    trained = modelc("train", "tiny.yaml", cwd=folder)
    assert trained.code == 0, trained.err
    (run,) = (folder / "runs" / "tiny").iterdir()
    return Project(folder, run, trained)


@pytest.fixture(scope="session")
def of_one_file(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What is made of houses to train on and houses that validate which are rows of one file, see `own_rows`."""
    return made_of_one_file(tmp_path_factory.mktemp("one"))
