"""What readers of files make of them is kept as the model takes it, and used only while every file is as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers.image import ImageReader
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data import preparation, prepared_rows
from modelc.runtime.data.gathering import is_mapped
from modelc.runtime.data.prepared import cache
from modelc.runtime.data.prepared_rows import Reading
from tests.compiler.library.readers.image_files import drawn, save
from tests.runtime.data.prepared_sets import (
    DAMAGES,
    WRITER,
    need_nothing_of_a_full_disk,
    need_same,
    prepared,
    read_anew,
    sets,
)
from tests.runtime.tables import root_of, settle

ROWS = 12


def write_images(folder: Path, rows: int = ROWS) -> Root:
    """Photos with label images beside them, texts about them, and a table of their paths; written some time ago."""
    for number in range(rows):
        photo = drawn(6, 6, seed=number)
        kind = "ab"[number % 2]
        paths = [save(folder, f"photos/{kind}/{number:02}.png", photo)]
        paths.append(save(folder, f"masks/{kind}/{number:02}.png", (photo[..., 0] > 99).astype("uint8")))
        paths.append(f"texts/{kind}/{number:02}.txt")
        (folder / paths[-1]).parent.mkdir(parents=True, exist_ok=True)
        (folder / paths[-1]).write_text(f"photo number {number}")
        for path in paths:
            settle(folder / path)
    lines = [f"photos/{'ab'[number % 2]}/{number:02}.png,{number % 2}" for number in range(rows)]
    (folder / "rows.csv").write_text("\n".join(["photo,kind", *lines]) + "\n")
    settle(folder / "rows.csv")
    return root_of(folder)


def spec(**data: Any) -> dict[str, Any]:
    """A segmentation of photos; keys of `data` replace the usual ones."""
    return {
        "modelc": 1,
        "model": {
            "inputs": {"photo": {"shape": [6, 6, 3]}},
            "layers": [{"conv2d": {"filters": 2, "kernel_size": 1, "activation": "softmax"}, "name": "mask"}],
        },
        "data": {
            "source": {"files": {"patterns": {"photo": "photos/*/*.png", "mask": "masks/*/*.png"}}},
            "inputs": {"photo": {"image": {"column": "photo", "scale": "1/255"}}},
            "targets": {"mask": {"label_image": {"column": "mask", "size": 6, "classes": 2}}},
            "validation": 0.25,
            "test": {"first": 2},
            **data,
        },
        "train": {"loss": "cross_entropy", "optimizer": "adam", "batch_size": 4, "epochs": 2},
    }


def of_kinds(source: Any, target: str) -> dict[str, Any]:
    """A classifier of the photos of a source."""
    raw = spec(
        source=source,
        inputs={"photo": {"image": {"column": "photo"}}},
        targets={"kind": {"category": {"column": target, "classes": 2 if target == "kind" else ["a", "b"]}}},
    )
    raw["model"]["layers"] = ["flatten", {"dense": {"units": 2, "activation": "softmax"}, "name": "kind"}]
    return raw


def of_texts() -> dict[str, Any]:
    raw = of_kinds({"files": {"patterns": {"photo": "photos/*/*.png", "text": "texts/*/*.txt"}}}, "folder")
    text = {"text_file": {"column": "text", "length": 4, "vocabulary": 20}}
    raw["data"]["inputs"] = {"text": text}
    raw["model"]["inputs"] = {"text": {"shape": [4], "dtype": "int32"}}
    raw["model"]["layers"] = [{"embedding": {"input_dim": 20, "output_dim": 2}}, *raw["model"]["layers"]]
    return raw


SPECS = {
    "segmentation": spec(),
    "folders": of_kinds({"files": {"patterns": {"photo": "photos/*/*.png"}}}, "folder"),
    "table": of_kinds({"csv": "rows.csv"}, "kind"),
    "texts": of_texts(),
}


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize("room", [1, 6 * 6 * 4 * 4 * 5, 2**27])
def test_files_are_read_once(
    kind: str, room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr(preparation, "BYTES", room)
    raw, root = SPECS[kind], write_images(tmp_path)
    wanted = read_anew(raw, root)
    first = prepared(raw, root)
    need_same(first, wanted)
    monkeypatch.setattr(ImageReader, "read", None)
    again = prepared(raw, root)
    need_same(again, wanted)
    assert (
        reads == ["rows"]
        and (first.of_cache, again.of_cache) == ((), ())
        and first.notes == again.notes == wanted.notes
    )
    assert first.profiles == wanted.profiles
    mapped = prepared(raw, root, reading=Reading(lambda size: True))
    need_same(mapped, wanted)
    assert all(is_mapped(array) for array in (*mapped.train.inputs.values(), *mapped.train.targets.values()))
    known = prepared(raw, root, learnt=wanted.train.learnt, known=wanted.digests)
    need_same(known, wanted)
    assert reads == ["rows"]


@pytest.mark.parametrize("changed", ["photos/a/02.png", "masks/b/03.png"])
def test_a_file_with_other_content_under_the_old_size_and_time_is_noticed(
    changed: str, tmp_path: Path, reads: list[str]
) -> None:
    root = write_images(tmp_path)
    first, path = prepared(spec(), root), tmp_path / changed
    before, content = path.stat(), bytearray(path.read_bytes())
    save(tmp_path, changed, np.ones_like(drawn(6, 6)) if changed.startswith("photos") else np.zeros((6, 6), "uint8"))
    path.write_bytes(path.read_bytes().ljust(len(content), b"\0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = prepared(spec(), root)
    assert reads == ["rows"] * 2
    column = "photo" if changed.startswith("photos") else "mask"
    differing = {
        name for name, digest in first.digests.train.digests.items() if digest != second.digests.train.digests[name]
    }
    assert differing == {column}
    need_same(second, read_anew(spec(), root))


def test_a_file_more_or_less_is_noticed(tmp_path: Path, reads: list[str]) -> None:
    root = write_images(tmp_path)
    prepared(spec(), root)
    for name in ("photos", "masks"):
        (tmp_path / name / "a" / "10.png").unlink()
    need_same(prepared(spec(), root), read_anew(spec(), root))
    write_images(tmp_path, ROWS + 5)
    need_same(prepared(spec(), root), read_anew(spec(), root))
    assert reads == ["rows"] * 3


def test_labels_that_are_the_names_of_folders_are_part_of_the_key(tmp_path: Path, reads: list[str]) -> None:
    root, raw = write_images(tmp_path), SPECS["folders"]
    first = prepared(raw, root)
    (tmp_path / "photos" / "a" / "00.png").rename(tmp_path / "photos" / "b" / "00.png")
    second = prepared(raw, root)
    assert reads == ["rows"] * 2
    labels = [
        np.concatenate([part.targets["kind"] for part in (found.train, found.validation, found.test) if part])
        for found in (first, second)
    ]
    assert [int(found.sum()) for found in labels] == [6, 7]
    need_same(second, read_anew(raw, root))


def test_files_that_were_written_just_now_are_not_kept(tmp_path: Path, reads: list[str]) -> None:
    root = write_images(tmp_path)
    os.utime(tmp_path / "masks" / "a" / "04.png", ns=(2**62, 2**62))
    for _ in range(2):
        prepared(spec(), root)
    assert reads == ["rows"] * 2 and not sets(root)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, read = write_images(tmp_path), ImageReader.read

    def changed(reader: ImageReader, *given: Any) -> Any:
        found = read(reader, *given)
        save(tmp_path, "photos/b/05.png", drawn(6, 6, seed=99))
        return found

    monkeypatch.setattr(ImageReader, "read", changed)
    with pytest.raises(RunError, match=r"'photos/b/05\.png' changed while it was read") as caught:
        prepared(spec(), root)
    assert caught.value.code == "E405"


@pytest.mark.parametrize("room", [1, 2**27])
def test_broken_files_of_all_parts_are_counted(room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "BYTES", room)
    root = write_images(tmp_path)
    for broken in ("photos/a/04.png", "photos/b/09.png", "masks/a/02.png"):
        (tmp_path / broken).write_bytes(b"\x89PNG\r\n\x1a\n")
        settle(tmp_path / broken)
    with pytest.raises(RunError) as wanted:
        read_anew(spec(), root)
    with pytest.raises(RunError) as caught:
        prepared(spec(), root)
    assert (caught.value.code, caught.value.at) == ("E407", ("data", "inputs", "photo"))
    assert caught.value.message == wanted.value.message == "2 of 12 files of `photo` cannot be read, the first in row 2"
    assert caught.value.notes == wanted.value.notes and not sets(root)


def test_a_broken_file_of_a_table_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "BYTES", 1)
    root = write_images(tmp_path)
    (tmp_path / "photos/b/07.png").unlink()
    with pytest.raises(RunError) as caught:
        prepared(SPECS["table"], root)
    assert "`photo` in row 7, line 9 of 'rows.csv': there is no file 'photos/b/07.png'" in caught.value.message


@pytest.mark.parametrize("read", [read_anew, prepared])
def test_a_broken_file_that_is_learnt_of_is_named_with_its_row(read: Any, tmp_path: Path) -> None:
    root = write_images(tmp_path)
    (tmp_path / "texts/a/10.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(RunError, match=r"`text` in row 5: 'texts/a/10\.txt' is no text in utf-8"):
        read(SPECS["texts"], root)


def test_a_link_that_leads_out_of_the_root_is_refused_though_its_pixels_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "below"
    folder.mkdir()
    root = write_images(folder)
    prepared(SPECS["table"], root)
    (folder / "photos").rename(tmp_path / "photos")
    (folder / "photos").symlink_to(tmp_path / "photos")
    with pytest.raises(RunError, match="12 of 12 files of `photo` cannot be read") as caught:
        prepared(SPECS["table"], root)
    assert "points outside the spec's folder through a symbolic link" in caught.value.notes[0]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_prepared_again_with_a_word(damage: str, tmp_path: Path, reads: list[str]) -> None:
    root = write_images(tmp_path)
    first = prepared(spec(), root)
    (folder,) = sets(root)
    for count, name in enumerate(sorted(os.listdir(folder)), start=2):
        DAMAGES[damage](folder / name)
        again = prepared(spec(), root)
        need_same(again, first)
        assert len(again.of_cache) == 1 and "prepared again" in again.of_cache[0], again.of_cache
        assert reads == ["rows"] * count and prepared(spec(), root).of_cache == ()


@pytest.mark.parametrize("room", [0, 700, 6 * 6 * 3 * 4 * 4])
def test_a_full_disk_leaves_nothing_behind(room: int, tmp_path: Path) -> None:
    need_nothing_of_a_full_disk(spec(), write_images(tmp_path), room)


def test_more_than_the_share_of_the_disk_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_images(tmp_path)
    monkeypatch.setattr(cache, "SHARE", 2**60)
    monkeypatch.setattr(prepared_rows, "put", None)
    (note,) = prepared(spec(), root).of_cache
    assert note == "the rows are not kept for the next run: they take more than the part of the disk that is for them"


def test_processes_may_prepare_the_same_files_at_once(tmp_path: Path) -> None:
    root = write_images(tmp_path, 60)
    raw = json.dumps(spec())
    command = [sys.executable, "-c", WRITER.replace('["x"]', '["photo"]'), str(tmp_path), raw]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0] * 3
    assert len(said) == 1 and said.pop().endswith("()\n") and len(sets(root)) == 1


def test_the_files_are_read_again_and_compared_where_that_is_asked_for(tmp_path: Path, reads: list[str]) -> None:
    root, verify = write_images(tmp_path), Reading(verify=True)
    first = prepared(spec(), root)
    again = prepared(spec(), root, reading=verify)
    need_same(again, first)
    assert again.of_cache == ("the rows in the cache are whole, and those of the files",) and reads == ["rows"] * 2
    (folder,) = sets(root)
    DAMAGES["a bit"](folder / "0.npy")
    (note,) = prepared(spec(), root, reading=verify).of_cache
    assert "has changed since it was written; they are prepared again" in note
    assert prepared(spec(), root).of_cache == ()


def test_a_table_with_more_paths_is_read_anew(tmp_path: Path, reads: list[str]) -> None:
    root, raw = write_images(tmp_path), SPECS["table"]
    prepared(raw, root)
    with (tmp_path / "rows.csv").open("a") as file:
        file.write("photos/a/00.png,1\n" * 4)
    settle(tmp_path / "rows.csv")
    need_same(prepared(raw, root), read_anew(raw, root))
    assert reads == ["rows"] * 2
