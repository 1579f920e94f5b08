"""Tables of the same rows in files of each kind, and a spec that reads them, for tests of what is made of rows."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from modelc.compiler.syntax.file_root import Root

KINDS = ("csv", "parquet", "jsonl")


def columns(rows: int = 40, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Two columns of numbers, one of names, one of integers to predict."""
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=(2, rows)).round(4)
    names = np.array(["red", "green", "blue"])[generator.integers(3, size=rows)]
    return {"a": a, "b": b, "name": names, "y": (a > b).astype(np.int64)}


def write_table(folder: Path, kind: str, made: Mapping[str, np.ndarray[Any, Any]], *, settled: bool = True) -> Path:
    """`rows.csv`, `rows.parquet` or `rows.jsonl`; written some time ago if it is to be `settled`."""
    path = folder / f"rows.{kind}"
    rows = [dict(zip(made, row, strict=True)) for row in zip(*(array.tolist() for array in made.values()), strict=True)]
    if kind == "csv":
        lines = [",".join(made), *(",".join(map(str, row.values())) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        if kind == "parquet":
            packed = folder / "packed"
            duckdb.execute(
                f"copy (select * from read_json('{path}', format='newline_delimited')) to '{packed}' (format parquet)"
            )
            packed.replace(path)
    if settled:
        settle(path)
    return path


def settle(path: Path) -> None:
    """Let the file have been written a minute ago."""
    ago = time.time_ns() - 60 * 10**9
    os.utime(path, ns=(ago, ago))


def table_spec(kind: str = "csv", *, data: Mapping[str, Any] | None = None, **train: Any) -> dict[str, Any]:
    """A classifier of the rows of `write_table`; keys of `data` and `train` replace the usual ones."""
    layers = [{"dense": 8}, "relu", {"dense": {"units": 2, "activation": "softmax"}, "name": "y"}]
    settings = {"loss": "cross_entropy", "optimizer": {"sgd": 0.1}, "batch_size": 8, "epochs": 2, **train}
    source = {
        "source": {kind: f"rows.{kind}"},
        "inputs": {"x": {"numbers": {"columns": ["a", "b"], "standardize": True}}},
        "targets": {"y": {"category": {"column": "y", "classes": 2}}},
        "validation": 0.25,
        **(data or {}),
    }
    model = {"inputs": {"x": {"shape": [2]}}, "layers": layers}
    return {"modelc": 1, "name": "table", "model": model, "data": source, "train": settings}


def root_of(folder: Path) -> Root:
    """The root of a spec in `folder`, with a cache of its own."""
    return Root(folder, folder / "cache")
