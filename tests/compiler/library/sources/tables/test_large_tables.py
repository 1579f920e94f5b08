"""Large tables: every value of every row is the one that was written, in its place, from each kind of file."""

import csv
import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from modelc.compiler.library.contracts.data_source import Loaded
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root

NAMES = ("n", "x", "t")


def rows(count: int) -> list[tuple[int, float, str]]:
    """Integers up to int64, fractions of which every hundredth is an integer, texts with quotes, commas and line ends."""
    draw = np.random.default_rng(0)
    integers = draw.integers(-(2**63), 2**63 - 1, count).tolist()
    fractions = (draw.integers(0, 10**6, count) / 100).tolist()
    texts = ["word", 'a "b", c', "two\nlines", "é😀", "00712", "x" * 300]
    return [(integers[row], fractions[row], texts[row % 6] + str(row)) for row in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with the same rows in each kind of file, and in two csv files."""
    found, made = tmp_path_factory.mktemp("large"), rows(request.config.getoption("--table-rows"))
    half = len(made) // 2
    for name, part in (("a", made), ("part1", made[:half]), ("part2", made[half:])):
        with (found / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(NAMES)
            writer.writerows(part)
    with (found / "a.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) + "\n" for row in made)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select n, x, t from read_json('{found / 'a.jsonl'}', format='newline_delimited', "
            f"columns={{n: 'BIGINT', x: 'DOUBLE', t: 'VARCHAR'}})) to '{found / 'a.parquet'}'"
        )
    return found


@pytest.mark.parametrize(
    ("kind", "train"), [("csv", "a.csv"), ("csv", "part*.csv"), ("jsonl", "a.jsonl"), ("parquet", "a.parquet")]
)
def test_every_value_is_in_its_place(folder: Path, kind: str, train: str, request: pytest.FixtureRequest) -> None:
    loaded: Loaded = SOURCES.build({kind: train}).load(Root(folder, folder))
    made = rows(request.config.getoption("--table-rows"))
    assert loaded.train["n"].tolist() == [row[0] for row in made]
    assert loaded.train["x"].tolist() == [row[1] for row in made]
    assert loaded.train["t"].tolist() == [row[2] for row in made]
