"""`modelc train` says how rows come to the device, does as it is told, and compares the cache with the files."""

from pathlib import Path

import pytest

from tests.cli.commands import modelc
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


def test_another_way_is_refused(folder: Path) -> None:
    found = modelc("train", "table.yaml", "--feed", "streamed", cwd=folder)
    assert found.code == 2 and "'streamed' is not one of 'resident', 'mapped'" in found.err
