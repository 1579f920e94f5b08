"""Tables in folders that are named by columns, against what DuckDB reads of the same files."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.cli.commands import modelc

FOLDERS = ("year=2025/shop=north", "year=2026/shop=a%20b", "year=2026/shop=north", "year=2026/shop=ü")
KINDS = ("csv", "parquet", "jsonl")


def write(folder: Path, kind: str, folders: tuple[str, ...] = FOLDERS, **columns: list[Any]) -> None:
    """A file in each folder, the first with one row, and each with one more than the one before."""
    for rows, below in enumerate(folders, 1):
        (folder / below).mkdir(parents=True)
        path = folder / below / f"part.{kind}"
        found = [
            {"x": 10 * rows + row, **{name: values[row] for name, values in columns.items()}} for row in range(rows)
        ]
        if kind == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in found))
            continue
        selected = " union all ".join(
            f"select {', '.join(f'{value!r} as {name}' for name, value in row.items())}" for row in found
        )
        duckdb.sql(f"copy ({selected}) to '{path}' (format {kind})")


def source(kind: str, pattern: str, **arguments: Any) -> Any:
    return SOURCES.build({kind: {"train": pattern, **arguments}})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pattern", ["sales/**/*.{kind}", "sales/*/*/part.{kind}", "sales/year=*/shop=*/*.{kind}"])
def test_columns_are_those_of_the_folders_as_the_engine_reads_them(kind: str, pattern: str, tmp_path: Path) -> None:
    write(tmp_path / "sales", kind)
    root = Root(tmp_path, tmp_path)
    found = source(kind, pattern.format(kind=kind))
    names = {"x", "year", "shop"}
    loaded = found.load(root, names).train
    reader = {"csv": "read_csv", "parquet": "read_parquet", "jsonl": "read_json"}[kind]
    relation = duckdb.sql(
        f"select x, year, shop from {reader}('{tmp_path}/sales/**/*.{kind}', hive_partitioning = true)"
    )
    assert relation is not None
    expected = relation.fetchall()
    read = list(zip(*(loaded[name].tolist() for name in ("x", "year", "shop")), strict=True))
    assert sorted(read) == sorted(expected) and len(read) == 10
    assert loaded["year"].dtype == np.int64 and loaded["shop"].dtype.kind == "T"
    columns = found.survey(root, names).columns
    assert columns["year"].type.dtype == "int64" and columns["year"].rows == 10
    assert found.load(root, {"shop"}).train.keys() == {"shop"}


def test_a_folder_before_the_pattern_is_no_column(tmp_path: Path) -> None:
    write(tmp_path / "lr=3", "csv")
    loaded = source("csv", "lr=3/year=2026/*/*.csv").load(Root(tmp_path, tmp_path)).train
    assert loaded.keys() == {"x", "shop"}


def test_types_may_be_declared_and_values_may_be_missing(tmp_path: Path) -> None:
    write(tmp_path, "csv", ("zip=01/y=1.5", "zip=7/y=__HIVE_DEFAULT_PARTITION__"))
    root = Root(tmp_path, tmp_path)
    loaded = source("csv", "**/*.csv", types={"y": "number"}).load(root).train
    assert loaded["zip"].tolist() == ["01", "7", "7"]
    assert loaded["y"].tolist() == [1.5, None, None]


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (("a=1", "b=1"), "is in a folder of `a`, and 'b=1/part.csv' is in none"),
        (("a=1", "plain"), "is in a folder of `a`, and 'plain/part.csv' is in none"),
        (("a=1/a=2",), "two folders of 'a=1/a=2/part.csv' are of the same column"),
        (("x=1",), "'x=1/part.csv' has the column `x`, and so has its folder"),
    ],
)
def test_folders_that_do_not_fit_are_errors(folders: tuple[str, ...], said: str, tmp_path: Path) -> None:
    write(tmp_path, "csv", folders)
    with pytest.raises(RunError, match=said) as caught:
        source("csv", "**/*.csv").load(Root(tmp_path, tmp_path))
    assert caught.value.code == "E404" and caught.value.helps


SPEC = """\
modelc: 1
model:
  inputs: {when: {shape: [2]}, shop: {shape: [3]}}
  nodes: {both: {from: [when, shop], layers: [concatenate, {dense: 1}]}}
  outputs: [both]
data:
  source: {parquet: "sales/year=*/shop=*/*.parquet"}
  inputs:
    when: {numbers: {columns: [year, x], standardize: true}}
    shop: {one_hot: {column: shop, vocabulary: 3}}
  targets: {both: {number: {column: price, standardize: true}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 2}
"""


def test_a_model_reads_the_folders_in_training_and_in_prediction(tmp_path: Path) -> None:
    write(tmp_path / "sales", "parquet", price=[1.5, 2.5, 3.5, 4.5])
    (tmp_path / "spec.yaml").write_text(SPEC)
    valid = modelc("validate", "--data", "spec.yaml", cwd=tmp_path)
    assert valid.code == 0, valid.err
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    write(tmp_path / "new", "parquet", ("year=2027/shop=north",))
    predicted = modelc("predict", "run", "new/year=2027/shop=north/part.parquet", "--output", "out.csv", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 2
