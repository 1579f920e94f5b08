"""`modelc data RUN FILE`: how new rows differ from those that a run was trained on."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.commands import Ended, modelc
from tests.cli.conftest import Project, made_columns
from tests.cli.test_data import TABLE, rows, write
from tests.runtime.runs.sealing import change_sealed


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut to the width of a terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A folder with a table of 400 rows and a run of it."""
    folder = tmp_path_factory.mktemp("trained")
    write(folder, rows(400), TABLE.replace("{last: 20}", "{last: 80}"))
    ended = modelc("train", "table.yaml", "--run-dir", "run", cwd=folder)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def keep(folder: Path, table: dict[str, list[Any]], name: str = "new.csv") -> None:
    lines = [",".join(table), *(",".join(map(str, row)) for row in zip(*table.values(), strict=True))]
    (folder / name).write_text("\n".join(lines) + "\n")


def compared(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = modelc("data", "run", "new.csv", "--format", "json", *arguments, cwd=folder)
    assert ended.code == code, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_rows_like_those_of_training_do_not_drift(folder: Path) -> None:
    table = rows(500)
    keep(folder, {name: values[400:] for name, values in table.items()})
    found = compared(folder, "--max-drift", "0")
    assert (found["rows"], found["trained_rows"], found["drifted"], found["beyond"]) == (100, 320, [], [])
    assert list(found["columns"]) == ["rooms", "area", "kind", "price", "sold"] and found["not_read"] == ["zip"]
    ended = modelc("data", "run", "new.csv", "--max-drift", "0", cwd=folder)
    assert "no column that was compared differs by more than chance explains" in ended.out
    assert ended.out.endswith("no column has more drift than 0\n") and "warning" not in ended.out


def test_what_has_changed_is_said_of_each_column(folder: Path) -> None:
    table = rows(100)
    table["area"] = [value * 3 for value in table["area"]]
    table["rooms"][::4] = ["NA"] * 25
    table["kind"][:30] = ["castle"] * 30
    del table["price"], table["sold"]
    table["garden"] = ["yes"] * 100
    keep(folder, table)
    found = compared(folder)
    assert found["drifted"] == ["rooms", "area", "kind"]
    assert found["columns"]["rooms"]["missing"] == 0.25 and found["columns"]["rooms"]["missing_in_training"] == 0
    assert found["columns"]["kind"]["unseen"] == {"castle": 30}
    assert found["columns"]["area"]["outside"] == sum(value > max(rows(320)["area"]) for value in table["area"])
    assert (found["gone"], found["gone_targets"], found["not_read"]) == ([], ["price", "sold"], ["zip", "garden"])
    ended = modelc("data", "run", "new.csv", cwd=folder)
    assert ended.code == 0
    assert "`rooms` has 25 % missing values, in training 0 %" in ended.out
    assert "`kind` has 1 name that training did not have, in 30 rows: castle 30" in ended.out
    assert "values beyond the range of training" in ended.out


@pytest.mark.parametrize(("bound", "code"), [("0.01", 1), ("0.25", 1), ("50", 0)])
def test_a_bound_decides_the_exit_code(folder: Path, bound: str, code: int) -> None:
    table = rows(100)
    table["area"] = [value * 3 for value in table["area"]]
    keep(folder, table)
    found = compared(folder, "--max-drift", bound, code=code)
    assert found["beyond"] == (["area"] if code else [])
    ended = modelc("data", "run", "new.csv", "--max-drift", bound, cwd=folder)
    assert ended.code == code
    said = f"more drift than {float(bound):g}, gone, or of another type: `area`" if code else "no column has more drift"
    assert said in ended.out


def test_few_rows_are_beyond_no_bound_by_chance(folder: Path) -> None:
    for first in range(0, 400, 5):
        keep(folder, {name: values[first : first + 5] for name, values in rows(400).items()})
        assert compared(folder, "--max-drift", "0.1")["beyond"] == []
        if first == 50:
            break


def test_columns_that_are_gone_or_of_another_type_are_beyond_every_bound(folder: Path) -> None:
    table = rows(100)
    table["rooms"][7] = "many"
    del table["kind"]
    keep(folder, table)
    found = compared(folder, "--max-drift", "9", code=1)
    assert found["beyond"] == ["kind", "rooms"] and "'many'" in found["changed"]["rooms"]
    assert list(found["columns"]) == ["area", "price", "sold"]
    ended = modelc("data", "run", "new.csv", cwd=folder)
    assert "`kind` is not in the file, and the model reads it" in ended.out
    assert "`rooms` cannot be read as in training: " in ended.out and "line 9" in ended.out


def test_a_table_may_be_compared_in_another_form(folder: Path) -> None:
    columns = {name: np.array(values) for name, values in rows(100).items()}
    np.savez(folder / "new.npz", **columns)  # type: ignore[arg-type]  # savez types its flag as a keyword
    keep(folder, rows(100))
    csv = compared(folder)
    ended = modelc("data", "run", "new.npz", "--format", "json", cwd=folder)
    assert json.loads(ended.out)["columns"] == csv["columns"]


def test_places_of_rows_are_compared_and_shapes(project: Project, tmp_path: Path) -> None:
    columns = made_columns(50, 9)
    columns["x"][:, 2] += 4
    np.savez(tmp_path / "new.npz", **columns)  # type: ignore[arg-type]  # savez types its flag as a keyword
    ended = modelc("data", project.run, tmp_path / "new.npz", "--format", "json", cwd=project.folder)
    found = json.loads(ended.out)
    assert set(found["columns"]) == {"x[0]", "x[1]", "x[2]", "x[3]", "kind", "big", "size[0]", "size[1]"}
    assert found["drifted"] == ["x[2]"]
    columns["x"] = columns["x"][:, :3]
    np.savez(tmp_path / "new.npz", **columns)  # type: ignore[arg-type]  # savez types its flag as a keyword
    ended = modelc("data", project.run, tmp_path / "new.npz", "--max-drift", "9", cwd=project.folder)
    assert ended.code == 1 and "its rows have shape [3], in training [4]" in ended.out


def test_a_run_keeps_the_same_of_its_columns_from_the_cache_and_again(folder: Path) -> None:
    first = (folder / "run" / "column_profiles.json").read_bytes()
    assert len(first) < 4000
    for directory in ("second", "third"):
        assert modelc("train", "table.yaml", "--run-dir", directory, cwd=folder).code == 0
        assert (folder / directory / "column_profiles.json").read_bytes() == first
    assert modelc("reproduce", "run", "--out", "again", cwd=folder).code == 0
    assert (folder / "again" / "column_profiles.json").read_bytes() == first
    assert "ok  column_profiles.json" in modelc("verify", "run", cwd=folder).out


def without_profiles(run: Path) -> None:
    (run / "column_profiles.json").unlink()
    change_sealed(run / "run.json", lambda fields: fields["files"].pop("column_profiles.json"))


def test_a_run_that_has_kept_nothing_says_so(folder: Path) -> None:
    keep(folder, rows(10))
    without_profiles(folder / "run")
    ended = modelc("data", "run", "new.csv", cwd=folder)
    assert (ended.code, ended.out) == (4, "")
    assert "kept nothing of its columns to compare rows with" in ended.err and "train it again" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "`run` is a run, and no spec"),
        (["table.yaml", "--max-drift", "1"], "`--max-drift` compares the rows of a file"),
        (["run", "new.csv", "--rows", "3"], "`--rows` is for the data of a spec"),
        (["run", "new.csv", "--set", "train.epochs=3"], "`--set` is for the data of a spec"),
    ],
)
def test_options_that_would_do_nothing_are_refused(folder: Path, arguments: list[str], said: str) -> None:
    keep(folder, rows(10))
    ended: Ended = modelc("data", *arguments, cwd=folder)
    assert (ended.code, ended.out) == (2, "") and said in ended.err


def test_a_file_without_rows_or_without_the_columns_is_an_error(folder: Path) -> None:
    (folder / "new.csv").write_text("rooms,area,kind\n")
    assert modelc("data", "run", "new.csv", cwd=folder).code == 4
    assert "error[E405]" in modelc("data", "run", "none.csv", cwd=folder).err
    keep(folder, {"other": [1, 2, 3]})
    assert compared(folder, "--max-drift", "1", code=1)["gone"] == ["rooms", "area", "kind"]


def test_shares_of_names_are_of_the_rows_that_have_one_before_and_now(tmp_path: Path) -> None:
    lines = ["x,heating,y", *(f"{row},{('oil', 'gas', '')[row % 3]},{row % 2}" for row in range(120))]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "spec.yaml").write_text(
        "modelc: 1\n"
        "model: {inputs: {heating: {shape: [3]}}, layers: [{dense: {units: 1, activation: sigmoid}, name: y}]}\n"
        "data:\n"
        "  source: {csv: rows.csv}\n"
        "  inputs: {heating: {one_hot: {column: heating, vocabulary: 3, missing: unknown}}}\n"
        "train: {loss: binary_cross_entropy, optimizer: adam, epochs: 1}\n"
    )
    trained = modelc("train", "spec.yaml", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    ended = modelc("data", "run", "rows.csv", cwd=tmp_path)
    assert ended.code == 0 and "gas 50 %, oil 50 % -> gas 50 %, oil 50 %" in " ".join(ended.out.split())
