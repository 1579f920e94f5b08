"""Arrays in files that have changed since a run began with them: the run keeps its values, and says so."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """modelc: 1
model:
  inputs: {x: {shape: [2]}}
  nodes:
    table: {from: x, constant: {shape: [3], value_initializer: {from_file: {file: all.npz, array: table}}}}
    ids: {from: x, constant: {shape: [3], dtype: int32, value_initializer: {from_file: ids.npy}}}
    same: {from: x, constant: {shape: [3], value_initializer: {from_file: ids.npy}}}
    few: {from: ids, one_hot: 4}
    flat: {from: [few, few], layers: [add, flatten]}
    y: {from: [flat, table, same], layers: [{concatenate: -1}, {dense: 1}]}
  outputs: [y]
data: {source: {npz: rows.npz}, targets: {y: {array: y}}, validation: 0.5}
train: {loss: mean_squared_error, optimizer: {sgd: 0.001}, epochs: 1}
"""
NOTE = "has changed; the run uses the values that it was trained with"


def keep(folder: Path, ids: object, table: object) -> None:
    np.save(folder / "ids.npy", np.asarray(ids))
    np.savez(folder / "all.npz", table=np.asarray(table), other=np.zeros(2))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    keep(folder, [0, 3, 2], [0.5, 1.5, 2.5])
    np.savez(folder / "rows.npz", x=np.ones((8, 2), "float32"), y=np.ones((8, 1), "float32"))
    (folder / "spec.yaml").write_text(SPEC)
    assert modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder).code == 0
    return folder


@pytest.mark.parametrize(
    ("ids", "table", "changed"),
    [
        ([0, 3, 2], [0.5, 1.5, 2.5], []),
        ([0, 3, 1], [0.5, 1.5, 2.5], ["the array in 'ids.npy'"]),
        ([0, 3], [0.5, 1.5, 2.5], ["the array in 'ids.npy'"]),
        ([0, 9, 2], [0.5, np.nan, 2.5], ["the array `table` in 'all.npz'", "the array in 'ids.npy'"]),
    ],
)
def test_an_array_that_has_changed_is_named_and_changes_nothing(
    trained: Path, ids: object, table: object, changed: list[str]
) -> None:
    keep(trained, [0, 3, 2], [0.5, 1.5, 2.5])
    before = modelc("evaluate", "run", "--format", "json", cwd=trained)
    keep(trained, ids, table)
    after = modelc("evaluate", "run", "--format", "json", cwd=trained)
    assert before.code == after.code == 0 and before.out == after.out and NOTE not in before.err
    assert after.err.count(NOTE) == len(changed)
    assert all(f"{name} {NOTE}" in after.err for name in changed)


def test_an_array_that_is_gone_is_not_needed(trained: Path) -> None:
    (trained / "ids.npy").unlink(missing_ok=True)
    ended = modelc("evaluate", "run", cwd=trained)
    assert ended.code == 0 and "'ids.npy'" not in ended.err


@pytest.mark.parametrize("gone", [True, False])
def test_training_that_goes_on_keeps_its_arrays_and_says_which_have_changed(
    trained: Path, tmp_path: Path, gone: bool
) -> None:
    keep(trained, [0, 3, 2], [0.5, 1.5, 2.5])
    longer = ["--set", "train.epochs=3"]
    assert modelc("train", "spec.yaml", "--run-dir", tmp_path / "straight", *longer, cwd=trained).code == 0
    shutil.copytree(trained / "run", tmp_path / "run")
    keep(trained, [0, 9, 2], [0.5, np.nan, 2.5])
    if gone:
        (trained / "ids.npy").unlink()
    ended = modelc("train", "--resume", tmp_path / "run", *longer, "--root", ".", cwd=trained)
    assert ended.code == 0 and ended.err.count(NOTE) == (1 if gone else 2), ended.err
    assert f"the array `table` in 'all.npz' {NOTE}" in ended.err
    one, other = (
        {path.name: path.read_bytes() for path in (run / "weights/last").glob("*.safetensors")}
        for run in (tmp_path / "straight", tmp_path / "run")
    )
    assert one and one == other
    shown = modelc("debug", tmp_path / "run", "--root", ".", cwd=trained)
    assert shown.code == 0 and shown.err.count(NOTE) == (1 if gone else 2)
