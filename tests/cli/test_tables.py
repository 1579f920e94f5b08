"""Tables as data: the same rows train to the same bits from any kind of file, and new rows are read as those of training were."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelc.runtime.data.new_rows import new_rows
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {rooms: {shape: [1]}, area: {shape: [1]}, zip: {shape: [], dtype: int32}}
  nodes:
    place: {from: zip, embedding: {input_dim: 4, output_dim: 2}}
    price: {from: [rooms, area, place], layers: [concatenate, dense: 4, relu, dense: 1]}
  outputs: [price]
data:
  source: {SOURCE}
  inputs:
    rooms: {array: {column: rooms, shape: [1]}}
    area: {array: {column: area, shape: [1]}}
    zip: {category: {column: zip, classes: ["00712", "712", "10115"], unknown: other}}
  validation: 0.2
train: {loss: mean_squared_error, optimizer: {adam: 0.01}, epochs: 2, batch_size: 8}
"""
NAMES = ("rooms", "area", "zip", "price")


def rows(count: int = 40) -> list[dict[str, Any]]:
    """Houses: an integer, a fraction, a text of digits with a zero in front, a number."""
    draw = random.Random(0)
    return [
        {
            "rooms": draw.randrange(1, 9),
            "area": draw.randrange(200, 2_000) / 8,
            "zip": draw.choice(["00712", "10115", "99999"]),
            "price": draw.randrange(100, 900) / 4,
        }
        for _ in range(count)
    ]


def keep(folder: Path, found: list[dict[str, Any]], name: str = "rows") -> None:
    """The rows in each kind of file."""
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))
    arrays: dict[str, Any] = {key: np.array([row[key] for row in found]) for key in found[0]}
    np.savez(folder / f"{name}.npz", **arrays)
    with duckdb.connect() as connection:
        values = ", ".join(str(tuple(row.values())) for row in found)
        names = ", ".join(found[0])
        chosen = ", ".join(f"{key}::double as {key}" if type(one) is float else key for key, one in found[0].items())
        connection.execute(f"copy (select {chosen} from (values {values}) t({names})) to '{folder / name}.parquet'")


def train(folder: Path, source: str, run: str) -> Path:
    (folder / f"{run}.yaml").write_text(SPEC.replace("SOURCE", source), encoding="utf-8")
    ended = modelc("train", f"{run}.yaml", "--run-dir", run, cwd=folder)
    assert ended.code == 0, ended.err
    return folder / run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the rows in each kind of file, and a run of each."""
    folder = tmp_path_factory.mktemp("tables")
    keep(folder, rows())
    for kind in ("csv", "jsonl", "npz", "parquet"):
        train(folder, f"{kind}: rows.{kind}", kind)
    return folder


def test_the_same_rows_train_to_the_same_bits_from_any_kind_of_file(runs: Path) -> None:
    weights = {
        kind: (runs / kind / "weights" / "last" / "params.safetensors").read_bytes()
        for kind in ("csv", "jsonl", "npz", "parquet")
    }
    assert len(set(weights.values())) == 1
    metrics = {kind: json.loads((runs / kind / "metrics.jsonl").read_text().split("\n")[-2]) for kind in weights}
    assert len({json.dumps(line["validation/loss"]) for line in metrics.values()}) == 1


def test_the_digests_of_texts_and_numbers_are_those_of_arrays(runs: Path) -> None:
    digests = {
        kind: json.loads((runs / kind / "environment.json").read_text())["data"] for kind in ("csv", "jsonl", "npz")
    }
    assert digests["csv"] == digests["npz"] == digests["jsonl"]


def test_a_run_says_what_its_columns_were_read_as(runs: Path) -> None:
    for kind in ("csv", "jsonl", "npz", "parquet"):
        types = json.loads((runs / kind / "environment.json").read_text())["types"]
        assert types == {"rooms": "integer", "area": "number", "zip": "text", "price": "number"}


@pytest.mark.parametrize("run", ["csv", "npz"])
def test_new_rows_have_the_same_predictions_from_any_kind_of_file(runs: Path, run: str) -> None:
    found = []
    for kind in ("csv", "jsonl", "npz", "parquet"):
        ended = modelc("predict", run, f"rows.{kind}", "-o", "out.csv", cwd=runs)
        assert ended.code == 0, ended.err
        found.append((runs / "out.csv").read_text())
    assert len(set(found)) == 1 and found[0].count("\n") == 41


def test_new_rows_are_read_by_the_types_of_training(runs: Path) -> None:
    (runs / "new.csv").write_text("zip,rooms,area\n712,3,50\n10115,2.5,60.5\n")
    (runs / "same.jsonl").write_text(
        '{"zip": "712", "rooms": 3, "area": 50}\n{"zip": "10115", "rooms": 2.5, "area": 60.5}\n'
    )
    for name in ("new.csv", "same.jsonl"):
        ended = modelc("predict", "csv", name, "-o", f"{name}.out.csv", cwd=runs)
        assert ended.code == 0, ended.err
    assert (runs / "new.csv.out.csv").read_text() == (runs / "same.jsonl.out.csv").read_text()


def test_new_rows_that_do_not_fit_are_named(runs: Path) -> None:
    (runs / "bad.csv").write_text("zip,rooms,area\n712,3,50\n10115,two,60.5\n")
    ended = modelc("predict", "csv", "bad.csv", "-o", "out.csv", cwd=runs)
    said = " ".join(ended.err.split())
    assert ended.code == 4 and "error[E402]: `rooms` was numbers in the training rows, and is no number here" in said
    assert "'two' in line 3" in said
    (runs / "bad.csv").write_text("zip,rooms,area\n712,3,50\n10115,,60.5\n")
    ended = modelc("predict", "csv", "bad.csv", "-o", "out.csv", cwd=runs)
    assert (
        ended.code == 4
        and "error[E402]: `rooms` has 1 missing value, the first in row 1, line 3 of 'bad.csv'" in ended.err
    )
    (runs / "bad.csv").write_text("zip,room,area\n712,3,50\n")
    ended = modelc("predict", "csv", "bad.csv", "-o", "out.csv", cwd=runs)
    assert ended.code == 4 and "error[E401]: the data has no column `rooms`" in ended.err


def test_a_run_is_evaluated_and_resumed_on_its_table(runs: Path) -> None:
    assert modelc("evaluate", "csv", cwd=runs).code == 0
    assert modelc("verify", "csv", cwd=runs).code == 0
    ended = modelc("train", "--resume", "csv", "--set", "train.epochs=3", cwd=runs)
    assert ended.code == 0, ended.err


def test_missing_values_are_an_error_at_the_input(tmp_path: Path) -> None:
    found = rows()
    found[7]["area"] = ""
    keep_csv(tmp_path, found)
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", "csv: rows.csv"))
    for command in (("validate", "--data"), ("train",)):
        ended = modelc(*command, "s.yaml", cwd=tmp_path)
        said = ended.out + ended.err
        assert (
            ended.code != 0
            and "error[E402]: `area` has 1 missing value, the first in row 7, line 9 of 'rows.csv'" in said
        )
        assert "s.yaml:12:11" in said


def keep_csv(folder: Path, found: list[dict[str, Any]]) -> None:
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)


def test_a_column_that_is_not_there_is_named_at_its_line_by_the_header_alone(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("rooms,aera,zip,price\nno,row,is,read\n")
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", "csv: rows.csv"))
    ended = modelc("validate", "s.yaml", cwd=tmp_path)
    assert ended.code == 1 and ended.out.count("error[") == 1
    assert "error[E401]: the data has no column `area`" in ended.out and "s.yaml:12:28" in ended.out
    assert "did you mean `aera`?" in ended.out and "columns: rooms, aera, zip, price" in ended.out


def test_a_column_of_another_shape_is_an_error_before_rows_are_read(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("rooms,area,zip,price\n1,2,3,4\n")
    (tmp_path / "s.yaml").write_text(
        SPEC.replace("SOURCE", "csv: rows.csv").replace("{array: {column: rooms, shape: [1]}}", "{array: rooms}")
    )
    ended = modelc("validate", "s.yaml", cwd=tmp_path)
    assert ended.code == 1 and "the column `rooms` has rows of shape [], the input `rooms` takes [1]" in ended.out


def test_patterns_and_missing_files_are_said(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", "csv: data/*.csv"))
    ended = modelc("validate", "s.yaml", cwd=tmp_path)
    assert ended.code == 0 and "`data/*.csv` were not checked: it is not there" in ended.err
    assert "no file fits the pattern 'data/*.csv'" in modelc("train", "s.yaml", cwd=tmp_path).err
    (tmp_path / "data").mkdir()
    for name in ("a", "b"):
        keep_csv(tmp_path, rows(20))
        (tmp_path / "rows.csv").rename(tmp_path / "data" / f"{name}.csv")
    ended = modelc("validate", "s.yaml", "--data", cwd=tmp_path)
    assert ended.code == 0, ended.out
    run = train(tmp_path, "csv: data/*.csv", "run")
    assert modelc("evaluate", run.name, cwd=tmp_path).code == 0
    ended = modelc("predict", run.name, "data/a.csv", "-o", "data/b.csv", cwd=tmp_path)
    assert ended.code == 4 and "error[E604]" in ended.err


def test_the_ending_of_a_file_says_how_new_rows_are_read(tmp_path: Path) -> None:
    keep(tmp_path, rows(3))
    for kind in ("csv", "jsonl", "parquet", "npz"):
        found = new_rows(tmp_path / f"rows.{kind}", None, {})
        assert set(found.names) == set(NAMES)
        assert [str(text) for text in found.read(["zip"])["zip"].tolist()] == [row["zip"] for row in rows(3)]


def test_a_column_of_numbers_with_some_texts_says_which(tmp_path: Path) -> None:
    found = rows()
    found[3]["area"] = found[20]["area"] = "NA"
    keep_csv(tmp_path, found)
    (tmp_path / "s.yaml").write_text(SPEC.replace("SOURCE", "csv: rows.csv"))
    ended = modelc("validate", "--data", "s.yaml", cwd=tmp_path)
    said = " ".join(ended.out.split())
    assert ended.code == 1 and ended.out.count("error[") == 1 and "`area` has str, expected numbers" in said
    assert "all of its values are numbers but 2: in 'rows.csv' 'NA' in line 5, 'NA' in line 22" in said
    assert 'missing_values: ["", NA]' in said


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_validate_says_whose_columns_it_did_not_look_at(tmp_path: Path, kind: str) -> None:
    keep(tmp_path, rows(20))
    (tmp_path / "s.yaml").write_text(
        SPEC.replace("SOURCE", f"{kind}: rows.{kind}").replace("column: zip", "column: zap")
    )
    ended = modelc("validate", "s.yaml", cwd=tmp_path)
    assert ended.code == 0
    assert f"note: the columns of `rows.{kind}` were not checked: only its rows tell them" in ended.err
    ended = modelc("validate", "--data", "s.yaml", cwd=tmp_path)
    assert (
        ended.code == 1
        and "error[E401]: the data has no column `zap`" in ended.out
        and "did you mean `zip`?" in ended.out
    )
