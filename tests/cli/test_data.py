"""`modelc data SPEC`: what the rows are like, and what is odd about them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.conftest import Project
from tests.hostile_names import dangers

TABLE = """\
modelc: 1
model:
  inputs: {size: {shape: [2]}, kind: {shape: [], dtype: int32}}
  nodes:
    place: {from: kind, embedding: {input_dim: "${classes(kind)}", output_dim: 2}}
    price: {from: [size, place], layers: [concatenate, dense: 1]}
    sold: {from: [size, place], layers: [concatenate, dense: {units: 2, activation: softmax}]}
  outputs: [price, sold]
data:
  source: {csv: {train: rows.csv, missing_values: ["", NA], types: {zip: text}}}
  inputs:
    size: {numbers: {columns: [rooms, area], missing: median, standardize: true}}
    kind: {category: {column: kind, vocabulary: 4}}
  targets:
    price: {number: {column: price, standardize: true}}
    sold: {category: {column: sold, classes: ["no", "yes"]}}
  validation: {last: 20}
train: {losses: {price: mean_squared_error, sold: cross_entropy}, optimizer: adam, epochs: 1}
"""
COLUMNS = ("rooms", "area", "kind", "price", "sold", "zip")


def rows(count: int = 100) -> dict[str, list[Any]]:
    """A table of houses in which nothing is odd."""
    draw = np.random.default_rng(0)
    area = draw.uniform(20, 200, count).round(1)
    return {
        "rooms": draw.integers(1, 8, count).tolist(),
        "area": area.tolist(),
        "kind": draw.choice(["flat", "house", "farm"], count).tolist(),
        "price": (area * 3 + draw.normal(0, 20, count)).round(2).tolist(),
        "sold": draw.choice(["no", "yes"], count).tolist(),
        "zip": [f"0{number}" for number in draw.integers(100, 110, count)],
    }


def write(folder: Path, table: dict[str, list[Any]], spec: str = TABLE) -> None:
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    (folder / "table.yaml").write_text(spec)


def look(folder: Path, *arguments: str) -> Ended:
    return modelc("data", "table.yaml", *arguments, cwd=folder)


def facts(folder: Path) -> dict[str, Any]:
    ended = look(folder, "--format", "json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def warnings(folder: Path) -> dict[str, str]:
    """The sentence of each warning by its kind."""
    return {one["kind"]: one["text"] for one in facts(folder)["warnings"]}


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut to the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


def test_the_facts_of_a_table_are_those_of_its_rows(tmp_path: Path) -> None:
    table = rows()
    table["area"][3] = "NA"
    write(tmp_path, table)
    found = facts(tmp_path)
    area = np.array([value for value in table["area"] if value != "NA"])
    assert {name: part["rows"] for name, part in found["parts"].items()} == {"training": 80, "validation": 20}
    assert found["parts"]["validation"]["chosen"] == "the last 20 rows"
    assert list(found["columns"]) == ["rooms", "area", "kind", "price", "sold"] and found["unread_columns"] == ["zip"]
    column = found["columns"]["area"]
    assert (column["type"], column["missing"], column["rows"]) == ("number", 1, 100)
    assert (column["least"], column["most"], column["distinct"]) == (area.min(), area.max(), len({*area.tolist()}))
    assert column["mean"] == pytest.approx(area.mean())
    kinds = {kind: table["kind"].count(kind) for kind in ("flat", "house", "farm")}
    assert dict(found["columns"]["kind"]["frequent"]) == kinds
    assert found["classes"]["sold"] == {
        "training": {name: table["sold"][:80].count(name) for name in ("no", "yes")},
        "validation": {name: table["sold"][80:].count(name) for name in ("no", "yes")},
    }
    assert found["inputs"]["size"] | {"learnt": []} == {
        "reader": "numbers: {missing: median, standardize: true, columns: [rooms, area]}",
        "shape": [2],
        "dtype": "float32",
        "learnt": [],
    }
    assert "missing values are read as" in found["inputs"]["size"]["learnt"][0]
    assert found["inputs"]["kind"]["learnt"] == [f"3 names and `unknown`: {', '.join(ordered(table['kind'][:80]))}"]
    assert found["warnings"] == []


def ordered(names: list[str]) -> list[str]:
    return sorted({*names}, key=lambda name: (-names.count(name), name))


def test_sample_rows_are_shown_as_they_are_and_as_the_model_takes_them(tmp_path: Path) -> None:
    table = rows()
    write(tmp_path, table)
    found = facts(tmp_path)
    assert len(found["rows"]) == 2 and found["rows"][1]["place"] == "line 3 of 'rows.csv'"
    assert found["rows"][1]["raw"] == {name: table[name][1] for name in COLUMNS[:5]}
    prices = np.array(table["price"][:80])
    assert found["rows"][1]["read"]["price"][0] == pytest.approx((prices[1] - prices.mean()) / prices.std(), rel=1e-5)
    assert found["rows"][1]["read"]["sold"] == ["no", "yes"].index(table["sold"][1])
    assert look(tmp_path, "--rows", "7").out.count("\n  raw ") == 7
    assert "\n  raw " not in look(tmp_path, "--rows", "0").out


def test_what_is_odd_is_said_with_what_to_do(tmp_path: Path) -> None:
    table = rows()
    for name in COLUMNS:
        # The last row is among those for validation.
        table[name][5] = table[name][99] = table[name][7]
    table["rooms"][10] = 9999
    table["sold"] = ["yes"] * 80 + ["no"] * 19 + ["yes"]
    write(tmp_path, table)
    found = warnings(tmp_path)
    assert (
        list(found)
        == [
            "rows in training and validation",
            "class without training rows",
            "one class",
            "repeated rows",
            "far outside",
        ]
        or found == {}
    )
    table["sold"][:80] = rows()["sold"][:80]
    table["sold"][5] = table["sold"][7]
    write(tmp_path, table)
    found = warnings(tmp_path)
    assert (
        "as row 99 (line 101 of 'rows.csv') is to row 5 (line 7 of 'rows.csv')"
        in found["rows in training and validation"]
    )
    assert "as row 7 (line 9 of 'rows.csv') does row 5 (line 7 of 'rows.csv')" in found["repeated rows"]
    assert "`rooms` has 1 value far outside, 9,999, where all others are 1 to 7" in found["far outside"]


def test_a_column_that_gives_the_target_away_is_named(tmp_path: Path) -> None:
    table = rows()
    table["rooms"] = [round(price * 1.08, 3) for price in table["price"]]
    table["kind"] = [{"no": "flat", "yes": "house"}[value] for value in table["sold"]]
    write(tmp_path, table)
    texts = [one["text"] for one in facts(tmp_path)["warnings"]]
    assert any("the target `price` grows with `rooms` without exception, in 80 training rows" in text for text in texts)
    assert any("each of the 2 values of `kind` goes with one value of the target `sold`" in text for text in texts)
    assert len(texts) == 2


def test_a_pattern_that_takes_the_target_in_is_named(tmp_path: Path) -> None:
    write(tmp_path, rows(), TABLE.replace("[rooms, area]", '["r*", price]'))
    assert (
        "the input `size` reads `price`, which is what the target `price` is read from"
        in warnings(tmp_path)["gives the target away"]
    )


def test_columns_with_one_value_are_named(tmp_path: Path) -> None:
    write(tmp_path, rows() | {"rooms": [3] * 100})
    assert warnings(tmp_path) == {
        "constant column": "`rooms` has the same value in all training rows, 3: nothing can be learnt of it, leave it out"
    }


def test_wrong_data_is_an_error_and_its_columns_are_shown(tmp_path: Path) -> None:
    table = rows()
    table["sold"][4] = "perhaps"
    write(tmp_path, table)
    ended = look(tmp_path)
    assert ended.code == 1
    assert "error[E403]" in ended.err and "'perhaps'" in ended.err
    assert "sold " in ended.out and "perhaps 1" in ended.out and "training" not in ended.out
    checked = modelc("validate", "--data", "table.yaml", cwd=tmp_path)
    assert ended.err == checked.out[: checked.out.rindex("\n\n") + 2]
    (tmp_path / "rows.csv").unlink()
    ended = look(tmp_path)
    assert (ended.code, ended.out) == (1, "") and "error[E405]" in ended.err


def test_a_spec_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text("modelc: 1\nmodel: {inputs: {x: {shape: [2]}}, layers: [dense: 1]}\n")
    ended = look(tmp_path)
    assert (ended.code, ended.out) == (2, "") and "has no `data.source`" in ended.err


def test_text_fits_80_columns_and_two_screens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = rows() | {f"a column with a long name {number}": rows()["rooms"] for number in range(300)}
    table["kind"] = [f"a kind of house that is called {number}" for number in range(100)]
    table["sold"][3] = f"no{'o' * 300}\x1b[31m"
    spec = TABLE.replace("[rooms, area]", '[rooms, area, "a column*"]').replace("shape: [2]", "shape: [302]")
    write(tmp_path, table, spec.replace('["no", "yes"]', '["no", "yes"], unknown: "neither \\u202e"'))
    monkeypatch.setenv("COLUMNS", "80")
    ended = look(tmp_path)
    assert ended.code == 1 and "output has 2 values" in ended.err
    (tmp_path / "table.yaml").write_text((tmp_path / "table.yaml").read_text().replace("units: 2", "units: 3"))
    ended = look(tmp_path)
    assert ended.code == 0, ended.err
    lines = ended.out.split("\n")
    assert max(map(len, lines)) <= 80 and len(lines) < 110
    assert "and 281 columns more, which `--format json` has" in ended.out
    assert dangers(ended.out) == []
    assert len(facts(tmp_path)["columns"]) == 305


def test_arrays_and_test_rows_of_an_npz_file_are_shown(project: Project) -> None:
    ended = modelc("data", "tiny.yaml", cwd=project.folder)
    assert ended.code == 0, ended.err
    assert "training    48 rows  all others" in ended.out
    assert "test        20 rows  the test rows of the source" in ended.out
    assert "float32 [4]" in ended.out and "input x" in ended.out
    assert "2 intervals of `x[2]` tell the target `big` without exception" in ended.out
    assert "`x[0]` is equal to the target `size[0]`" in ended.out


def test_a_data_set_with_a_name_is_shown(tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text(
        "modelc: 1\nmodel:\n  inputs: {image: {shape: [8, 8]}}\n"
        "  layers: [flatten, {dense: {units: 10, activation: softmax}, name: digit}]\n"
        "data:\n  source: digits\n  targets: {digit: {category: label}}\n  validation: 0.2\n"
        "train: {loss: cross_entropy, optimizer: adam, epochs: 1}\n"
    )
    found = facts(tmp_path)
    assert found["columns"]["image"]["shape"] == [8, 8] and found["columns"]["image"]["most"] == 16
    assert sum(found["classes"]["digit"]["training"].values()) == found["parts"]["training"]["rows"] == 1438
    assert found["warnings"] == []


def test_windows_are_counted_beside_their_rows(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    hours = [f"2025-01-0{1 + hour // 24}T{hour % 24:02}:00:00" for hour in range(48)]
    table = {"hour": hours, "sales": draw.normal(size=48).round(3).tolist(), "promo": [0, 1, 0] * 16}
    spec = """\
modelc: 1
model:
  inputs: {past: {shape: [6, 2]}, promo: {shape: [3]}}
  nodes:
    before: {from: past, flatten}
    sales: {from: [before, promo], layers: [concatenate, dense: 3]}
  outputs: [sales]
data:
  source: {csv: rows.csv}
  windows: {context: 6, horizon: 3, time: hour, freq: 1h}
  inputs:
    past: {numbers: {columns: [sales, promo]}}
    promo: {number: promo, span: horizon}
  targets: {sales: {number: sales}}
  validation: {last: 12}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
    write(tmp_path, table, spec)
    found = facts(tmp_path)
    assert {name: (part["rows"], part["windows"]) for name, part in found["parts"].items()} == {
        "training": (36, 28),
        "validation": (12, 10),
    }
    # The same column may be read as what was before, and is no giveaway then.
    assert found["warnings"] == []
    assert found["rows"][0]["place"] == "line 8 of 'rows.csv'"
    assert found["rows"][0]["raw"]["sales"] == pytest.approx(found["rows"][0]["read"]["sales"][0])
    assert modelc("train", "table.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    ended = modelc("data", "run", "rows.csv", "--max-drift", "0.1", "--format", "json", cwd=tmp_path)
    assert (ended.code, json.loads(ended.out)["trained_rows"]) == (0, 36)
