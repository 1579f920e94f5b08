"""Single flipped bits and truncations over all files of a run: each is detected, or has no effect. `--damages` tries more."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.checkpoints import newest_checkpoint
from modelc.runtime.runs.run_layout import LOCK
from modelc.runtime.runs.verification import verify
from modelc.runtime.training.observer import Checkpoint
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
vars: {units: 8}
model:
  inputs: {x: {shape: [16]}}
  layers:
    - dense: {units: $units, activation: relu}
    - batch_norm
    - dense: {units: 3, activation: softmax}
      name: y
data:
  source: {npz: {train: rows.npz, test: more.npz}}
  targets: {y: {category: {column: y, classes: {file: names.txt}}}}
  validation: 0.25
train: {loss: cross_entropy, optimizer: adam, epochs: 3, batch_size: 8, metrics: [accuracy]}
"""
TRUNCATIONS_PER_FLIP = 0.3


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two checkpoints, in a folder with its data."""
    folder = tmp_path_factory.mktemp("damaged")
    generator = np.random.default_rng(1)
    for name, rows in (("rows", 61), ("more", 20)):
        x = generator.normal(size=(rows, 16)).astype(np.float32)
        np.savez(folder / f"{name}.npz", x=x, y=np.argmax(x[:, :3], axis=1).astype(np.int32))
    (folder / "names.txt").write_text("zero\none\ntwo\n")
    (folder / "small.yaml").write_text(SPEC)
    ended = modelc(
        "train", "small.yaml", "--run-dir", "run", "--checkpoint-every", "5 steps", "--keep", "2", cwd=folder
    )
    assert ended.code == 0, ended.err
    return folder / "run"


def damages(run: Path, count: int) -> list[tuple[Path, str, int]]:
    """Random places: half of them in files by their size, half in all files alike."""
    drawn = random.Random(7)
    files = sorted(file for file in run.rglob("*") if file.is_file() and file.name != LOCK and file.stat().st_size)
    sizes = [file.stat().st_size for file in files]
    found = []
    for index in range(count + int(count * TRUNCATIONS_PER_FLIP)):
        file = drawn.choices(files, sizes)[0] if index % 2 else drawn.choice(files)
        size = file.stat().st_size
        if index < count:
            found.append((file, "flip", drawn.randrange(8 * size)))
        else:
            found.append((file, "truncation", drawn.choice([0, size // 2, size - 1, drawn.randrange(size)])))
    return found


def damaged(data: bytes, kind: str, place: int) -> bytes:
    if kind == "truncation":
        return data[:place]
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def scores(run: Path) -> str | None:
    """What `evaluate` prints; None for an error with a code."""
    ended = modelc("evaluate", "run", "--format", "json", cwd=run.parent)
    if ended.code == 0:
        return ended.out
    assert ended.code == 4 and "error[E6" in ended.err and "bug" not in ended.err, ended.err
    return None


def effect(run: Path, file: Path, id: str, stored: Checkpoint, expected: str) -> str:
    """What becomes of a damaged file in commands that read it."""
    if "checkpoints" not in file.parts:
        seen = scores(run)
        assert seen in (None, expected), file
        return "refused" if seen is None else "the same scores"
    try:
        found, notes = newest_checkpoint(run, id)
    except RunError as error:
        if error.code not in ("E602", "E603"):
            raise
        return "refused"
    assert (found.checkpoint.step == stored.step) != bool(notes), file
    return "an older checkpoint is used" if notes else "the newest checkpoint is another"


def test_no_damage_is_silently_wrong(run: Path, pytestconfig: pytest.Config) -> None:
    """`verify` sees all of it; what reads a run refuses it, or does what it did before."""
    expected, record = scores(run), json.loads((run / "run.json").read_bytes())
    assert expected is not None
    stored = newest_checkpoint(run, record["id"])[0].checkpoint
    told: Counter[tuple[str, str]] = Counter()
    for file, kind, place in damages(run, pytestconfig.getoption("--damages")):
        before = file.read_bytes()
        file.write_bytes(damaged(before, kind, place))
        case = (str(file.relative_to(run)), kind, place)
        try:
            found = verify(run)
            assert not found.is_whole, case
            told[kind, "seen by verify"] += 1
            told[kind, effect(run, file, record["id"], stored, expected)] += 1
        finally:
            file.write_bytes(before)
    assert verify(run).is_whole
    print(*(f"{' '.join(what)}: {number:,}" for what, number in sorted(told.items())), sep="\n")
