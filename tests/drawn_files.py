"""Draws tasks whose rows are files: photos with their classes or the labels of their pixels, and texts."""

from typing import Any

from tests.drawn_rows import FOLDERS
from tests.drawn_specs import NAMES
from tests.drawn_training import DrawnTask, Given, Wanted, escaped


class OfImages(DrawnTask):
    """A task of photos, and of their classes, a number, or the labels of their pixels."""

    SIZE = (4, 6)

    def spec(self) -> dict[str, Any]:
        raw = super().spec()
        skips, folder = self.skips()
        self.way = self.one("files", "patterns", "table", "table")
        channels, column = self.one(1, 3, 3, 4), "file" if self.way == "files" else "photo"
        sizes = {"resize": self.one("stretch", "crop", "pad")}
        scaled = self.chance()
        read = {"image": {"column": column, **sizes, **({"scale": "1/255"} if scaled else {})}}
        front = [
            *([] if scaled else [{"rescaling": "1/255"}]),
            {"conv2d": {"filters": 4, "kernel_size": 3, "padding": "same"}},
        ]
        given = {"photo": Given([*self.SIZE, channels], read, front)}
        wanted = self.wanted(sizes)
        raw["model"] = self.model(given, wanted)
        raw["data"] = {
            "source": self.source(folder),
            "inputs": {"photo": read},
            "targets": {"y": wanted.reader},
            "validation": self.one(
                self.source("later"), 0.25, 6, {"last": 7}, {"fraction": 0.25, "stratify": "folder"}
            ),
            **skips,
            **self.one({}, *3 * [{"augment": self.augment(given, wanted, channels)}]),
            **self.one({}, {"sampling": {"balanced": "folder"}}),
        }
        raw["train"] = self.training(wanted, raw["data"])
        return raw

    def source(self, name: str) -> dict[str, Any]:
        photos, masks = (f"{name}/{part}/*/*.png" for part in ("photos", "masks"))
        if self.way == "files":
            return {"files": photos}
        if self.way == "patterns":
            return {"files": {"patterns": {"photo": photos, "mask": masks}}}
        kind, at = self.one("csv", "jsonl"), "{folder}/{file}.png"
        paths = {"photo": f"{name}/photos/{at}", "mask": f"{name}/masks/{at}"}
        parts = {"cell": "{folder}/{file}#{number}"}
        return {kind: {"train": f"{name}/photos.{kind}", "parts": parts, "paths": paths}}

    def wanted(self, sizes: dict[str, str]) -> Wanted:
        labels = {"label_image": {"column": "mask", "size": [*self.SIZE], **sizes, "classes": 3, "ignore": 255}}
        ways = [
            Wanted(
                {"category": {"column": "folder", "classes": [*FOLDERS]}},
                ["flatten", {"dense": "${classes(y)}"}],
                "cross_entropy",
                "accuracy",
            )
        ]
        if self.way != "files":
            ways += 2 * [
                Wanted(labels, [{"dense": "${classes(y)}"}, "softmax"], "cross_entropy", "mean_iou", mixes=False)
            ]
        if self.way == "table":
            number = {"number": self.one("number", "size")}
            ways += [Wanted(number, ["flatten", {"dense": 1}], "mean_squared_error", "mean_absolute_error")]
        return self.random.choice(ways)

    def augment(self, given: dict[str, Given], wanted: Wanted, channels: int) -> list[Any]:
        """What moves pixels, with their labels, what changes their colours, and mixtures."""
        of = {"of": ["photo", "y"]} if "label_image" in wanted.reader else self.one({}, {"of": "photo"})
        fill = {"fill_mode": self.one("constant", "reflect", "nearest", "wrap")}
        moves = (
            {"random_flip": self.one("horizontal", "vertical")},
            {"random_rotation": {"factor": 0.1, **fill}},
            {"random_translation": {"height_factor": 0.2, "width_factor": 0.2, **fill}},
            {"random_zoom": {"height_factor": 0.2, **fill}},
            {"random_shear": {"x_factor": 0.2, **fill}},
        )
        values = {"value_range": [0, 1] if "scale" in given["photo"].reader["image"] else [0, 255]}
        names: tuple[str, ...] = (
            "random_brightness",
            "random_contrast",
            "random_sharpness",
            "random_invert",
            "random_erasing",
        )
        names += ("random_hue", "random_saturation") if channels == 3 else ()
        colours = [{name: {"factor": 0.2, **values}} for name in names]
        ways = [[{**move, **of} for move in self.random.sample(moves, self.one(1, 2))]]
        ways += [[self.one(*colours)], self.mixtures(given, wanted, self.one("mixup", "cutmix"))]
        return [change for way in self.random.sample(ways, self.one(1, 2, 3)) for change in way]


class OfTexts(DrawnTask):
    """A task of texts: of their classes, of what follows, or of what is hidden in them."""

    def spec(self) -> dict[str, Any]:
        raw = super().spec()
        skips, folder = self.skips()
        self.way = self.one("tokens", "tokens", "notes", "files")
        windows = None
        self.kinds = ("jsonl", "csv") if folder == "torn" else ("csv", "jsonl", "parquet", "npz")
        if self.way == "tokens":
            windows = {
                "context": self.one(3, 4),
                "horizon": 1,
                "stride": self.one(1, 2),
                **self.one({}, {"group_by": "file"}),
            }
            read, length = {"category": {"column": "token", "vocabulary": 12}}, windows["context"]
            self.tokenizer = self.one({}, {"lowercase": True}, {"tokenizer": "words"}, {"tokenizer": "whitespace"})
        else:
            name, column = ("text", "note") if self.way == "notes" else ("text_file", "file")
            length = self.one(5, 6)
            words = self.one({}, {"tokenizer": "characters"}, {"tokenizer": "whitespace", "lowercase": False})
            read = {name: {"column": column, "length": length, "vocabulary": 8, **words}}
        table = {"input_dim": "${classes(text)}", "output_dim": 4, **self.one({}, {"mask_zero": True})}
        given = {"text": Given([length], read, [{"embedding": table}], ids=True)}
        wanted = self.wanted(read, length)
        raw["model"] = self.model(given, wanted)
        drawn = (0.25, {"rows": 6}) if windows is None else ({"last": 8},)
        grouped = {"tokens": "file", "notes": "kind", "files": "folder"}[self.way]
        raw["data"] = {
            "source": self.source(folder),
            "inputs": {"text": read},
            "targets": {"y": wanted.reader},
            "validation": self.one(self.source("later"), {"last": 8}, *drawn),
            **({} if windows is None else {"windows": windows}),
            **({} if self.way == "tokens" else skips),
            **self.one({}, {"sampling": {"balanced": grouped}}),
        }
        if "same_as" in wanted.reader:
            hidden = {"mask": 1, "rate": 0.5, **self.one({}, {"kept": 0, "replaced": 0}, {"never": [0, 2]})}
            raw["data"]["augment"] = [{"mask_tokens": hidden, "of": self.one(["text", "y"], ["y", "text"])}]
        raw["train"] = self.training(wanted, raw["data"])
        return raw

    def source(self, name: str) -> dict[str, Any]:
        if self.way == "files":
            return {"files": f"{name}/texts/*/*.txt"}
        if self.way == "notes":
            kind = self.one(*self.kinds)
            return {kind: f"{name}.{kind}"}
        books = self.one(f"{name}/books/*.txt", [f"{name}/books/1.txt", f"{name}/books/0.txt"])
        return {"tokens": {"train": books, **self.tokenizer}}

    def wanted(self, read: Any, length: int) -> Wanted:
        each = [{"dense": "${classes(text)}"}, "softmax"]
        copied = Wanted({"same_as": "text"}, each, "cross_entropy", "accuracy")
        if self.way == "tokens":
            following = [{"dense": "${classes(y)}"}, {"reshape": [1, "${classes(y)}"]}]
            return self.random.choice(
                (
                    copied,
                    Wanted({**read, "span": "next"}, each, "cross_entropy", "accuracy"),
                    Wanted(read, ["flatten", *following], "cross_entropy", "accuracy"),
                )
            )
        column, names = ("kind", [*map(escaped, NAMES)]) if self.way == "notes" else ("folder", [*FOLDERS])
        classes = {"category": {"column": column, "classes": names}}
        return self.random.choice(
            (copied, copied, Wanted(classes, ["flatten", {"dense": len(names)}], "cross_entropy", "accuracy"))
        )
