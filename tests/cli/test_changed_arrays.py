"""Arrays in files that have changed since a run began with them: the run keeps its values, and says so."""

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
