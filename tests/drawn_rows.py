"""Writes the rows that drawn tasks are trained on: tables and arrays, images with labels, and texts; `whole` ones, `torn` ones of which some
cannot be read, and `later` ones.
"""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from PIL import Image

from modelc.compiler.syntax.file_root import Root
from tests.drawn_specs import NAMES, PATH

NUMBERS = ("a", "b", "c", "d")
SHOPS = {"north": 24, "south": 20, "west": 6}
"""The series, and how many days each has; in the last few windows fit, if any."""
GONE = {("north", 4), ("north", 9), ("north", 10), ("south", 8)}
"""Days that series do not have."""
FOLDERS = ("cat", "dog")
PARTED = {"place": "{yard}#{plot}"}
"""What the column `place` of tables is divided into."""
WAVE = "wave"
"""A column of lists, which csv files do not have; in files of arrays its second axis counts the rows."""
WORDS = ("rain", "sun", "wind", "Snow", "fog")


def rows(shift: int) -> list[dict[str, Any]]:
    """The rows of all days of all shops, from a day on."""
    draw = np.random.default_rng(shift)

    def numbers(count: int) -> list[float]:
        return [int(number) / 4 for number in draw.integers(-8, 9, count)]

    def kind() -> str:
        return NAMES[int(draw.integers(len(NAMES)))]

    return [
        {
            "shop": shop,
            "day": str(date(2026, 1, 1) + timedelta(day + shift)),
            **dict(zip(NUMBERS, numbers(len(NUMBERS)), strict=True)),
            "price": int(draw.integers(10, 90)) / 2,
            "weight": int(draw.integers(1, 9)) / 4,
            "kind": kind(),
            "hole": None if day % 5 == 2 else numbers(1)[0],
            "pair": str(numbers(2)),
            "tags": json.dumps({"first": kind(), "second": kind()} if day % 3 else {"first": kind()}),
            "marks": json.dumps([{"id": day, "name": kind()} for _ in range(day % 3)]),
            "note": " ".join(draw.choice(WORDS, draw.integers(3, 8))),
            "place": f"{shop}#{day % 3}",
            WAVE: numbers(5),
        }
        for shop, days in SHOPS.items()
        for day in range(days)
        if (shop, day) not in GONE
    ]


NAMES_OF_COLUMNS = tuple(rows(0)[0])


def write_rows(folder: Path) -> Root:
    """The files of each kind."""
    (folder / PATH).write_text("\n".join(NAMES), encoding="utf-8")
    for name, shift in (("whole", 0), ("torn", 0), ("later", 100)):
        (folder / name).mkdir()
        write_tables(folder, name, rows(shift))
        write_images(folder, name, shift)
        write_texts(folder, name, shift)
    return Root(folder, folder)


def write_tables(folder: Path, name: str, table: list[dict[str, Any]]) -> None:
    """`table` in a file of each kind; of a `torn` one, two rows cannot be read, and in JSON lines a line is none."""
    arrays: dict[str, Any] = {
        key: np.array([row[key] for row in table], float if key == "hole" else None) for key in table[0]
    }
    np.savez(folder / f"{name}.npz", **arrays)
    for key, array in arrays.items():
        np.save(folder / name / f"{key}.npy", array.T if key == WAVE else array)
    lines = [json.dumps(row) for row in table]
    write_parquet(folder / f"{name}.parquet", lines, table[0])
    if name == "torn":
        table[3]["a"], table[17]["price"] = "?", None
        lines = [json.dumps(row) for row in table]
        lines.insert(9, "[1, 2]")
    (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    write_csv(folder / f"{name}.csv", [{key: row[key] for key in row if key != WAVE} for row in table])


def write_csv(path: Path, table: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*table[0]])
        writer.writeheader()
        writer.writerows(table)


def write_parquet(path: Path, lines: list[str], first: dict[str, Any]) -> None:
    """The rows in `lines` of JSON, whose columns are as those of the `first`: texts stay texts."""
    types = {str: "VARCHAR", float: "DOUBLE", list: "DOUBLE[]"}
    columns = {key: "DOUBLE" if value is None else types[type(value)] for key, value in first.items()}
    made = path.with_suffix(".lines")
    made.write_text("\n".join(lines), encoding="utf-8")
    read = f"read_json('{made}', format='newline_delimited', columns={columns})"
    duckdb.execute(f"copy (select * from {read}) to '{path}' (format parquet)")


def write_images(folder: Path, name: str, shift: int) -> None:
    """Photos in a folder for each class, the labels of their pixels, and a table that names them; of `torn` ones, one is no image."""
    draw, table = np.random.default_rng(shift + 1), []
    for kind in FOLDERS:
        for part in ("photos", "masks"):
            (folder / name / part / kind).mkdir(parents=True)
        for number in range(11):
            photo = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            Image.fromarray(photo).save(folder / name / "photos" / kind / f"{number}.png")
            mask = draw.choice(np.array([0, 1, 2, 255], np.uint8), (6, 8))
            Image.fromarray(mask).save(folder / name / "masks" / kind / f"{number}.png")
            table.append({"cell": f"{kind}/{number}#{number % 4}", "size": number / 2})
    if name == "torn":
        (folder / name / "photos" / "cat" / "3.png").write_bytes(b"no image")
    write_csv(folder / name / "photos.csv", table)
    (folder / name / "photos.jsonl").write_text("\n".join(map(json.dumps, table)), encoding="utf-8")


def write_texts(folder: Path, name: str, shift: int) -> None:
    """Texts in a folder for each class, and two books; of `torn` texts, one is none."""
    draw = np.random.default_rng(shift + 2)
    for kind in FOLDERS:
        (folder / name / "texts" / kind).mkdir(parents=True)
        for number in range(11):
            text = " ".join(draw.choice(WORDS, 5))
            (folder / name / "texts" / kind / f"{number}.txt").write_text(text, encoding="utf-8")
    if name == "torn":
        (folder / name / "texts" / "dog" / "4.txt").write_bytes(b"\xff\xfe\xff")
    (folder / name / "books").mkdir()
    for number in range(2):
        text = " ".join(draw.choice(WORDS, 14))
        (folder / name / "books" / f"{number}.txt").write_text(text, encoding="utf-8")
