"""Damaged files of rows: what is read is what another reader reads, all of it, and anything else is an error with a code that names
the file, and the line where there are lines.
"""

import csv
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.data_check import check_data
from tests.attacks.damaged_files import MAKERS, NAMES, damaged_files

SPEC = """\
modelc: 1
model:
  inputs: {n: {shape: [1]}, t: {shape: [], dtype: int32}}
  nodes:
    e: {from: t, embedding: {input_dim: 9, output_dim: 2}}
    x: {from: [n, e], layers: [concatenate, dense: 1]}
  outputs: [x]
data:
  source: {KIND: rows.KIND}
  inputs: {n: {number: {column: n, missing: mean}}, t: {category: {column: t, vocabulary: 9, missing: unknown}}}
  targets: {x: {number: {column: x, missing: mean}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
PLACES = {
    "csv": r"line \d|in its first row|'[^']*' is empty|header of|first line|only a header|has no rows|`types` names|no delimiter|UTF-16|is packed",
    "jsonl": r"line \d|has no rows|JSON of several lines|is packed",
}
"""What is said of the place of a fault in files that have lines."""
CODES = {"E401", "E402", "E403", "E404", "E405", "E502"}


def of_csv(content: bytes) -> list[list[str]] | None:
    """The rows of a csv file below its header as the standard library reads them; None where they are not all of one width."""
    try:
        text = content.decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (csv.Error, UnicodeDecodeError):
        return None
    return rows if rows and {len(row) for row in rows} == {len(rows[0])} else None


def of_jsonl(content: bytes) -> list[dict[str, Any]] | None:
    """The objects of a file of JSON lines; None where one is none."""
    try:
        rows = [json.loads(line) for line in content.decode("utf-8-sig").split("\n") if line.strip(" \t\r\n")]
    except (ValueError, RecursionError):
        return None
    return rows if all(isinstance(row, dict) for row in rows) else None


def of_parquet(path: Path) -> dict[str, list[Any]] | None:
    """The columns of a Parquet file as the engine alone reads them, row after row; None where it does not."""
    with duckdb.connect() as connection:
        try:
            found = connection.execute(f"from read_parquet('{path}')")
            names = [column[0] for column in found.description or ()]
            rows = found.fetchall()
        except (duckdb.Error, UnicodeDecodeError):
            return None
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def of_npz(path: Path, names: Iterable[str]) -> dict[str, list[Any]] | None:
    """The arrays with these names as numpy reads them; None where it does not."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name].tolist() for name in names}
    except (OSError, ValueError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None


def difference(kind: str, path: Path, read: dict[str, Any]) -> str:
    """What `read` has otherwise than another reader of the file at `path`; empty where both have the same."""
    columns = {name: column.tolist() for name, column in read.items()}
    if kind == "csv":
        rows = of_csv(path.read_bytes())
        wanted = None if rows is None else dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))
    elif kind == "jsonl":
        objects = of_jsonl(path.read_bytes())
        wanted = None if objects is None else {name: [row.get(name) for row in objects] for name in columns}
    else:
        wanted = of_parquet(path) if kind == "parquet" else of_npz(path, read)
    if wanted is None:
        return "the other reader refuses it"
    # As texts, among which NaN is NaN.
    return next((f"{name}: {wanted[name]}" for name in columns if repr(columns[name]) != repr(wanted[name])), "")


def loaded(source: Source, root: Root) -> tuple[dict[str, Any], RunError | None]:
    """The columns that a source has, or the error with which it refuses its file."""
    try:
        return dict(source.load(root).train), None
    except RunError as error:
        return {}, error


def arguments(kind: str) -> dict[str, Any]:
    """How the source reads everything as it stands."""
    if kind == "csv":
        return {"delimiter": ",", "missing_values": [], "types": dict.fromkeys(NAMES, "text")}
    return {}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_file_is_read_as_others_read_it_or_refused(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root, path = Root(tmp_path, tmp_path / "cache"), tmp_path / f"rows.{kind}"
    source = SOURCES.build({kind: {"train": path.name, **arguments(kind)}})
    task = check(SPEC.replace("KIND", kind), "spec.yaml").task
    assert task is not None
    seen: Counter[str] = Counter()
    for number, (damage, content, _) in enumerate(
        damaged_files(kind, request.config.getoption("--damaged-files"), tmp_path)
    ):
        path.write_bytes(content)
        read, error = loaded(source, root)
        if error is not None:
            seen[f"refused with {error.code}"] += 1
            said = "\n".join((error.message, *error.notes, *error.helps))
            assert error.code in CODES and (path.name in said or error.code == "E401"), (number, damage, said)
            assert kind not in PLACES or re.search(PLACES[kind], said), (number, damage, said)
        else:
            seen["read"] += 1
            wrong = difference(kind, path, read)
            assert not wrong, (number, damage, wrong)
        for problem in check_data(task, root) if number % 5 == 0 else ():
            assert not problem.is_error or problem.code in CODES, (number, damage, problem)
    print(f"{kind}: {dict(seen)}")
    assert seen["read"] and seen["refused with E405"]
