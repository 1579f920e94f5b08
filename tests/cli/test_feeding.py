"""`modelc train` says how rows come to the device, does as it is told, and compares the cache with the files."""

import re
from pathlib import Path

import pytest

from tests.cli.commands import modelc, start
from tests.compiler.library.readers.image_files import drawn, save
from tests.runtime.tables import columns, write_table

SPEC = """\
modelc: 1
name: table
model: {inputs: {x: {shape: [2]}}, layers: [dense: 8, relu, {dense: {units: 2, activation: softmax}, name: y}]}
data:
  source: {csv: rows.csv}
  inputs: {x: {numbers: [a, b]}}
  targets: {y: {category: {column: y, classes: 2}}}
  validation: 0.25
train: {loss: cross_entropy, optimizer: adam, batch_size: 8, epochs: 2}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))
    write_table(tmp_path, "csv", columns(60))
    (tmp_path / "table.yaml").write_text(SPEC)
    return tmp_path


def weights(run: Path) -> bytes:
    return (run / "weights" / "last" / "params.safetensors").read_bytes()


def test_each_way_is_said_and_gives_the_same_weights(folder: Path) -> None:
    first = modelc("train", "table.yaml", "--run-dir", "first", cwd=folder)
    assert first.code == 0, first.err
    assert "  feed          resident: 0.0 MB of rows, with room for " in first.out
    second = modelc("train", "table.yaml", "--run-dir", "second", "--feed", "mapped", "--verbose", cwd=folder)
    assert second.code == 0, second.err
    assert "  feed          mapped: asked for, with 0.0 MB of rows\n" in second.out
    assert "rows: steps waited " in second.out and "; gathering them took " in second.out
    assert weights(folder / "second") == weights(folder / "first")
    resumed = modelc("train", "--resume", "first", "--set", "train.epochs=4", "--feed", "mapped", cwd=folder)
    assert resumed.code == 0 and "mapped: asked for" in resumed.out, resumed.err
    resumed = modelc("train", "--resume", "second", "--set", "train.epochs=4", "--feed", "resident", cwd=folder)
    assert resumed.code == 0 and "resident: asked for" in resumed.out, resumed.err
    assert weights(folder / "second") == weights(folder / "first")


def test_the_cache_is_compared_with_the_files(folder: Path) -> None:
    def noted(run: str) -> list[str]:
        found = modelc("train", "table.yaml", "--run-dir", run, "--verify-data", cwd=folder)
        assert found.code == 0, found.err
        return [line for line in found.out.splitlines() if "note:" in line]

    assert noted("first") == ["  note: the cache had nothing of the rows to be compared"]
    assert noted("second") == ["  note: the rows in the cache are whole, and those of the files"]
    (column,) = (folder / "cache" / "prepared").glob("*/0.npy")
    content = bytearray(column.read_bytes())
    content[-1] ^= 1
    column.write_bytes(content)
    (line,) = noted("third")
    assert "0.npy" not in line and "has changed since it was written; they are prepared again" in line
    assert noted("fourth") == noted("second2")
    assert weights(folder / "third") == weights(folder / "first")


def test_evaluate_compares_the_cache_too(folder: Path) -> None:
    def noted(*options: str) -> list[str]:
        found = modelc("evaluate", "first", "--verify-data", *options, cwd=folder)
        assert found.code == 0, found.err
        return [line for line in found.err.splitlines() if "cache" in line]

    assert modelc("train", "table.yaml", "--run-dir", "first", cwd=folder).code == 0
    whole = ["note: the rows in the cache are whole, and those of the files"]
    assert noted() == noted("--split", "validation") == noted("--format", "json") == whole
    assert "cache" not in modelc("evaluate", "first", cwd=folder).err
    for column in (folder / "cache" / "prepared").glob("*/0.npy"):
        content = bytearray(column.read_bytes())
        content[-1] ^= 1
        column.write_bytes(content)
    lines = noted()
    assert lines and all("has changed since it was written; they are prepared again" in line for line in lines)


def test_evaluate_of_a_file_has_no_cache_to_compare(folder: Path) -> None:
    assert modelc("train", "table.yaml", "--run-dir", "first", cwd=folder).code == 0
    found = modelc("evaluate", "first", "rows.csv", "--verify-data", cwd=folder)
    assert found.code == 2 and "`--verify-data` compares the cache with the data of the run" in found.err


def test_rows_that_are_never_kept_are_said_to_be_so(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.txt").write_text(name)
    (tmp_path / "names.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [], dtype: int32}}, layers: [embedding: {input_dim: 4, output_dim: 2},"
        " {dense: {units: 4, activation: softmax}, name: y}]}\ndata:\n  source: {files: '*.txt'}\n"
        "  inputs: {x: {category: {column: name, classes: [a, b, c, d]}}}\n"
        "  targets: {y: {category: {column: name, classes: [a, b, c, d]}}}\n"
        "train: {loss: cross_entropy, optimizer: adam, epochs: 1}\n"
    )
    said = "note: rows of this kind are never kept in the cache: they are read from their files each time"
    trained = modelc("train", "names.yaml", "--run-dir", "run", "--verify-data", cwd=tmp_path)
    assert trained.code == 0 and f"  {said}\n" in trained.out
    assert said in modelc("evaluate", "run", "--split", "train", "--verify-data", cwd=tmp_path).err


def test_another_way_is_refused(folder: Path) -> None:
    found = modelc("train", "table.yaml", "--feed", "streamed", cwd=folder)
    assert found.code == 2 and "'streamed' is not one of 'resident', 'mapped', 'decoded'" in found.err


PHOTOS = """\
modelc: 1
name: photos
model:
  inputs: {photo: {shape: [6, 6, 3]}}
  layers: [rescaling: 1/255, flatten, {dense: {units: 2, activation: softmax}, name: kind}]
data:
  source: {files: "photos/*/*.png"}
  inputs: {photo: {image: file}}
  targets: {kind: {category: {column: folder, classes: [a, b]}}}
  validation: 0.25
train: {loss: cross_entropy, optimizer: adam, batch_size: 4, epochs: 2}
"""


def test_images_are_decoded_while_training_if_that_is_asked_for(folder: Path) -> None:
    for number in range(20):
        save(folder, f"photos/{'ab'[number % 2]}/{number}.png", drawn(6, 6, seed=number))
    (folder / "photos.yaml").write_text(PHOTOS)
    for way, words in (("resident", "; gathering"), ("mapped", "; gathering"), ("decoded", " had work for ")):
        found = modelc("train", "photos.yaml", "--run-dir", way, "--feed", way, "--verbose", cwd=folder)
        assert found.code == 0, found.err
        assert f"  feed          {way}: asked for, with 0.0 MB of rows\n" in found.out
        assert (words in found.out) == (way != "resident")
        other = "mapped" if way == "decoded" else "decoded"
        resumed = modelc("train", "--resume", way, "--set", "train.epochs=4", "--feed", other, cwd=folder)
        assert resumed.code == 0 and f"{other}: asked for" in resumed.out, resumed.err
    assert weights(folder / "resident") == weights(folder / "mapped") == weights(folder / "decoded")
    assert "identical" in modelc("reproduce", "decoded", cwd=folder).out
    assert modelc("verify", "decoded", "--data", cwd=folder).code == 0
    assert modelc("evaluate", "decoded", cwd=folder).code == 0


@pytest.mark.parametrize("spec", ["table.yaml", "mask.yaml"])
def test_rows_that_are_in_no_files_of_their_own_are_not_decoded(spec: str, folder: Path) -> None:
    masked = PHOTOS.replace("loss: cross_entropy", "losses: {kind: {cross_entropy: {}, mask: counts}}")
    (folder / "mask.yaml").write_text(
        masked.replace("targets: {", "targets: {counts: {array: known}, ")
        .replace('{files: "photos/*/*.png"}', "{csv: rows.csv}")
        .replace("column: folder", "column: name")
        .replace("image: file", "image: name")
    )
    found = modelc("train", spec, "--feed", "decoded", cwd=folder)
    assert (
        found.code == 2
        and "`--feed decoded` is for rows that are read each by itself from files of their own" in found.err
    )
    assert "leave `--feed decoded` out" in found.err


def test_an_image_that_goes_while_it_is_decoded_ends_the_run_which_then_goes_on(folder: Path) -> None:
    for number in range(20):
        save(folder, f"photos/{'ab'[number % 2]}/{number}.png", drawn(6, 6, seed=number))
    (folder / "photos.yaml").write_text(PHOTOS)
    photos = {path: path.read_bytes() for path in (folder / "photos" / "a").iterdir()}
    training = start(
        *("train", "photos.yaml", "--run-dir", "run", "--feed", "decoded", "--set", "train.epochs=100000"), cwd=folder
    )
    assert training.stdout is not None
    try:
        for line in training.stdout:
            if re.match(r"epoch +3/", line):
                for photo in photos:
                    photo.unlink()
                break
        _, err = training.communicate(timeout=120)
    finally:
        training.kill()
    assert training.returncode == 4
    assert re.search(r"error\[E405\]: 'photos/a/[0-9]+\.png' is gone since its rows were checked", err)
    assert "go on with `--resume`" in err
    missing = modelc("train", "--resume", "run", cwd=folder)
    assert missing.code == 4 and "error[E" in missing.err
    for photo, content in photos.items():
        photo.write_bytes(content)
    steps = max(int(one.name.removeprefix("step-")) for one in (folder / "run" / "checkpoints").glob("step-*"))
    assert steps >= 8
    epochs = f"train.epochs={steps // 4 + 2}"
    resumed = modelc("train", "--resume", "run", "--set", epochs, "--feed", "decoded", cwd=folder)
    assert resumed.code == 0 and f"goes on after step {steps:,}" in resumed.out, resumed.err
    whole = modelc("train", "photos.yaml", "--run-dir", "whole", "--set", epochs, cwd=folder)
    assert whole.code == 0 and weights(folder / "run") == weights(folder / "whole")
