"""Draws specs with data and training at random, and writes the rows that they are trained on: windows, sampling, augmentation, validation
rows of their own and rows that cannot be read, in any combination that goes together.
"""

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.syntax.file_root import Root
from tests.drawn_specs import NAMES, PATH, Drawing

COLUMNS = ("a", "b", "c", "d")
SHOPS = {"north": 20, "south": 16, "west": 6}
"""The series, and how many days each has; in the last few windows fit, if any."""
GONE = {("north", 4), ("north", 9), ("north", 10), ("south", 8)}
"""Days that series do not have."""


def task(seed: int) -> dict[str, Any]:
    """A spec with data and training, whose model is a chain; another one for each seed."""
    return DrawnTask(seed).spec()


class DrawnTask(Drawing):
    """A spec with data and training while it is drawn, by random numbers of its own: Hypothesis draws many that are nearly alike."""

    def __init__(self, seed: int) -> None:
        super().__init__(lambda strategy: None)
        self.random = random.Random(seed)

    def one(self, *options: Any) -> Any:
        return self.random.choice(options)

    def chance(self) -> bool:
        return self.random.random() < 0.5

    def spec(self) -> dict[str, Any]:
        raw = super().spec()
        windows = self.windows() if self.chance() else None
        classes = windows is None and self.chance()
        skips = self.one(None, "error", "skip", "skip")
        folder = "torn" if skips == "skip" else "whole"
        source = self.source(folder, skips == "skip")
        shape = [4] if windows is None else [{"$small": self.small}.get(windows["context"], windows["context"]), 4]
        items, _ = self.chain(4, 1)
        width = len(NAMES) if classes else 1 if windows is None else windows["horizon"]
        raw["model"] = {
            "inputs": {"x": {"shape": shape}},
            "layers": [*items, "flatten", {"dense": "${classes(y)}" if classes else width, "name": "y"}],
        }
        scaled = self.one(True, False) if windows is None else self.one(True, False, "per_group")
        number = {"number": {"column": "price", "standardize": scaled}}
        category = {"category": {"column": "kind", "classes": self.one({"file": PATH}, [*map(escaped, NAMES)])}}
        raw["data"] = {
            "source": source,
            "inputs": {"x": {"numbers": {"columns": [*COLUMNS], "standardize": scaled}}},
            "targets": {"y": category if classes else number},
            "validation": self.validation(windows is not None),
            **({} if windows is None else {"windows": windows}),
            **({} if skips is None else {"on_bad_row": skips}),
            **self.one({}, {"sampling": {"balanced": self.one("kind", "shop")}}),
            **self.one({}, {"augment": self.augment()}),
            **self.one({}, {"seed": 3}),
        }
        if self.one(False, False, True):
            raw["data"]["test"] = self.source("later", False) if self.chance() else {"last": 2}
        shuffles = {} if "sampling" in raw["data"] else self.one({}, {"shuffle": False}, {"shuffle": {"blocks": 4}})
        raw["train"] = {
            "loss": "cross_entropy" if classes else "mean_squared_error",
            "optimizer": self.one({"adam": 0.01}, {"sgd": {"learning_rate": 0.001, "momentum": 0.9}}),
            "batch_size": self.one(5, 8),
            **self.one({"epochs": 2}, {"steps": 7}),
            **shuffles,
        }
        return raw

    def data(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Nothing: the data are drawn when the inputs are known; widths are not of their classes."""
        self.counts = False
        return {}, {}

    def source(self, name: str, torn: bool) -> dict[str, Any]:
        """The source of rows with this name; lines are torn in tables of text alone."""
        kind = self.one("csv", "jsonl") if torn else self.one("csv", "jsonl", "npz")
        return {kind: f"{name}.{kind}"}

    def windows(self) -> dict[str, Any]:
        filled = ("end", {"fill": "previous", "limit": 1}, {"fill": {"price": 0}, "limit": "$small"})
        return {
            "context": self.one(2, "$small"),
            "horizon": self.one(1, 2),
            "time": "day",
            "group_by": "shop",
            **self.one({}, {"stride": 2}),
            **self.one(
                {"freq": "any"}, {}, *({"gaps": gaps, **freq} for gaps in filled for freq in ({}, {"freq": "1d"}))
            ),
        }

    def validation(self, windows: bool) -> Any:
        own = self.source("later", False)
        cuts = ({"last": 3}, {"after": {"column": "day", "value": "2026-01-15"}}, own, own)
        drawn = (0.2, 6, {"first": 2}, {"folds": {"count": 4, "fold": 2}}, {"fraction": 0.25, "stratify": "kind"})
        return self.one(*cuts) if windows else self.one(*cuts, *drawn)

    def augment(self) -> list[Any]:
        ways: list[list[Any]] = [
            [{"mixup": 0.4}],
            [{"mixup": 0.4, "of": ["x"]}],
            [{"mixup": 1.0}, {"mixup": 0.2, "of": "x"}],
        ]
        return self.random.choice(ways)


def escaped(name: str) -> str:
    return name.replace("$", "$$")


def rows(shift: int) -> list[dict[str, Any]]:
    """The rows of all days of all shops, from a day on."""
    draw = np.random.default_rng(shift)
    return [
        {
            "shop": shop,
            "day": str(date(2026, 1, 1) + timedelta(day + shift)),
            **{name: int(draw.integers(-8, 9)) / 4 for name in COLUMNS},
            "price": int(draw.integers(10, 90)) / 2,
            "kind": NAMES[int(draw.integers(len(NAMES)))],
        }
        for shop, days in SHOPS.items()
        for day in range(days)
        if (shop, day) not in GONE
    ]


def write_rows(folder: Path) -> Root:
    """Files of each kind: `whole` rows, `torn` ones of which two cannot be read, and `later` ones."""
    (folder / PATH).write_text("\n".join(NAMES), encoding="utf-8")
    for name, shift in (("whole", 0), ("torn", 0), ("later", 100)):
        table = rows(shift)
        arrays: dict[str, Any] = {key: np.array([row[key] for row in table]) for key in table[0]}
        np.savez(folder / f"{name}.npz", **arrays)
        if name == "torn":
            table[3]["a"], table[17]["price"] = "?", None
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [*table[0]])
            writer.writeheader()
            writer.writerows(table)
        lines = [json.dumps(row) for row in table]
        if name == "torn":
            lines.insert(9, "[1, 2]")
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return Root(folder, folder)
