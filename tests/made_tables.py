"""Tables as people have them, each with something of its own that a first spec must see, and something that can be learnt."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

HEATING = np.array(["gas", "oil", "heat pump"])


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def houses(path: Path) -> None:
    """A price around 300,000, a column that numbers the rows, one that is the same everywhere, and a category."""
    g = np.random.default_rng(0)
    n = 700
    area, rooms, year, heating = (
        g.uniform(30, 250, n),
        g.integers(1, 8, n),
        g.integers(1900, 2024, n),
        g.integers(0, 3, n),
    )
    price = 3e5 + (area - 120) * 2100 + rooms * 5000 + (year - 1960) * 300 + np.array([0, -2e4, 3e4])[heating]
    price += g.normal(0, 2e4, n)
    rows = zip(range(1, n + 1), area.round(1), rooms, year, HEATING[heating], ["NL"] * n, price.round(), strict=True)
    write_csv(path, ["id", "area", "rooms", "year", "heating", "country", "price"], rows)


def mixed(path: Path) -> None:
    """40 columns, half numbers and half texts, a part of which is missing, by `NA` or by nothing."""
    g = np.random.default_rng(1)
    n = 900
    numbers, kinds = g.normal(size=(n, 20)) * 10.0 ** g.integers(-2, 4, 20), g.integers(0, 5, (n, 20))
    score = (numbers / numbers.std(0))[:, :6].sum(1) + (kinds[:, :3] == 1).sum(1) * 1.5 + g.normal(0, 1, n)
    cells = np.concatenate([numbers.round(5).astype(str), np.char.add("kind_", kinds.astype(str))], axis=1).astype(
        object
    )
    gone = g.random(cells.shape) < 0.05
    cells[gone] = np.where(g.random(gone.sum()) < 0.5, "", "NA")
    header = [f"number_{k}" for k in range(20)] + [f"kind_{k}" for k in range(20)]
    answers = np.array(["no", "yes"])[(score > np.median(score)).astype(int)]
    write_csv(path, [*header, "bought"], ([*row, answer] for row, answer in zip(cells, answers, strict=True)))


def dates(path: Path) -> None:
    """What is sold on a day, by the weekday and the month, in a notation that is not ISO."""
    g = np.random.default_rng(2)
    days = [datetime(2021, 1, 1) + timedelta(days=int(k)) for k in range(800)]
    season = np.array(
        [40 * np.sin(2 * np.pi * (day.month - 1) / 12) + (30 if day.weekday() > 4 else 0) for day in days]
    )
    offer = g.integers(0, 2, len(days))
    sold = 200 + season + 25 * offer + 0.05 * np.arange(len(days)) + g.normal(0, 10, len(days))
    rows = ((day.strftime("%d.%m.%Y"), o, f"{s:.2f}") for day, o, s in zip(days, offer, sold, strict=True))
    write_csv(path, ["day", "offer", "sold"], rows)


def opinions(rows: int) -> list[tuple[str, int, str]]:
    """Texts, a few words of which say what is thought, with a number that says nothing, and what is thought."""
    g = np.random.default_rng(3)
    words = np.array([f"word{k}" for k in range(150)])
    good, bad = np.array(["great", "love", "perfect", "fine"]), np.array(["awful", "broken", "waste", "poor"])
    found = []
    for _ in range(rows):
        opinion = int(g.integers(0, 2))
        said = [*g.choice(words, g.integers(5, 20)), *g.choice(good if opinion else bad, g.integers(0, 3))]
        said += [g.choice(bad if opinion else good)] * int(g.random() < 0.15)
        found.append((" ".join(g.permutation(said)) + ".", int(g.integers(1, 6)), "good" if opinion else "bad"))
    return found


def reviews(path: Path) -> None:
    write_csv(path, ["review", "stars", "opinion"], opinions(800))


def fraud(path: Path) -> None:
    """A class with one row of twenty."""
    g = np.random.default_rng(4)
    n = 1500
    amount, age, shop = g.lognormal(3, 1, n), g.integers(18, 90, n), g.integers(0, 8, n)
    score = (np.log(amount) - 3) * 2 + (shop == 3) * 2 + g.normal(0, 0.7, n)
    rows = zip(
        amount.round(2),
        age,
        np.char.add("shop ", shop.astype(str)),
        (score > np.quantile(score, 0.95)) + 0,
        strict=True,
    )
    write_csv(path, ["amount", "age", "shop", "fraud"], rows)


def iris(path: Path) -> None:
    """Few rows."""
    found = datasets.load_iris()
    rows = ([*x, found.target_names[y]] for x, y in zip(found.data, found.target, strict=True))
    write_csv(path, ["sepal length", "sepal width", "petal length", "petal width", "kind"], rows)


def places(path: Path) -> None:
    """A number that is a name: zip codes, some of which begin with 0, decide what a flat costs."""
    g = np.random.default_rng(5)
    codes = [f"{code:05d}" for code in g.choice(90_000, 80, replace=False) + 500]
    level = g.normal(900, 250, 80)
    which, area = g.integers(0, 80, 1600), g.uniform(20, 120, 1600)
    rent = level[which] + 8 * area + g.normal(0, 60, 1600)
    rows = ((codes[k], f"{a:.0f}", f"{r:.2f}") for k, a, r in zip(which, area, rent, strict=True))
    write_csv(path, ["zip", "area", "rent"], rows)


def commas(path: Path) -> None:
    """`;` between fields, and `,` in fractions; `-` where nothing was measured. The rows are those of scikit-learn's diabetes."""
    found = datasets.load_diabetes(scaled=False)
    g = np.random.default_rng(6)

    def cell(value: float) -> str:
        return "-" if g.random() < 0.03 else f"{value:g}".replace(".", ",")

    rows = ([*map(cell, x), f"{y:g}".replace(".", ",")] for x, y in zip(found.data, found.target, strict=True))
    write_csv(path, [*found.feature_names, "progression"], rows, ";")


def wide(path: Path) -> None:
    """Nearly as many columns as rows."""
    g = np.random.default_rng(7)
    x = g.normal(size=(200, 150))
    score = x[:, :5] @ [2.0, -1.5, 1.0, 1.0, -0.5] + g.normal(0, 1, 200)
    write_csv(
        path,
        [*(f"c{k}" for k in range(150)), "ill"],
        ([*row, ("no", "yes")[int(s > 0)]] for row, s in zip(x, score, strict=True)),
    )


TABLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "houses": (houses, "price"),
    "mixed": (mixed, "bought"),
    "dates": (dates, "sold"),
    "reviews": (reviews, "opinion"),
    "fraud": (fraud, "fraud"),
    "iris": (iris, "kind"),
    "places": (places, "rent"),
    "commas": (commas, "progression"),
    "wide": (wide, "ill"),
}
"""By name, what writes a table, and its target."""
