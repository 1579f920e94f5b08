"""Rows are prepared once; what is kept of them is used only where it is what reading the files would give."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.api import load
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Loaded
from modelc.compiler.library.sources.tables.table_source import TableSource
from modelc.compiler.syntax.file_root import Root
from modelc.plugin import enable
from modelc.runtime.data import preparation, prepared_rows
from modelc.runtime.data.dataset import complete
from modelc.runtime.data.prepared_rows import dataset_of
from tests.made_plugins import make_file
from tests.runtime.data.prepared_sets import (
    DAMAGES,
    WRITER,
    need_nothing_of_a_full_disk,
    need_same,
    prepared,
    read_anew,
    sets,
)
from tests.runtime.small import spec, write_rows
from tests.runtime.tables import KINDS, columns, root_of, settle, table_spec, write_table


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_read_once(kind: str, tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, kind, columns())
    raw, root = table_spec(kind, data={"test": {"first": 4}}), root_of(tmp_path)
    first = prepared(raw, root)
    need_same(first, read_anew(raw, root))
    need_same(prepared(raw, root), first)
    assert reads == ["rows"] and first.of_cache == ()
    assert prepared(raw, root, test=False).test is None and reads == ["rows"]


def manifold(folder: Path) -> dict[str, Any]:
    """A spec with readers that learn, a copy of an input, rows that are drawn by a column, and test rows of their own."""
    made = columns(61)
    write_table(folder, "csv", made).rename(folder / "test.csv")
    write_table(folder, "csv", columns(40))
    text = {"text": {"column": "name", "length": 4, "tokenizer": "characters", "vocabulary": 9}}
    inputs = {"x": {"numbers": {"columns": ["a", "b"], "standardize": True}}, "t": text}
    targets = {"y": {"category": {"column": "y", "classes": 2}}, "same": {"same_as": "x"}}
    raw = table_spec(
        data={"source": {"csv": {"train": "rows.csv", "test": "test.csv"}}, "inputs": inputs, "targets": targets}
    )
    raw["data"]["sampling"] = {"balanced": "name"}
    raw["model"] = {
        "inputs": {"x": {"shape": [2]}, "t": {"shape": [4], "dtype": "int32"}},
        "nodes": {
            "ids": {"from": "t", "layers": [{"embedding": {"input_dim": 9, "output_dim": 2}}, "flatten"]},
            "both": {"from": ["x", "ids"], "concatenate": {}},
            "y": {"from": "both", "dense": {"units": 2, "activation": "softmax"}},
            "same": {"from": "both", "dense": 2},
        },
        "outputs": ["y", "same"],
    }
    del raw["train"]["loss"]
    raw["train"]["losses"] = {"y": "cross_entropy", "same": "mean_squared_error"}
    return raw


@pytest.mark.parametrize("rows", [7, 40, 1000])
def test_rows_that_are_prepared_by_parts_are_those_that_are_read_at_once(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr(preparation, "AT_ONCE", rows)
    raw, root = manifold(tmp_path), root_of(tmp_path)
    found = prepared(raw, root)
    assert len(sets(root)) == 1 and reads == ["rows"]
    monkeypatch.setattr(prepared_rows, "prepared_by_parts", lambda *given, **named: False)
    wanted = read_anew(raw, root)
    need_same(found, wanted)
    assert found.notes == wanted.notes and found.profiles == wanted.profiles
    assert found.train.classes_to_draw is not None
    np.testing.assert_array_equal(found.train.classes_to_draw, wanted.train.classes_to_draw)


def test_what_is_wrong_in_a_later_part_is_named_as_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "AT_ONCE", 7)
    made = columns()
    made["y"][30] = 5
    write_table(tmp_path, "csv", made)
    root = root_of(tmp_path)
    with pytest.raises(RunError) as caught:
        prepared(table_spec(), root)
    with pytest.raises(RunError) as wanted:
        read_anew(table_spec(), root)
    assert (caught.value.message, caught.value.helps) == (wanted.value.message, wanted.value.helps)
    assert "row 30" in caught.value.message and not sets(root)


def test_types_over_all_rows_are_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(tmp_path, "csv", columns())
    raw, root = table_spec(), root_of(tmp_path)
    task, _ = complete(load(raw), root)
    monkeypatch.setattr(TableSource, "survey", None)
    again, _ = complete(load(raw), root)
    assert again.inputs == task.inputs and again.targets == task.targets


def test_rows_that_are_mapped_as_they_are_stay_where_they_are(tmp_path: Path, reads: list[str]) -> None:
    root = write_rows(tmp_path)
    for _ in range(2):
        prepared(spec(), root)
    assert reads == ["rows"] * 2 and not (tmp_path / "prepared").exists()


CHANGES: dict[str, dict[str, Any]] = {
    "split": {"validation": 0.5},
    "seed": {"seed": 1},
    "reader": {"inputs": {"x": {"numbers": {"columns": ["a", "b"]}}}},
    "columns": {"inputs": {"x": {"numbers": {"columns": ["b", "a"], "standardize": True}}}},
    "source": {"source": {"csv": {"train": "rows.csv", "missing_values": ["", "0.1"]}}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_spec_of_the_data_is_read_anew(change: str, tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    root = root_of(tmp_path)
    prepared(table_spec(), root)
    raw = table_spec(data=CHANGES[change])
    need_same(prepared(raw, root), read_anew(raw, root))
    assert reads == ["rows"] * 2


def test_rows_that_are_in_no_file_are_not_kept(tmp_path: Path) -> None:
    for folder, name in (("cat", "tom"), ("dog", "rex")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.txt").write_text("")
    text = {"text": {"column": "name", "length": 4, "tokenizer": "characters", "vocabulary": 30}}
    raw = table_spec(data={"source": {"files": "*/*.txt"}, "inputs": {"x": text}, "validation": None})
    del raw["data"]["validation"]
    raw["data"]["targets"] = {"y": {"category": {"column": "folder", "classes": ["cat", "dog"]}}}
    raw["model"]["inputs"] = {"x": {"shape": [4], "dtype": "int32"}}
    raw["model"]["layers"] = [{"embedding": {"input_dim": 30, "output_dim": 2}}, "flatten", *raw["model"]["layers"]]
    root = root_of(tmp_path)
    assert prepared(raw, root).train.rows == 2
    (tmp_path / "dog" / "bello.txt").write_text("")
    assert prepared(raw, root).train.rows == 3


def test_another_training_of_the_same_data_is_not(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    root = root_of(tmp_path)
    prepared(table_spec(), root)
    prepared(table_spec(epochs=7, optimizer="adam", batch_size=4), root)
    assert reads == ["rows"]


def test_a_file_that_has_other_values_under_the_old_size_and_time_is_read_anew(
    tmp_path: Path, reads: list[str]
) -> None:
    path = write_table(tmp_path, "csv", columns())
    root, before = root_of(tmp_path), path.stat()
    first = prepared(table_spec(), root)
    text = path.read_text()
    path.write_text(text.replace("1\n", "0\n", 1))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = prepared(table_spec(), root)
    assert reads == ["rows"] * 2 and second.digests != first.digests
    need_same(second, read_anew(table_spec(), root))


def test_a_file_that_was_written_just_now_is_not_kept(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns(), settled=False)
    os.utime(tmp_path / "rows.csv", ns=(2**62, 2**62))
    for _ in range(2):
        prepared(table_spec(), root_of(tmp_path))
    assert reads == ["rows"] * 2


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_table(tmp_path, "csv", columns())

    load_all = TableSource.load

    def changed(source: TableSource, *given: Any) -> Loaded:
        with path.open("a") as file:
            file.write("1,2,red,0\n")
        return load_all(source, *given)

    monkeypatch.setattr(TableSource, "load", changed)
    with pytest.raises(RunError, match=r"'rows\.csv' changed while it was read") as caught:
        prepared(table_spec(), root_of(tmp_path))
    assert caught.value.code == "E405"


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_prepared_again_with_a_word(damage: str, tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    raw, root = table_spec(data={"test": {"first": 4}}), root_of(tmp_path)
    first = prepared(raw, root)
    (folder,) = sets(root)
    count = 1
    for name in sorted(os.listdir(folder)):
        DAMAGES[damage](folder / name)
        again = prepared(raw, root)
        count += 1
        need_same(again, first)
        assert len(again.of_cache) == 1 and "prepared again" in again.of_cache[0], again.of_cache
        assert reads == ["rows"] * count, name
        assert prepared(raw, root).of_cache == () and reads == ["rows"] * count


def test_a_copy_of_the_cache_is_as_good(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    root = root_of(tmp_path)
    first = prepared(table_spec(), root)
    subprocess.run(["cp", "-r", root.cache, tmp_path / "copy"], check=True)
    need_same(prepared(table_spec(), Root(tmp_path, tmp_path / "copy")), first)
    assert reads == ["rows"]


def test_a_set_of_another_key_is_not_taken(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    root = root_of(tmp_path)
    prepared(table_spec(), root)
    (first,) = sets(root)
    raw = table_spec(data={"seed": 5})
    wanted = prepared(raw, root)
    (second,) = (folder for folder in sets(root) if folder != first)
    (second / "record.json").write_bytes((first / "record.json").read_bytes())
    need_same(prepared(raw, root), wanted)
    assert reads == ["rows"] * 3


def test_without_a_cache_rows_are_read_and_it_is_said(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    (tmp_path / "file").write_text("")
    root = Root(tmp_path, tmp_path / "file")
    for _ in range(2):
        found = prepared(table_spec(), root)
        assert len(found.of_cache) == 1 and "not kept for the next run" in found.of_cache[0]
    assert reads == ["rows"] * 2


@pytest.mark.parametrize("room", [0, 100, 700, 2000])
def test_a_full_disk_leaves_nothing_behind(room: int, tmp_path: Path) -> None:
    write_table(tmp_path, "csv", columns())
    need_nothing_of_a_full_disk(table_spec(), root_of(tmp_path), room)


def test_ids_that_a_changed_model_has_no_room_for_are_named_as_in_the_file(tmp_path: Path) -> None:
    made = columns()
    made["b"] = np.arange(40)
    write_table(tmp_path, "csv", made)
    root = root_of(tmp_path)
    raw = table_spec(data={"inputs": {"x": {"array": "b"}}})
    raw["model"]["inputs"] = {"x": {"shape": [], "dtype": "int32"}}
    embedding = {"embedding": {"input_dim": 40, "output_dim": 4}}
    raw["model"]["layers"] = [embedding, *raw["model"]["layers"]]
    prepared(raw, root)
    embedding["embedding"]["input_dim"] = 39
    with pytest.raises(RunError, match="the first is 39 in row 39") as caught:
        prepared(raw, root)
    assert caught.value.code == "E403"


def test_rows_are_those_of_what_was_learnt_before(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    root = root_of(tmp_path)
    first = prepared(table_spec(), root)
    need_same(prepared(table_spec(), root, learnt=first.train.learnt, known=first.digests), first)
    assert reads == ["rows"]
    write_table(tmp_path, "csv", columns(seed=1))
    for _ in range(2):
        other = prepared(table_spec(), root, learnt=first.train.learnt, known=first.digests)
        assert other.train.learnt == first.train.learnt and other.digests != first.digests
    assert reads == ["rows"] * 2
    fresh = prepared(table_spec(), root)
    assert fresh.train.learnt != first.train.learnt
    need_same(fresh, read_anew(table_spec(), root))


def test_masks_of_the_model_decide_what_is_read(tmp_path: Path, reads: list[str]) -> None:
    made = columns()
    made["counts"] = np.arange(40) % 2
    write_table(tmp_path, "csv", made)
    root = root_of(tmp_path)
    targets = {"y": {"category": {"column": "y", "classes": 2}}, "counts": {"array": "counts"}}
    raw = table_spec(data={"targets": targets})
    del raw["train"]["loss"]
    raw["train"]["losses"] = {"y": {"cross_entropy": {}, "mask": "counts"}}
    first = prepared(raw, root)
    need_same(prepared(raw, root), first)
    assert reads == ["rows"]
    raw["train"]["losses"] = {"y": {"cross_entropy": {}, "mask": "counts", "weight": 0.5}}
    need_same(prepared(raw, root), read_anew(raw, root))


def test_processes_may_prepare_the_same_rows_at_once(tmp_path: Path) -> None:
    path = write_table(tmp_path, "csv", columns(3000))
    command = [sys.executable, "-c", WRITER, str(tmp_path), json.dumps(table_spec())]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0] * 3
    assert len(said) == 1 and said.pop().endswith("()\n")
    assert len(sets(root_of(tmp_path))) == 1
    assert not [name for name in os.listdir(tmp_path / "cache" / "prepared") if name.startswith(".")]
    settle(path)


def test_rows_that_the_code_of_a_plug_in_reads_are_not_kept(tmp_path: Path, reads: list[str]) -> None:
    write_table(tmp_path, "csv", columns())
    plugin = make_file(tmp_path / "things.py")
    raw, root = (
        table_spec("csv", data={"targets": {"y": {"doubled": "a"}}}, loss="mean_squared_error"),
        root_of(tmp_path),
    )
    raw["model"]["layers"] = [{"dense": 1, "name": "y"}]
    with enable(plugin):
        task = load(raw, plugins=[plugin])
        for _ in range(2):
            dataset_of(complete(task, root)[0], root)
    assert reads == ["rows", "rows"]
