"""`modelc` with windows of series: from a csv file of rows to forecasts beyond its end."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc

SPEC = """\
modelc: 1
name: sales
model:
  inputs: {past: {shape: [7, 1]}, promo: {shape: [3]}}
  nodes:
    flat: {from: past, flatten}
    sales: {from: [flat, promo], layers: [concatenate, dense: 3]}
  outputs: [sales]
data:
  source: {csv: sales.csv}
  windows: {context: 7, horizon: 3, time: day, group_by: store}
  inputs:
    past: {numbers: {columns: [sales], standardize: per_group}}
    promo: {number: promo, span: horizon}
  targets: {sales: {number: {column: sales, standardize: per_group}}}
  validation: {last: 3}
train: {loss: mean_squared_error, metrics: [mean_absolute_error], optimizer: {adam: 0.01}, epochs: 2}
"""
FIRST = date(2026, 1, 1)
STORES = {"north": 30, "south": 25, "west": 5}
"""The stores, and how many days each has."""


def sales() -> list[dict[str, Any]]:
    """The sales of all days, in the order of the days."""
    draw = np.random.default_rng(0)
    return [
        {
            "store": store,
            "day": str(FIRST + timedelta(day)),
            "sales": int(draw.integers(10, 90)),
            "promo": int(draw.integers(0, 2)),
        }
        for day in range(30)
        for store, days in STORES.items()
        if day < days
    ]


def keep(folder: Path, rows: list[dict[str, Any]], name: str = "sales") -> Path:
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    return folder / f"{name}.csv"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def last_days(rows: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The rows of the last days of each store."""
    ends = {store: str(FIRST + timedelta(days - count)) for store, days in STORES.items()}
    return [row for row in rows if row["day"] >= ends[row["store"]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sales")
    (folder / "sales.yaml").write_text(SPEC)
    keep(folder, sales())
    assert modelc("validate", "sales.yaml", cwd=folder).code == 0
    trained = modelc("train", "sales.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    assert "validation    the last 3 rows of each series" in trained.out
    assert "1 of 3 series is left out, since no window fits: west" in trained.out
    return folder


def test_a_forecast_of_a_file_is_that_of_the_held_out_rows(folder: Path) -> None:
    held_out = modelc("predict", "run", "--split", "validation", "-o", "held.csv", cwd=folder)
    assert held_out.code == 0, held_out.err
    hidden = {(row["store"], row["day"]) for row in last_days(sales(), 3)}
    new = [row | ({"sales": ""} if (row["store"], row["day"]) in hidden else {}) for row in sales()]
    keep(folder, new, "new")
    found = modelc("predict", "run", "new.csv", "-o", "ahead.csv", cwd=folder)
    assert found.code == 0, found.err
    assert "no prediction for `west`" in found.err
    assert table(folder / "ahead.csv") == table(folder / "held.csv")
    days = [(row["store"], row["day"], row["ahead"]) for row in table(folder / "ahead.csv")]
    assert days[:3] == [("north", str(FIRST + timedelta(27 + step)), str(step + 1)) for step in range(3)]


def test_series_without_what_is_known_ahead_are_named(folder: Path) -> None:
    hidden = {(row["store"], row["day"]) for row in last_days(sales(), 3)}
    keep(folder, [row for row in sales() if (row["store"], row["day"]) not in hidden], "short")
    refused = modelc("predict", "run", "short.csv", "-o", "none.csv", cwd=folder)
    assert refused.code == 4
    assert "`promo` is read over the 3 rows ahead, which `north`, `south` has not" in refused.err
    assert not (folder / "none.csv").exists()


def test_the_rows_of_series_are_not_odd_since_they_repeat_or_read_their_past(folder: Path) -> None:
    shown = modelc("data", "sales.yaml", cwd=folder)
    assert shown.code == 0, shown.err
    assert "rows are windows" in shown.out
    assert "repeats" not in shown.out and "leave it out" not in shown.out
    (folder / "told.yaml").write_text(SPEC.replace("number: promo", "number: sales"))
    told = modelc("data", "told.yaml", cwd=folder)
    assert "the input `promo` reads `sales`" in " ".join(told.out.split())


def test_a_series_that_is_new_is_named_with_its_line(folder: Path) -> None:
    rows = [row for row in sales() if row["store"] == "north"]
    new = [row | {"store": "east"} for row in rows]
    keep(folder, [*rows, *new], "strange")
    for command in (["predict", "run", "strange.csv", "-o", "none.csv"], ["evaluate", "run", "strange.csv"]):
        refused = modelc(*command, cwd=folder)
        assert refused.code == 4
        if command[0] == "evaluate":
            assert "`east` is in no training row" in refused.err
            assert f"in row {len(rows)}, line {len(rows) + 2} of 'strange.csv'" in refused.err


def test_columns_are_chosen_for_a_forecast_too(folder: Path) -> None:
    found = modelc("predict", "run", "-o", "own.csv", "--columns", "shop=store, day, sold=sales", cwd=folder)
    assert found.code == 0, found.err
    assert [*table(folder / "own.csv")[0]] == ["shop", "day", "sold"]


def test_new_rows_are_scored_as_windows(folder: Path) -> None:
    keep(folder, [row for row in last_days(sales(), 10) if row["store"] != "west"], "later")
    scored = modelc("evaluate", "run", "later.csv", cwd=folder)
    held_out = modelc("evaluate", "run", cwd=folder)
    assert scored.code == held_out.code == 0
    assert "2 rows of later.csv" in scored.out
    # The last window of each store is the one that was held out.
    of_file, of_run = ([line.split()[:2] for line in one.out.splitlines()[-2:]] for one in (scored, held_out))
    assert of_file == of_run and of_file[0][0] == "loss"


def test_a_column_that_is_not_there_is_named_at_its_place(folder: Path) -> None:
    (folder / "wrong.yaml").write_text(SPEC.replace("group_by: store", "group_by: stor"))
    found = modelc("validate", "wrong.yaml", cwd=folder)
    assert found.code == 1
    assert "the data has no column `stor`" in found.out and "did you mean `store`?" in found.out
    assert "wrong.yaml:11:" in found.out


@pytest.mark.parametrize(
    ("dates", "step", "following"),
    [
        (["2026-01", "2026-02", "2026-03"], "1mo", ["2026-04", "2026-05"]),
        (["2025-10-31", "2025-11-30", "2025-12-31"], "1mo", ["2026-01-31", "2026-02-28"]),
        (["2026-01-15 22:00", "2026-01-15 23:00", "2026-01-16 00:00"], "1h", ["2026-01-16 01:00", "2026-01-16 02:00"]),
        (["2024-02-27T00:00:00Z", "2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z"], "1d",
         ["2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"]),
        (["7", "9", "11"], "2", ["13", "15"]),
        (["0.5", "0.75", "1.0"], "0.25", ["1.25", "1.5"]),
    ],
)  # fmt: skip
def test_times_go_on_as_the_column_writes_them(
    tmp_path: Path, dates: list[str], step: str, following: list[str]
) -> None:
    (tmp_path / "steps.yaml").write_text(
        "modelc: 1\n"
        "model: {inputs: {past: {shape: [2]}}, layers: [{dense: 2, name: y}]}\n"
        "data:\n"
        "  source: {csv: sales.csv}\n"
        f"  windows: {{context: 2, horizon: 2, time: day, freq: {step}}}\n"
        "  inputs: {past: {number: y}}\n"
        "  targets: {y: {number: y}}\n"
        "train: {loss: mean_squared_error, optimizer: adam, epochs: 1}\n"
    )
    keep(tmp_path, [{"day": day, "y": place} for place, day in enumerate([*dates, following[0]])])
    trained = modelc("train", "steps.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    keep(tmp_path, [{"day": day, "y": place} for place, day in enumerate(dates)], "new")
    found = modelc("predict", "run", "new.csv", "-o", "ahead.csv", cwd=tmp_path)
    assert found.code == 0, found.err
    assert [(row["day"], row["ahead"]) for row in table(tmp_path / "ahead.csv")] == [
        (day, str(ahead)) for ahead, day in enumerate(following, 1)
    ]


GAPS = "gaps: {fill: {promo: 0}, limit: 2}"


def test_forecasts_and_scores_of_rows_with_gaps_are_those_of_rows_that_fill_them(tmp_path: Path) -> None:
    spec = SPEC.replace("group_by: store", f"group_by: store, {GAPS}")
    (tmp_path / "sales.yaml").write_text(spec)
    missing = {("north", 4), ("south", 12), ("south", 13), ("north", 25)}
    days = {(store, str(FIRST + timedelta(day))) for store, day in missing}
    keep(tmp_path, [row for row in sales() if (row["store"], row["day"]) not in days])
    trained = modelc("train", "sales.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    assert "note: 4 rows that were missing are filled" in trained.out
    # With what stands for them in the file, and what is to be predicted left empty.
    before: dict[str, Any] = {}
    whole = []
    for row in sales():
        if (row["store"], row["day"]) in days:
            row = row | {"sales": before[row["store"]], "promo": 0}
        before[row["store"]] = row["sales"]
        whole.append(row)
    ends = {(row["store"], row["day"]) for row in last_days(sales(), 3)}
    whole = [row | ({"sales": ""} if (row["store"], row["day"]) in ends else {}) for row in whole]
    keep(tmp_path, whole, "whole")
    keep(tmp_path, [row for row in whole if (row["store"], row["day"]) not in days], "some")
    for name in ("whole", "some"):
        found = modelc("predict", "run", f"{name}.csv", "-o", f"{name}_ahead.csv", cwd=tmp_path)
        assert found.code == 0, found.err
    assert table(tmp_path / "some_ahead.csv") == table(tmp_path / "whole_ahead.csv")
    scored = modelc("evaluate", "run", "sales.csv", "--format", "json", cwd=tmp_path)
    assert scored.code == 0, scored.err
    # North has 21 windows with a row behind each of its days, less those whose targets are the days 4 or 25.
    count = {"north": range(30 - 9), "south": range(25 - 9)}
    targets = {"north": {4, 25}, "south": {12, 13}}
    kept = [
        first
        for store, every in count.items()
        for first in every
        if not {first + 7, first + 8, first + 9} & targets[store]
    ]
    assert json.loads(scored.out)["rows"] == len(kept)


def test_a_gap_before_what_is_known_ahead_is_of_the_horizon(tmp_path: Path) -> None:
    (tmp_path / "sales.yaml").write_text(SPEC.replace("group_by: store", f"group_by: store, {GAPS}"))
    keep(tmp_path, sales())
    assert modelc("train", "sales.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    rows = [row for row in sales() if row["store"] == "north"][:20]
    new = [*rows[:17], *(row | {"sales": ""} for row in rows[18:])]
    keep(tmp_path, new, "new")
    found = modelc("predict", "run", "new.csv", "-o", "ahead.csv", cwd=tmp_path)
    assert found.code == 0, found.err
    assert [row["day"] for row in table(tmp_path / "ahead.csv")] == [
        str(FIRST + timedelta(day)) for day in (17, 18, 19)
    ]
    # The same as with the row in the file, in which nothing is known but what `fill` says.
    keep(
        tmp_path,
        [*rows[:17], *(row | {"sales": "", "promo": 0 if row is rows[17] else row["promo"]} for row in rows[17:])],
        "whole",
    )
    found = modelc("predict", "run", "whole.csv", "-o", "whole_ahead.csv", cwd=tmp_path)
    assert found.code == 0, found.err
    assert table(tmp_path / "ahead.csv") == table(tmp_path / "whole_ahead.csv")
