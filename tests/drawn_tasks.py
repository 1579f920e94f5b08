"""Draws specs with data and training at random: sources of every kind, windows, sampling, augmentation, validation rows of their own and
rows that cannot be read, in any combination that goes together.
"""

from typing import Any

from tests.drawn_files import OfImages, OfTexts
from tests.drawn_rows import NAMES_OF_COLUMNS, NUMBERS, PARTED, SHOPS, WAVE
from tests.drawn_specs import NAMES, PATH
from tests.drawn_training import DrawnTask, Given, Wanted, escaped

FIRST = 161521
"""The first of four tasks, and of sixteen, that have between them what tests want to have seen."""


def task(seed: int) -> dict[str, Any]:
    """A spec with data and training; another one for each seed. Half of them are of columns, one in four of images, and one of texts."""
    return (OfColumns, OfImages, OfColumns, OfTexts)[seed % 4](seed).spec()


class OfColumns(DrawnTask):
    """A task of the rows of tables, or of files of arrays."""

    def spec(self) -> dict[str, Any]:
        raw = super().spec()
        skips, folder = self.skips()
        self.kinds, self.divided = ["csv", "jsonl", "parquet", "npz", "npy"], {}
        if self.one(False, False, True):
            # Other files than tables have no cells of which there are parts.
            self.kinds, self.divided = self.kinds[:3], {"parts": PARTED}
        elif self.one(False, False, True):
            self.kinds.remove("csv")
        self.shop = "yard" if self.divided else "shop"
        windows = self.windows() if self.chance() else None
        self.steps = 0 if windows is None else {"$small": self.small}.get(windows["context"], windows["context"])
        self.horizon = 0 if windows is None else windows["horizon"]
        self.scaled = self.one(True, False) if windows is None else self.one(True, False, "per_group")
        read = {"numbers": {"columns": [*NUMBERS], "standardize": self.scaled}}
        given = {"x": Given([*([self.steps] if windows else []), 4], read, [])}
        if self.chance():
            given["more"] = self.more()
        wanted = self.wanted()
        if windows is not None and "number" not in wanted.reader and "'price'" in str(windows):
            windows["gaps"] = {**windows["gaps"], "fill": {"a": 0}}
        raw["model"] = self.model(given, wanted)
        augment = self.one({}, {"augment": self.augment(given, wanted)})
        weights = self.one({}, {}, {"sample_weight": {"array": "weight"}}) if not augment and windows is None else {}
        raw["data"] = {
            "source": self.source(folder),
            "inputs": {name: one.reader for name, one in given.items()},
            "targets": {"y": wanted.reader},
            **self.held_out(windows is not None, wanted.reader),
            **({} if windows is None else {"windows": windows}),
            **skips,
            **augment,
            **weights,
            **self.one({}, {"sampling": {"balanced": self.one("kind", self.shop)}}),
            **self.one({}, {"seed": 3}),
        }
        raw["train"] = self.training(wanted, raw["data"])
        return raw

    def source(self, name: str) -> dict[str, Any]:
        """The source of rows with this name; rows are torn in tables of text alone."""
        kind = self.one(*(kind for kind in self.kinds if name != "torn" or kind in ("csv", "jsonl")))
        if kind == "npy":
            files = {column: f"{name}/{column}.npy" for column in NAMES_OF_COLUMNS}
            return {"npy": {"train": files, "axis": {WAVE: 1}}}
        return {kind: {"train": f"{name}.{kind}", **self.divided} if self.divided else f"{name}.{kind}"}

    def windows(self) -> dict[str, Any]:
        filled = ("end", {"fill": "previous", "limit": 1}, {"fill": {"price": 0}, "limit": "$small"})
        return {
            "context": self.one(2, "$small"),
            "horizon": self.one(1, 1, 2),
            "time": "day",
            "group_by": self.shop,
            **self.one({}, {"stride": 2}),
            **self.one(
                {"freq": "any"}, {}, *({"gaps": gaps, **freq} for gaps in filled for freq in ({}, {"freq": "1d"}))
            ),
        }

    def more(self) -> Given:
        """A second input, of any reader."""
        kinds, table = [*map(escaped, NAMES)], [{"embedding": {"input_dim": "${classes(more)}", "output_dim": 2}}]
        shop = {"column": self.shop, "classes": [*SHOPS]}
        if self.steps and self.one(False, False, True):
            static = {"span": "static"}
            return self.random.choice(
                (
                    Given([], {"category": shop, **static}, table, ids=True),
                    Given([3], {"one_hot": shop, **static}, ["tanh"]),
                )
            )
        words = {"column": "note", "length": 4}
        found = [
            Given([], {"category": {"column": "kind", "vocabulary": 3}}, table, ids=True),
            Given([], {"category": {"column": "kind", "cross": [self.shop], "hash": 7}}, table, ids=True),
            Given([2], {"category_columns": {"columns": {"kind": 3, self.shop: 4}}}, table, ids=True),
            Given([7], {"category_columns": {"columns": {self.shop: 4, "kind": 3}, "one_hot": True}}, []),
            Given([3], {"one_hot": {"column": "kind", "classes": kinds}}, []),
            Given([3], {"multi_label": {"column": "tags", "classes": kinds, "in_json": "values"}}, []),
            Given([2], {"multi_label": {"column": "tags", "classes": ["first", "second"], "in_json": "keys"}}, []),
            Given([3], {"multi_label": {"column": "marks", "classes": kinds, "in_json": {"field": "name"}}}, []),
            Given([2], {"array": {"column": "pair", "shape": [2], "separator": ","}}, []),
            Given([1], {"array": {"column": "a", "shape": [1], "above": 0}}, []),
            Given([], {"number": {"column": "hole", "missing": "mean", "standardize": self.scaled}}, []),
            Given([4], {"numbers": {"columns": ["hole", "d"], "missing": "median", "indicate": True}}, ["relu"]),
            Given([4], {"date": {"column": "day", "parts": ["month", "weekday"], "cyclic": True}}, []),
            Given([4], {"text": {**words, "vocabulary": 6, "tokenizer": "words"}}, table, ids=True),
            Given([4], {"text": {**words, "hash": 5, "tokenizer": "whitespace"}}, table, ids=True),
            Given([4], {"text": {**words, "tokenizer": "bytes"}}, table, ids=True),
        ]
        if self.divided:
            found += 3 * [Given([], {"number": {"column": "plot", "standardize": True}}, [])]
        if "csv" not in self.kinds:
            found += 3 * [Given([3], {"array": {"column": WAVE, "steps": [0, 3]}}, ["tanh"])]
        chosen = self.random.choice(found)
        if not self.steps:
            return chosen._replace(layers=chosen.layers if chosen.shape or chosen.ids else [{"reshape": [1]}])
        span, beside = self.one((self.steps, {}), (self.horizon, {"span": "horizon"}))
        return chosen._replace(shape=[span, *chosen.shape], reader={**chosen.reader, **beside})

    def wanted(self) -> Wanted:
        number = {"number": {"column": "price", "standardize": self.scaled}}
        names = self.one({"file": PATH}, [*map(escaped, NAMES)])
        category = {"category": {"column": "kind", "classes": names}}
        several = {"multi_label": {"column": "tags", "classes": [*map(escaped, NAMES)], "in_json": "values"}}
        above = {"array": {"column": "price", "above": 20}}
        squares, count = ("mean_squared_error", "mean_absolute_error"), len(NAMES)
        if not self.steps:
            return self.random.choice(
                (
                    Wanted(number, ["flatten", {"dense": 1}], *squares),
                    Wanted(category, ["flatten", {"dense": "${classes(y)}"}], "cross_entropy", "accuracy"),
                    Wanted(
                        several,
                        ["flatten", {"dense": {"units": count, "activation": "sigmoid"}}],
                        "binary_cross_entropy",
                        "accuracy",
                    ),
                    Wanted(above, ["flatten", {"dense": 1}, "sigmoid"], "binary_cross_entropy", "accuracy"),
                    Wanted({"same_as": "x"}, ["flatten", {"dense": 4}], *squares),
                )
            )
        size, beside = self.horizon, {}
        if self.horizon == 1 and self.chance():
            size, beside = self.steps, {"span": "next"}
        shaped = ["flatten", {"dense": size * count}, {"reshape": [size, count]}, "softmax"]
        copied = ["flatten", {"dense": 4 * self.steps}, {"reshape": [self.steps, 4]}]
        return self.random.choice(
            (
                Wanted({**number, **beside}, ["flatten", {"dense": size}], *squares),
                Wanted({**category, **beside}, shaped, "cross_entropy", "accuracy", mixes=False),
                Wanted({"same_as": "x"}, copied, *squares),
            )
        )

    def held_out(self, windows: bool, target: Any) -> dict[str, Any]:
        """Validation and test rows; where the target of a window is its context, all of the window is among them."""
        last = 5 if windows and {"same_as", "span"} & target.keys() else 3
        own, part = self.source("later"), {"where": {"column": "plot", "equals": 1}}
        cuts = ({"last": last}, {"after": {"column": "day", "value": "2026-01-18"}}, own, own)
        drawn = (0.2, 6, {"first": 2}, {"folds": {"count": 4, "fold": 2}}, {"fraction": 0.25, "stratify": "kind"})
        grouped = {"fraction": 0.4, "group_by": "day"}
        test = self.one({}, {}, {"test": self.one(self.source("later"), {"last": 5 if last == 5 else 2})})
        if windows:
            # There are not enough rows for both.
            return {"validation": own if last == 5 and "last" in test.get("test", {}) else self.one(*cuts), **test}
        return {"validation": self.one(*cuts, *drawn, grouped, *([part, part] if self.divided else [])), **test}

    def augment(self, given: dict[str, Given], wanted: Wanted) -> list[Any]:
        return self.mixtures(given, wanted, *self.one(("mixup",), ("mixup", "mixup")))
