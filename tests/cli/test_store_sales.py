"""`specs/store_sales.yaml`: several series with windows, from a csv file to a forecast that is better than the seasonal naive one."""

import csv
import json
import shutil
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import modelc
from tests.made_data import make_stores

SPEC = Path(__file__).parent.parent.parent / "specs" / "store_sales.yaml"
HELD_OUT, HORIZON = 28, 7


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def seasonal_naive(path: Path) -> float:
    """The mean absolute error of the sales of the week before, over all windows of the last days of each store."""
    by_store = defaultdict(list)
    for row in rows_of(path):
        by_store[row["store"]].append((row["date"], float(row["sales"])))
    errors = []
    for series in by_store.values():
        sales = np.array([value for _, value in sorted(series)])
        begins = range(len(sales) - HELD_OUT, len(sales) - HORIZON + 1)
        errors += [np.abs(sales[one : one + HORIZON] - sales[one - 7 : one - 7 + HORIZON]) for one in begins]
    return float(np.mean(errors))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores")
    shutil.copy(SPEC, folder / "spec.yaml")
    make_stores(folder)
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=folder)
    assert trained.code == 0, trained.err
    assert "seasonal naive" in trained.out
    return folder


def test_a_forecast_is_better_than_the_seasonal_naive_one(folder: Path) -> None:
    scored = modelc("evaluate", "run", "--format", "json", cwd=folder)
    assert scored.code == 0, scored.err
    found: dict[str, Any] = json.loads(scored.out)
    naive = seasonal_naive(folder / "stores.csv")
    assert found["split"] == "test" and found["values"]["mean_absolute_error"] < 0.65 * naive
    shown = found["baselines"]["seasonal naive"]
    assert shown["values"]["mean_absolute_error"] == pytest.approx(naive, rel=1e-4)


def test_a_forecast_goes_on_beyond_the_end_of_the_file(folder: Path) -> None:
    rows = rows_of(folder / "stores.csv")
    last = date.fromisoformat(rows[-1]["date"])
    stores = {row["store"]: row["district"] for row in rows}
    ahead = [
        {"store": store, "date": str(last + timedelta(day + 1)), "sales": "", "promotion": "1" if day == 3 else "0", "district": district}
        for store, district in stores.items()
        for day in range(HORIZON)
    ]  # fmt: skip
    with (folder / "new.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows([*rows, *ahead])
    done = modelc("predict", "run", "new.csv", "-o", "ahead.csv", cwd=folder)
    assert done.code == 0, done.err
    found = rows_of(folder / "ahead.csv")
    assert [(row["store"], row["date"]) for row in found] == [(row["store"], row["date"]) for row in ahead]
    assert [row["ahead"] for row in found[:HORIZON]] == [str(day + 1) for day in range(HORIZON)]
    sales = np.array([float(row["sales"]) for row in found]).reshape(-1, HORIZON)
    # A day of promotion sells more, in a store of any size.
    assert (sales[:, 3] > 1.2 * np.median(sales, axis=1)).mean() > 0.8
