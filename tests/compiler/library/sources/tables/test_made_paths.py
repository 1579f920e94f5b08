"""`paths` of tables: columns of paths that are made of others, from each kind of file."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc

ROWS = [{"id": "a1", "n": 7, "y": 0}, {"id": "žluť b", "n": 12, "y": 1}, {"id": "c", "n": 7, "y": 1}]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "a.csv").write_text("id,n,y\n" + "".join(f"{row['id']},{row['n']},{row['y']}\n" for row in ROWS))
    with duckdb.connect() as connection:
        connection.execute(f"copy (from read_json('{tmp_path / 'a.jsonl'}')) to '{tmp_path / 'a.parquet'}'")
    return Root(tmp_path, tmp_path / "cache")


def source(kind: str, paths: Any, **arguments: Any) -> Source:
    return SOURCES.build({kind: {"train": f"a.{kind}", "paths": paths, **arguments}})


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_paths_are_made_of_columns(root: Root, kind: str) -> None:
    found = source(kind, {"photo": "photos/{id}.jpg", "both": "{n}/{id}", "number": "x{n}"})
    loaded = found.load(root, ["photo", "number", "y"]).train
    assert {name: column.tolist() for name, column in loaded.items()} == {
        "photo": ["photos/a1.jpg", "photos/žluť b.jpg", "photos/c.jpg"],
        "number": ["x7", "x12", "x7"],
        "y": [0, 1, 1],
    }
    assert found.load(root, ["both"]).train["both"].tolist() == ["7/a1", "12/žluť b", "7/c"]
    everything = found.load(root).train
    assert {*everything} == {"id", "n", "y", "photo", "both", "number"}
    columns = found.survey(root, ["photo", "y"]).columns
    assert columns is not None and columns["photo"].has_paths and columns["photo"].rows == 3
    assert str(columns["photo"].type and columns["photo"].type.dtype) == "str"


def test_a_missing_part_is_a_missing_path(root: Root) -> None:
    (root.folder / "a.csv").write_text("id,n,y\na,1,0\n,2,1\n")
    assert source("csv", {"photo": "{n}/{id}.jpg"}).load(root, ["photo"]).train["photo"].tolist() == ["1/a.jpg", None]


def refused(root: Root, text: str, paths: Any) -> RunError:
    (root.folder / "a.csv").write_text(text)
    with pytest.raises(RunError) as caught:
        look_everywhere(root, source("csv", paths))
    return caught.value


def look_everywhere(root: Root, found: Source) -> None:
    found.inspect(root)
    found.survey(root, ["photo"])
    found.load(root, ["photo"])


def test_columns_that_are_not_there_or_twice_or_numbers_are_refused(root: Root) -> None:
    found = refused(root, "id,n\na,1\n", {"photo": "{name}.jpg"})
    assert found.code == "E401" and "`photo` of the column `name`, which 'a.csv' does not have" in found.message
    found = refused(root, "id,photo\na,1\n", {"photo": "{id}.jpg"})
    assert found.code == "E404" and "has one that is called so" in found.message
    found = refused(root, "id,n\n1.5,1\n", {"photo": "{id}.jpg"})
    assert found.code == "E402" and "types: {id: text}" in found.helps[0]


@pytest.mark.parametrize(
    "paths", ["photos", {"photo": "a.jpg"}, {"photo": "{}.jpg"}, {"photo": "{id.jpg"}, {"photo": 3}]
)
def test_other_paths_are_refused(paths: Any) -> None:
    with pytest.raises(ValidationError):
        source("csv", paths)


SPEC = """\
modelc: 1
model: {inputs: {x: {shape: [4, 4, 3]}}, layers: [flatten, {dense: {units: 2, activation: softmax}, name: kind}]}
data:
  source: {csv: {train: a.csv, paths: {photo: "photos/{id}.png"}}}
  inputs: {x: {image: {column: photo, scale: 1/255}}}
  targets: {kind: {category: {column: kind, classes: [cat, dog]}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""


def test_a_model_of_photos_with_ids_is_trained_and_predicts_others(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    draw = np.random.default_rng(0)
    for row in range(8):
        Image.fromarray(draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(tmp_path / "photos" / f"{row:03d}.png")
    lines = [f"{row:03d},{['cat', 'dog'][row % 2]}" for row in range(8)]
    (tmp_path / "a.csv").write_text("id,kind\n" + "\n".join(lines) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert modelc("validate", "--data", "spec.yaml", cwd=tmp_path).code == 0
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    (tmp_path / "new.jsonl").write_text('{"id": "003"}\n{"id": "000"}\n')
    (tmp_path / "new.csv").write_text("id\n003\n000\n")
    for name in ("new.csv", "new.jsonl"):
        found = modelc("predict", "run", name, "--output", "-", cwd=tmp_path)
        assert found.code == 0 and len(found.out.splitlines()) == 2, found.err
    (tmp_path / "new.csv").write_text("id\n003\n999\n")
    found = modelc("predict", "run", "new.csv", "--output", "-", cwd=tmp_path)
    assert found.code == 4 and "photos/999.png" in found.err


def test_rows_of_a_table_that_are_none_are_left_out_where_a_reader_opens_files(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for row in range(6):
        Image.fromarray(np.full((4, 4, 3), 40 * row, np.uint8)).save(tmp_path / "photos" / f"{row}.png")
    lines = ["id,kind", *(f"{row},{['cat', 'dog'][row % 2]}" for row in range(6)), "7,cat", ",dog", "3,dog,x", "2,cat"]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "spec.yaml").write_text(
        SPEC.replace("  inputs: {x: {image", "  on_bad_row: skip\n  inputs: {x: {image")
    )
    for run in ("run", "again"):
        trained = modelc("train", "spec.yaml", "--run-dir", run, cwd=tmp_path)
        assert trained.code == 0, trained.err
        rows = [json.loads(line) for line in (tmp_path / run / "skipped_rows.jsonl").read_text().splitlines()]
        assert [row["line"] for row in rows] == [8, 9, 10]
