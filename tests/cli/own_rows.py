"""Houses to train on and houses that validate, in files of their own, and what is made of them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.cli.commands import Ended, modelc
from tests.cli.test_tables import keep

SPEC = """\
modelc: 1
name: houses
model:
  inputs: {size: {shape: [4]}, place: {shape: [3]}}
  nodes: {price: {from: [size, place], layers: [concatenate, dense: 8, relu, dropout: 0.2, dense: 1]}}
  outputs: [price]
data:
  source: SOURCE
  inputs:
    size: {numbers: {columns: [rooms, area], missing: median, indicate: true, standardize: true}}
    place: {one_hot: {column: place, vocabulary: 3}}
  targets: {price: {number: {column: price, standardize: true}}}
  validation: VALIDATION
train: {loss: mean_squared_error, metrics: [r2], optimizer: {adam: 0.01}, epochs: 3, batch_size: 16}
"""
Made = tuple[list[bytes], list[dict[str, Any]]]
"""Weights, and the values of each epoch."""
KINDS = ("csv", "jsonl", "npz", "parquet")


def houses(count: int, seed: int, part: str) -> list[dict[str, Any]]:
    """Houses; those of another part are larger, and in a place that the first has none in."""
    draw = np.random.default_rng(seed)
    there = ["lake", "town"] if part == "seen" else ["lake", "hill"]
    return [
        {
            "rooms": int(draw.integers(1, 9)) + (part != "seen") * 20,
            "area": float(draw.integers(200, 2_000)) / 8,
            "place": there[int(draw.integers(2))],
            "price": float(draw.integers(1_000, 9_000)) / 4,
            "part": part,
        }
        for _ in range(count)
    ]


def write_houses(folder: Path) -> Path:
    """The rows in a file of each kind: those to train on, those that validate, and all, the latter in between."""
    seen, held = houses(60, 0, "seen"), houses(25, 1, "held")
    keep(folder, seen, "seen")
    keep(folder, held, "held")
    keep(folder, [*seen[:20], *held[:5], *seen[20:], *held[5:]], "all")
    return folder


def spec(source: str = "{csv: seen.csv}", validation: str = "{csv: held.csv}", **changes: str) -> str:
    text = SPEC.replace("SOURCE", source).replace("VALIDATION", validation)
    for before, after in changes.items():
        text = text.replace(f"{before}:", after)
    return text


def train(folder: Path, text: str, run: str, *arguments: str) -> Ended:
    (folder / f"{run}.yaml").write_text(text)
    ended = modelc("train", f"{run}.yaml", "--run-dir", run, *arguments, cwd=folder)
    assert ended.code == 0, ended.err
    return ended


def made(run: Path) -> Made:
    """The weights, the best and the last, and the log without its times."""
    weights = [path.read_bytes() for path in sorted(run.glob("weights/*/*.safetensors"))]
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return weights, [{key: value for key, value in line.items() if "/" in key} for line in lines]


def made_of_one_file(folder: Path) -> Made:
    """What is made of the same rows in one file."""
    train(write_houses(folder), spec("{csv: all.csv}", "{where: {column: part, equals: held}}"), "run")
    return made(folder / "run")
