"""The same rows give the same bits of training from files of each kind, resident or mapped; what is mapped is looked at only while it is
there.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.dataset import Dataset, complete
from modelc.runtime.data.gathering import is_mapped
from modelc.runtime.data.prepared_rows import Reading, dataset_of
from modelc.runtime.training import gathered_rows
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import Checkpoint
from modelc.runtime.training.ways_of_feeding import Feeding, Way, choose_feeding
from tests.runtime.tables import KINDS, columns, root_of, table_spec, write_table
from tests.runtime.training.test_resume import Keeper, need_same
from tests.runtime.watching import Watcher

MAPPED = Reading(lambda size: True)


def loop_of(raw: dict[str, Any], root: Root, way: Way, keeper: Keeper) -> tuple[Loop, Dataset]:
    task, _ = complete(load(raw), root)
    dataset = dataset_of(task, root, reading=Reading(lambda size: way == "mapped"))
    execution = Execution("scan", 2, "test", feeding=Feeding(way, "test"))
    return Loop(prepare(task), dataset, execution, Watcher(), lambda: False, keeper), dataset


def trained(raw: dict[str, Any], root: Root, way: Way) -> Checkpoint:
    """The end of a training that goes on from its middle."""
    keeper = Keeper()
    loop, dataset = loop_of(raw, root, way, keeper)
    for part in (dataset.train, dataset.validation):
        assert part is not None
        found = [is_mapped(array) for array in (*part.inputs.values(), *part.targets.values())]
        assert found == [way == "mapped"] * len(found)
    loop.run(loop.first())
    half, end = keeper.kept[len(keeper.kept) // 2], keeper.kept[-1]
    keeper.kept = []
    again, _ = loop_of(raw, root, way, keeper)
    again.run(again.resumed(half))
    need_same(keeper.kept[-1], end)
    return end


def test_files_of_each_kind_give_the_same_bits_in_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A step or two of eight rows of two numbers and a label.
    monkeypatch.setattr(gathered_rows, "MOST_BYTES", 17 * 16)
    made = columns(61)
    numbers = {"x": np.stack([made["a"], made["b"]], axis=1), "y": made["y"]}
    found: dict[tuple[str, Way], Checkpoint] = {}
    for kind in (*KINDS, "npz"):
        folder = tmp_path / kind
        folder.mkdir()
        raw = table_spec(kind if kind != "npz" else "csv", metrics=["accuracy"])
        raw["data"]["inputs"] = {"x": {"numbers": {"columns": ["a", "b"]}}}
        if kind == "npz":
            np.savez(folder / "rows.npz", **numbers)  # type: ignore[arg-type]  # savez types its flag as a keyword
            raw["data"] |= {"source": {"npz": "rows.npz"}, "inputs": {"x": {"array": "x"}}}
            os.utime(folder / "rows.npz", (1, 1))
        else:
            write_table(folder, kind, made)
        for way in ("resident", "mapped"):
            found[kind, way] = trained(raw, root_of(folder), way)
    for checkpoint in found.values():
        need_same(checkpoint, found["csv", "resident"])


def test_rows_of_arrays_are_mapped_once_they_are_asked_for(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.arange(24.0).reshape(12, 2), y=np.arange(12) % 2)
    os.utime(tmp_path / "rows.npz", (1, 1))
    raw = table_spec()
    raw["data"] |= {"source": {"npz": "rows.npz"}, "inputs": {"x": {"array": "x"}}}
    root = root_of(tmp_path)
    task, _ = complete(load(raw), root)
    sizes: list[int] = []

    def never(size: int) -> bool:
        sizes.append(size)
        return False

    dataset_of(task, root, reading=Reading(never))
    assert sizes == [12 * 2 * 4 + 12 * 4] and not (root.cache / "prepared").exists()
    assert is_mapped(dataset_of(task, root, reading=MAPPED).train.inputs["x"])
    assert not is_mapped(dataset_of(task, root).train.inputs["x"])


def test_a_mapped_file_that_is_cut_off_ends_the_run_and_not_the_process(tmp_path: Path) -> None:
    write_table(tmp_path, "csv", columns(61))
    root = root_of(tmp_path)
    loop, _ = loop_of(table_spec(epochs=9), root, "mapped", Keeper())
    state = loop.train_epoch(loop.first())
    for file in (root.cache / "prepared").glob("*/*.npy"):
        os.truncate(file, 0)
    with pytest.raises(RunError, match="cut off while they were used") as caught:
        # The rows of one epoch are on their way already.
        loop.train_epoch(loop.train_epoch(loop.train_epoch(state)))
    assert caught.value.code == "E405"


def test_a_mapped_set_may_be_removed_while_it_is_used(tmp_path: Path) -> None:
    write_table(tmp_path, "csv", columns(61))
    root, keeper, wanted = root_of(tmp_path), Keeper(), Keeper()
    resident, _ = loop_of(table_spec(), root, "resident", wanted)
    resident.run(resident.first())
    loop, _ = loop_of(table_spec(), root, "mapped", keeper)
    shutil.rmtree(root.cache)
    loop.run(loop.first())
    need_same(keeper.kept[-1], wanted.kept[-1])


def test_without_a_cache_rows_are_gathered_from_memory(tmp_path: Path) -> None:
    write_table(tmp_path, "csv", columns(61))
    (tmp_path / "file").write_text("")
    keeper, wanted = Keeper(), Keeper()
    for root, way, kept in (
        (Root(tmp_path, tmp_path / "file"), "mapped", keeper),
        (root_of(tmp_path), "resident", wanted),
    ):
        loop, dataset = loop_of(table_spec(), root, "mapped" if way == "mapped" else "resident", kept)
        assert not is_mapped(dataset.train.inputs["x"])
        loop.run(loop.first())
    need_same(keeper.kept[-1], wanted.kept[-1])


def test_rows_are_mapped_where_there_is_no_room_for_them() -> None:
    assert choose_feeding(None, 10, None).way == "resident"
    assert choose_feeding(None, 10, 10).way == "resident"
    found = choose_feeding(None, 5 * 10**9, 10**9)
    assert found == ("mapped", "5.0 GB of rows, with room for 1.0 GB")
    assert choose_feeding("mapped", 10, 10**9).way == "mapped"
    assert choose_feeding("resident", 10, 1) == ("resident", "asked for, with 0.0 MB of rows")
