"""The forms of `modelc predict`: tables of each kind, standard input and output, and columns that are chosen and renamed."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.test_evaluate_files import SPEC, houses
from tests.cli.test_tables import keep


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of houses, and houses with an identity, a text with a comma and a number that may be missing."""
    folder = tmp_path_factory.mktemp("houses")
    (folder / "houses.yaml").write_text(SPEC.replace("  test: {csv: later.csv}\n", ""))
    keep(folder, houses(60, 0))
    rows: list[dict[str, Any]] = [
        {"Id": 1461 + number, "street": f"No, {number:03}", "rooms": row["rooms"], "area": row["area"]}
        for number, row in enumerate(houses(5, 2))
    ]
    keep(folder, rows, "new")
    trained = modelc("train", "houses.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    return folder


def predict(folder: Path, *arguments: str) -> Ended:
    ended = modelc("predict", "run", *arguments, cwd=folder)
    assert ended.code == 0, ended.err
    return ended


def table(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_each_form_of_a_table_has_the_same_columns_and_values(folder: Path) -> None:
    for ending in ("csv", "parquet", "jsonl", "npz"):
        predict(folder, "new.csv", "-o", f"out.{ending}")
    header, *rows = table(folder / "out.csv")
    assert header == ["price", "kind", *(f"kind/probability/{name}" for name in ("farm", "flat", "house"))]
    of_lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from '{folder}/out.parquet'")
        assert [one[0] for one in found.description or ()] == header
        of_parquet = found.fetchall()
    assert len(rows) == len(of_lines) == len(of_parquet) == 5
    for row, line, cells in zip(rows, of_lines, of_parquet, strict=True):
        assert list(line) == header and row[1] == line["kind"] == cells[1]
        for text, value, cell in zip(
            [row[0], *row[2:]], [line["price"], *list(line.values())[2:]], [cells[0], *cells[2:]], strict=True
        ):
            assert float(text) == value and np.float32(value) == np.float32(cell)
    with np.load(folder / "out.npz") as arrays:
        assert set(arrays) == {"price", "kind", "kind/probability"}


def test_columns_of_rows_and_predictions_are_chosen_and_renamed(folder: Path) -> None:
    predict(folder, "new.csv", "-o", "out.csv", "--columns", "Id, SalePrice=price, street,sure=kind/probability/flat")
    header, *rows = table(folder / "out.csv")
    assert header == ["Id", "SalePrice", "street", "sure"]
    assert [row[0] for row in rows] == ["1461", "1462", "1463", "1464", "1465"]
    assert [row[2] for row in rows] == [f"No, {number:03}" for number in range(5)]
    predict(folder, "new.csv", "-o", "all.csv")
    whole = table(folder / "all.csv")[1:]
    assert [(row[1], row[3]) for row in rows] == [(row[0], row[3]) for row in whole]
    predict(
        folder, "new.parquet", "-o", "out.npz", "--columns", "Id,kind/probability,flat=kind/probability/flat,street"
    )
    with np.load(folder / "out.npz") as arrays:
        assert arrays["kind/probability"].shape == (5, 3) and arrays["Id"].tolist() == [1461, 1462, 1463, 1464, 1465]
        np.testing.assert_array_equal(arrays["flat"], arrays["kind/probability"][:, 1])
        assert arrays["street"].tolist() == [f"No, {number:03}" for number in range(5)]


def test_a_group_of_columns_is_chosen_by_its_name(folder: Path) -> None:
    predict(folder, "new.jsonl", "-o", "out.csv", "--columns", "kind/probability")
    assert table(folder / "out.csv")[0] == [f"kind/probability/{name}" for name in ("farm", "flat", "house")]


def test_missing_values_of_rows_stay_missing(folder: Path) -> None:
    (folder / "gaps.csv").write_text("Id,rooms,area,note,built\n1,2,50.5,a,1990\n2,3,60,,\n")
    for ending in ("csv", "jsonl", "parquet"):
        predict(folder, "gaps.csv", "-o", f"gaps.out.{ending}", "--columns", "Id,note,built")
    assert table(folder / "gaps.out.csv")[1:] == [["1", "a", "1990"], ["2", "", ""]]
    assert json.loads((folder / "gaps.out.jsonl").read_text().splitlines()[1]) == {"Id": 2, "note": None, "built": None}
    with duckdb.connect() as connection:
        assert connection.execute(f"select * from '{folder}/gaps.out.parquet'").fetchall()[1] == (2, None, None)
    predict(folder, "gaps.csv", "-o", "gaps.out.npz", "--columns", "Id,note")
    with np.load(folder / "gaps.out.npz") as arrays:
        assert arrays["note"].tolist() == ["a", ""]
    ended = modelc("predict", "run", "gaps.csv", "-o", "none.npz", "--columns", "built", cwd=folder)
    assert ended.code == 4 and "`built` has missing values" in ended.err and not (folder / "none.npz").exists()


def test_rows_come_from_standard_input_and_go_to_standard_output(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (folder / "new.jsonl").read_text()
    predict(folder, "new.jsonl", "-o", "out.jsonl", "--columns", "Id, price")
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    ended = predict(folder, "-", "-o", "-", "--columns", "Id, price")
    assert ended.out == (folder / "out.jsonl").read_text()
    assert "5 predictions for standard input: best weights of run" in ended.err
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"Id": 1, "rooms": 2, "area": 3}\n{"rooms": "two", "area": 3}\n'))
    ended = modelc("predict", "run", "-", "-o", "-", cwd=folder)
    assert ended.code == 4 and ended.out == "" and '"two" in line 2' in " ".join(ended.err.split())
    assert "standard input" in ended.err and ended.err.count("error[") == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    ended = modelc("predict", "run", "-", "-o", "-", cwd=folder)
    assert ended.code == 4 and ended.out == "" and ended.err.count("error[") == 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("Idd, price", ["there is no column `Idd` to write", "did you mean `Id`?", "columns of the rows: Id, street"]),
        ("SalePrice=prize", ["there is no column `prize`", "did you mean `price`?", "predictions: price, kind,"]),
        ("Id, Id", ["two columns called `Id`"]),
        ("x=kind/probability", ["`kind/probability` is 3 columns", "`NEW=kind/probability/farm`"]),
        ("", ["names columns, with commas between"]),
        ("Id,,price", ["names columns, with commas between"]),
        ("=price", ["names columns, with commas between"]),
        ("price=", ["names columns, with commas between"]),
    ],
)
def test_a_choice_that_cannot_be_made_is_refused_before_anything_is_computed(
    folder: Path, columns: str, said: list[str]
) -> None:
    ended = modelc("predict", "run", "new.csv", "-o", "no.csv", "--columns", columns, cwd=folder)
    assert ended.code == 2 and ended.err.count("error") == 1
    assert all(text in ended.err for text in said), ended.err
    assert not (folder / "no.csv").exists()


def test_columns_of_rows_need_a_file_of_rows(folder: Path) -> None:
    ended = modelc("predict", "run", "-o", "no.csv", "--columns", "rooms,price", cwd=folder)
    assert ended.code == 2 and "there is no column `rooms`" in ended.err and "`modelc predict RUN FILE`" in ended.err
    predict(folder, "-o", "split.csv", "--columns", "p=price")
    assert table(folder / "split.csv")[0] == ["p"] and len(table(folder / "split.csv")) == 13


def test_a_prediction_goes_before_a_column_of_its_name(folder: Path) -> None:
    ended = predict(folder, "rows.csv", "-o", "out.csv", "--columns", "price, kind")
    assert "note: `price` is the prediction, and not the column of the rows" in ended.err
    predict(folder, "rows.csv", "-o", "all.csv")
    assert [row[:2] for row in table(folder / "out.csv")] == [row[:2] for row in table(folder / "all.csv")]


def test_a_parquet_file_tells_no_capitals_apart(folder: Path) -> None:
    ended = modelc("predict", "run", "new.csv", "-o", "no.parquet", "--columns", "Id, id=price", cwd=folder)
    assert ended.code == 2 and "two columns are called `id`" in ended.err and not (folder / "no.parquet").exists()


def test_hostile_names_are_names_in_a_parquet_file(folder: Path) -> None:
    predict(folder, "new.csv", "-o", "out.parquet", "--columns", 'a"; drop table x--=price')
    with duckdb.connect() as connection:
        found = connection.execute(f"select * from '{folder}/out.parquet'")
        assert [one[0] for one in found.description or ()] == ['a"; drop table x--']


def test_whole_arrays_fit_into_json_lines_and_not_into_parquet(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "modelc: 1\nmodel: {inputs: {x: {shape: [2, 3]}}, layers: [{dense: 2, name: y}]}\n"
        "data: {source: {npz: rows.npz}}\ntrain: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    x = np.random.default_rng(0).normal(size=(8, 2, 3)).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x=x, y=x[..., :2])
    assert modelc("train", "s.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    predict(tmp_path, "rows.npz", "-o", "out.npz")
    predict(tmp_path, "rows.npz", "-o", "out.jsonl")
    lines = [json.loads(line)["y"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    with np.load(tmp_path / "out.npz") as arrays:
        np.testing.assert_array_equal(np.array(lines, np.float32), arrays["y"])
    ended = modelc("predict", "run", "rows.npz", "-o", "out.parquet", cwd=tmp_path)
    assert ended.code == 2 and "[2, 2] for each row, too many values for a Parquet file" in ended.err
    ended = modelc("predict", "run", "rows.npz", "-o", "x.csv", "--columns", "x", cwd=tmp_path)
    assert ended.code == 4 and "`x` is [2, 3] for each row" in ended.err
