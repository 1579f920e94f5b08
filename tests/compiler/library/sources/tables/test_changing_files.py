"""Tables that change, or disappear, while they are read: what is read is one file as it was at one time, or there is an error."""

import os
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.tables import table_file
from modelc.compiler.library.sources.tables.column_arrays import ColumnArrays
from modelc.compiler.syntax.file_root import Root

OPENINGS = 12
"""More than a file is opened for one look at it."""


def write(path: Path, values: list[Any]) -> None:
    """A table of two columns, `x` with these values, in the kind of file that the path ends with."""
    if path.suffix == ".csv":
        path.write_text("x,y\n" + "".join(f"{value},{value}\n" for value in values))
    elif path.suffix == ".jsonl":
        path.write_text("".join(f'{{"x": {value}, "y": {value}}}\n' for value in values))
    elif path.suffix == ".npz":
        np.savez(path, x=np.array(values), y=np.array(values))
    else:
        path.unlink(missing_ok=True)
        with duckdb.connect() as connection:
            rows = ", ".join(f"({value}, {value})" for value in values)
            connection.execute(f"copy (select * from (values {rows}) t(x, y)) to '{path}'")


def replaced(path: Path) -> None:
    path.rename(path.with_name("before"))
    write(path, AFTER["replaced"])


BEFORE = [*range(50)]
AFTER: dict[str, list[Any]] = {
    "more rows": [*range(100, 160)],
    "fewer rows": [*range(100, 140)],
    "as many rows": [*range(100, 150)],
    "fractions": [value + 0.5 for value in range(50)],
    "replaced": [*range(100, 170)],
    "gone": [],
    "empty": [],
    "half": [],
}


def changed(path: Path, change: str) -> None:
    if change == "replaced":
        path.rename(path.with_name("before"))
    if change == "gone":
        path.unlink()
    elif AFTER[change]:
        write(path, AFTER[change])
    else:
        path.write_bytes(b"" if change == "empty" else path.read_bytes()[: path.stat().st_size // 2])


class Opening:
    """Opens files as `Root.open` does; before it does so for the `nth` time, the file changes."""

    def __init__(self, path: Path, change: str, nth: int) -> None:
        self.path, self.change, self.nth, self.count = path, change, nth, 0
        self.opened = Root.open

    def __call__(self, root: Root, name: str) -> BinaryIO:
        if self.count == self.nth:
            changed(self.path, self.change)
        self.count += 1
        return self.opened(root, name)


@pytest.mark.parametrize("change", AFTER)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "npz"])
def test_a_file_that_changes_between_two_looks_is_never_read_as_both(
    tmp_path: Path, kind: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, found = tmp_path / f"rows.{kind}", []
    for nth in range(OPENINGS):
        write(path, BEFORE)
        os.utime(path, ns=(10**18, 10**18))
        table_file.kept.clear()
        opening = Opening(path, change, nth)
        with monkeypatch.context() as patched:
            patched.setattr(Root, "open", lambda root, name, opening=opening: opening(root, name))
            values, code = read(kind, tmp_path)
        assert values in (None, {tuple(BEFORE)}, {tuple(AFTER[change])}), nth
        found.append(code)
    assert found[-1] == "read" and opening.count <= nth and {*found} <= {"read", "E404", "E405"}, found


def read(kind: str, folder: Path) -> tuple[set[tuple[Any, ...]] | None, str]:
    """The values of each column, or the code of an error."""
    try:
        loaded = SOURCES.build({kind: f"rows.{kind}"}).load(Root(folder, folder / "cache")).train
    except RunError as error:
        return None, error.code
    return {tuple(column.tolist()) for column in loaded.values()}, "read"


@pytest.mark.parametrize("parts", [[3], [1, 1], [2, 2], []])
def test_arrays_that_are_not_filled_by_as_many_rows_as_there_were_are_an_error(parts: list[int]) -> None:
    arrays = ColumnArrays(3, TensorType((), "int64"))
    if sum(parts) == 3:
        arrays.add(np.arange(3))
        assert arrays.whole().tolist() == [0, 1, 2]
        return
    with pytest.raises(RunError, match="changed while it was read, or is damaged") as caught:
        filled(arrays, parts)
    assert caught.value.code == "E405"


def filled(arrays: ColumnArrays, parts: list[int]) -> np.ndarray:
    for part in parts:
        arrays.add(np.arange(part))
    return arrays.whole()
