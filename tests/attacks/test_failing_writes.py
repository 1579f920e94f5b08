"""The Nth write, rename or sync of a training fails, for every N, once or from there on: what the run says stays true.

`--every-fault` tries every N; the suite takes a part of them.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from modelc.runtime.runs.verification import verify
from tests.cli.commands import Ended, modelc
from tests.cli.test_resume import metrics, weights

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers:
    - {dense: 3, name: y}
data:
  source: {npz: rows.npz}
  targets: {y: {category: y}}
train: {loss: cross_entropy, optimizer: adam, epochs: 3, batch_size: 8}
"""
TRAIN = ("train", "small.yaml", "--run-dir", "run", "--checkpoint-every", "3 steps")
SOME = 29
"""Every which call fails in the suite: no divisor of what an epoch or a checkpoint writes."""


class FailingSystem:
    """`os`, whose calls that change files are counted, and fail with `error` at the number `first`, or from there on."""

    def __init__(self, first: int, error: int, *, once: bool) -> None:
        self.first, self.error, self.once = first, error, once
        self.calls = 0

    def count(self) -> None:
        self.calls += 1
        if self.calls == self.first or (self.calls > self.first and not self.once):
            raise OSError(self.error, os.strerror(self.error))

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, flags: int, *arguments: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            self.count()
        return os.open(path, flags, *arguments, **named)

    def write(self, descriptor: int, data: Any) -> int:
        self.count()
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        self.count()
        os.fsync(descriptor)

    def replace(self, *arguments: Any, **named: Any) -> None:
        self.count()
        os.replace(*arguments, **named)

    def rename(self, *arguments: Any, **named: Any) -> None:
        self.count()
        os.rename(*arguments, **named)

    def makedirs(self, *arguments: Any, **named: Any) -> None:
        self.count()
        os.makedirs(*arguments, **named)

    def mkdir(self, *arguments: Any, **named: Any) -> None:
        self.count()
        os.mkdir(*arguments, **named)

    def fdopen(self, descriptor: int, mode: str) -> Any:
        file = os.fdopen(descriptor, mode)
        return FailingFile(self, file) if "w" in mode else file


class FailingFile:
    """A file whose writes are counted."""

    def __init__(self, system: FailingSystem, file: Any) -> None:
        self.system, self.file = system, file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.file.close()

    def write(self, data: Any) -> int:
        self.system.count()
        return int(self.file.write(data))


@contextmanager
def failing(first: int, error: int = errno.ENOSPC, *, once: bool = True) -> Iterator[FailingSystem]:
    """Let calls of what writes runs fail, in the block."""
    system = FailingSystem(first, error, once=once)
    modules = [module for name, module in sys.modules.items() if name.startswith("modelc.runtime.runs.")]
    with pytest.MonkeyPatch.context() as patched:
        for module in modules:
            if hasattr(module, "os"):
                patched.setattr(module, "os", system)
        yield system


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder with a run that nothing failed in, and the number of calls that it took."""
    folder = made(tmp_path_factory.mktemp("whole"))
    assert modelc(*TRAIN, "--run-dir", "first", cwd=folder).code == 0
    with failing(-1) as system:
        assert modelc(*TRAIN, cwd=folder).code == 0
    return folder, system.calls


def made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(1)
    x = generator.normal(size=(40, 4)).astype(np.float32)
    np.savez(folder / "rows.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (folder / "small.yaml").write_text(SPEC)
    return folder


def results(run: Path) -> tuple[list[dict[str, Any]], bytes]:
    """What does not depend on times: the figures of all epochs, and the last weights."""
    return metrics(run), weights(run)["weights/last/params.safetensors"]


def need_truth(ended: Ended, run: Path, *, once: bool) -> None:
    """What was said, and what the run records, is what is there."""
    assert ended.code == 4, ended
    assert "error[E604]" in ended.err and "bug" not in ended.err and "Traceback" not in ended.err, ended.err
    if not (run / "run.json").exists():
        return
    found = verify(run)
    assert found.is_whole and not found.is_training, [file for file in found.files if file.state == "wrong"]
    assert found.record is not None
    if once:
        assert found.record.status == "failed" and found.record.failure is not None
        assert found.record.failure.code == "E604"
    kept = [line for line in ended.err.splitlines() if "keeps the weights of epoch " in line]
    if kept:
        evaluated = modelc("evaluate", "run", "--split", "train", "--weights", "last", cwd=run.parent)
        assert f"(epoch {kept[0].rpartition(' ')[2]}," in evaluated.out, (kept, evaluated)


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_whatever_write_fails_the_run_says_what_is_there(
    whole: tuple[Path, int], tmp_path: Path, error: int, once: bool, pytestconfig: pytest.Config
) -> None:
    reference, calls = whole
    expected, resumed = results(reference / "run"), 0
    step = 1 if pytestconfig.getoption("--every-fault") else SOME
    start = 1 if step == 1 else 1 + (error + once) % SOME
    for first in range(start, calls + 1, step):
        folder = made(tmp_path / str(first))
        with failing(first, error, once=once):
            ended = modelc(*TRAIN, cwd=folder)
        need_truth(ended, folder / "run", once=once)
        if (folder / "run" / "run.json").exists():
            again = modelc("train", "--resume", "run", cwd=folder)
            if again.code == 0:
                assert results(folder / "run") == expected, first
                resumed += 1
            else:
                # No checkpoint was written yet, or the last one was.
                assert "error[E602]" in again.err or "error[E609]" in again.err, (first, again.err)
    assert calls > 60 and resumed
