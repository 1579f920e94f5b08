"""What `modelc init --from` cannot make a spec of is said with a code, and what to do; nothing is written then."""

from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.made_tables import write_csv

ROWS = [[f"{k}.5", k * k, f"name {k}", "a"] for k in range(30)]
HEADER = ["x", "area", "name", "same"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "rows.csv", HEADER, ROWS)
    write_csv(tmp_path / "gap.csv", HEADER, [*ROWS, ["1.5", "", "", "a"]])
    write_csv(tmp_path / "header.csv", HEADER, [])
    write_csv(tmp_path / "twice.csv", ["x", "y", "y"], [[1, 2, 3]])
    write_csv(tmp_path / "unnamed.csv", ["x", "", "y"], [[1, 2, 3]])
    write_csv(tmp_path / "ragged.csv", ["x", "y"], [[1, 2], [1, 2, 3]])
    write_csv(tmp_path / "few.csv", ["x", "y"], [[1, 2], [2, 3], [4, 5]])
    write_csv(tmp_path / "ids.csv", ["id", "name", "y"], [[k, f"n{k}", k % 7 / 3] for k in range(30)])
    (tmp_path / "empty.csv").touch()
    (tmp_path / "rows.xlsx").write_bytes(b"PK")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "target", "said", "help"),
    [
        ("rows.csv", "aera", "[E401]: `rows.csv` has no column `aera`", "did you mean `--target area`?"),
        ("gap.csv", "area", "[E402]: the target `area` has no value in 1 row of 31, the first in line 32", "remove these rows"),
        ("rows.csv", "same", "[E403]: the target `same` is `a` in all rows", "choose another column"),
        ("rows.csv", "name", "[E403]: the target `name` is a text with 30 different values in 30 rows", "group its values"),
        ("header.csv", "area", "[E404]: 'header.csv' has no rows, only a header", "add rows"),
        ("few.csv", "y", "[E404]: `few.csv` has 3 rows", "at least 10"),
        ("ids.csv", "y", "[E404]: `ids.csv` has no column to predict `y` from", "add columns"),
        ("twice.csv", "y", "[E405]: the header of 'twice.csv' names y twice", "a name of its own"),
        ("unnamed.csv", "y", "[E405]: the header of 'unnamed.csv' has no name for column 2", "name it in the first line"),
        ("ragged.csv", "y", "[E405]: 1 row of 'ragged.csv' is not of 2 fields", "line 3 has 3 fields"),
        ("empty.csv", "y", "[E405]: 'empty.csv' is empty", "a line of column names"),
        ("rows.xlsx", "y", "[E405]: `rows.xlsx` is no table", "`.csv`, `.parquet` or `.jsonl`"),
        ("cut.parquet", "y", "[E405]: ", "cut.parquet"),
        ("none.csv", "y", "[E405]: there is no file `none.csv`", ""),
    ],
)  # fmt: skip
def test_data_that_cannot_be_learnt(file: str, target: str, said: str, help: str, folder: Path) -> None:
    before = {*folder.iterdir()}
    ended = modelc("init", "--from", file, "--target", target, cwd=folder)
    assert ended.code == 4 and ended.out == ""
    assert ended.err.startswith(f"error{said}"), ended.err
    assert help in ended.err
    assert {*folder.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "rows.csv"), "`--target COLUMN`"),
        (("--target", "area"), "`--from FILE --target area`"),
        (("digits", "--from", "rows.csv", "--target", "area"), "use only one of them"),
        (("--from", "rows.csv", "--target", "area", "-o", "spec.json"), "use a name that ends in `.yaml`"),
        (("--from", "rows.csv", "--target", "area", "-o", "sub/spec.yaml"), "`rows.csv` is not below the folder of"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(arguments: tuple[str, ...], said: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    before = {*folder.rglob("*")}
    ended = modelc("init", *arguments, cwd=folder)
    assert ended.code == 2 and said in ended.err, ended.err
    assert {*folder.rglob("*")} == before


def test_nothing_is_ever_written_over(folder: Path) -> None:
    (folder / "rows.yaml").write_text("mine")
    ended = modelc("init", "--from", "rows.csv", "--target", "area", cwd=folder)
    assert ended.code == 2 and "`rows.yaml` already exists" in ended.err
    assert (folder / "rows.yaml").read_text() == "mine"


def test_the_spec_of_a_file_elsewhere_goes_beside_it(folder: Path) -> None:
    (folder / "sub").mkdir()
    ended = modelc("init", "--from", "../rows.csv", "--target", "area", cwd=folder / "sub")
    assert ended.code == 0 and ended.out.startswith("wrote ../rows.yaml\n")
    below = modelc("init", "--from", "sub/../gap.csv", "--target", "x", cwd=folder)
    assert below.out.startswith("wrote gap.yaml\n")


def test_letters_of_another_encoding_are_read_as_such(tmp_path: Path) -> None:
    rows = "".join(f"{k}.5,{('grün', 'weiß')[k % 2]}\n" for k in range(40))
    (tmp_path / "rows.csv").write_bytes(f"größe,farbe\n{rows}".encode("cp1252"))
    assert modelc("init", "--from", "rows.csv", "--target", "farbe", cwd=tmp_path).code == 0
    text = (tmp_path / "rows.yaml").read_text(encoding="utf-8")
    assert "encoding: cp1252" in text and '["grün", "weiß"]' in text
    assert modelc("validate", "--data", "rows.yaml", cwd=tmp_path).code == 0
