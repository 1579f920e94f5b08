"""`modelc init --from`: a spec for a table as it is, which validates without a word and trains to what linear models reach."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.made_tables import TABLES

CLOSE = 0.02
"""How far below the better linear model a network may score, of accuracy or R2."""


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_learnt_as_well_as_linear_models_learn_it(name: str, tmp_path: Path) -> None:
    write, target = TABLES[name]
    write(tmp_path / f"{name}.csv")
    ended = modelc("init", "--from", f"{name}.csv", "--target", target, cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert ended.out == f"wrote {name}.yaml\nwrote modelc.schema.json\n\nnext:\n  modelc train {name}.yaml\n"
    checked = modelc("validate", "--data", f"{name}.yaml", cwd=tmp_path)
    assert checked.code == 0 and "warning" not in checked.out + checked.err, checked.out + checked.err
    trained = modelc("train", f"{name}.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "warning" not in trained.err
    record = json.loads((tmp_path / "run/run.json").read_text())
    log = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    best = next(line for line in log if line["epoch"] == record["best"]["epoch"])
    (linear,) = (one["values"] for one in record["baselines"]["validation"] if one["name"].endswith("regression"))
    (metric,) = {"accuracy", "r2"} & set(linear)
    assert linear[metric] > 0.3
    assert best[f"validation/{metric}"] >= linear[metric] - CLOSE
    # On what a user gives it next: the same table without its target.
    text = (tmp_path / f"{name}.csv").read_text().splitlines()
    (tmp_path / "new.csv").write_text("\n".join(re.sub(r"[;,][^;,]*$", "", line) for line in text[:6]) + "\n")
    predicted = modelc("predict", "run", "new.csv", "--output", "predicted.csv", cwd=tmp_path)
    assert predicted.code == 0, predicted.err
    assert len((tmp_path / "predicted.csv").read_text().splitlines()) == 6


def test_values_that_make_texts_of_a_column_of_numbers_are_named_with_what_to_do(tmp_path: Path) -> None:
    rows = [f"{row % 9},{row * 7 % 31},{row % 4},{row * 3.5}" for row in range(60)]
    rows[27], rows[40] = "many,3,00,9.5", "few,3,01,9"
    (tmp_path / "a.csv").write_text("\n".join(["rooms,area,code,price", *rows]) + "\n")
    assert modelc("init", "--from", "a.csv", "--target", "price", cwd=tmp_path).code == 0
    spec = (tmp_path / "a.yaml").read_text()
    said = " ".join(line.strip().removeprefix("# ") for line in spec.splitlines())
    assert "- `rooms`: 2 of its 60 values are no numbers: 'many' in line 29 of 'a.csv'" in said
    # Zeros in front make a code.
    assert "`types: {rooms: number}` in `csv` and `on_bad_row: skip` below `data`" in said and "`code`:" not in said
    followed = spec.replace("train: a.csv", "train: a.csv\n      types: {rooms: number}\n  on_bad_row: skip")
    followed = followed.replace("columns: [area]", "columns: [area, rooms]").replace("shape: [1]", "shape: [2]")
    followed = followed.replace("columns: {rooms: 12, ", "columns: {").replace("shape: [19]", "shape: [7]")
    (tmp_path / "a.yaml").write_text(followed)
    checked = modelc("data", "a.yaml", cwd=tmp_path)
    assert "2 of 60 rows (3.3 %) are left out" in checked.out, checked.out + checked.err
    ended = modelc("init", "--from", "a.csv", "--target", "rooms", "-o", "b.yaml", cwd=tmp_path)
    assert ended.code == 0 and "texts, so classes, 11 of them" in (tmp_path / "b.yaml").read_text()
    (tmp_path / "a.csv").write_text("\n".join(["rooms,area,code,price", *rows[:27], "1,2,3,dear", *rows[41:]]) + "\n")
    ended = modelc("init", "--from", "a.csv", "--target", "price", "-o", "c.yaml", cwd=tmp_path)
    assert ended.code == 4 and "one of its 47 values is no number: 'dear' in line 29 of 'a.csv'" in ended.err


def test_missing_values_of_texts_are_a_value_of_their_own(tmp_path: Path) -> None:
    rows = [f"{('flat', 'house', '')[row % 3]},{row % 3 * 10 + row / 90}" for row in range(90)]
    (tmp_path / "a.csv").write_text("\n".join(["kind,price", *rows]) + "\n")
    assert modelc("init", "--from", "a.csv", "--target", "price", cwd=tmp_path).code == 0
    shown = modelc("data", "a.yaml", cwd=tmp_path).out
    assert "`kind`: 3 names and `unknown`: " in shown and "(missing)" in shown and "nothing odd was found" in shown
