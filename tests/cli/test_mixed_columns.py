"""Columns of which a few values are others than the rest: the error about the column names these, by line, in each command."""

from pathlib import Path

import pytest

from modelc.compiler.library.sources.tables import csv as csv_source
from tests.cli.commands import modelc

SPEC = """\
modelc: 1
model:
  inputs: {x: INPUT}
  nodes: {y: {from: x, layers: LAYERS}}
  outputs: [y]
data:
  source: {csv: rows.csv}
  inputs: {x: {READER}}
  targets: {y: {array: {column: y, shape: [1]}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
NUMBER = ("{shape: [1]}", "[dense: 1]")
ID = ("{shape: [], dtype: int32}", "[embedding: {input_dim: 9, output_dim: 2}, flatten, dense: 1]")
CASES = {
    "an integer with a fraction": (ID, "array: {column: x}", ["1"] * 20 + ["1.5"], "E402", "all of its values are integers but 1: in 'rows.csv' '1.5' in line 23"),
    "a label with a fraction": (ID, "category: {column: x, classes: 9}", ["1"] * 20 + ["1.5"], "E402", "all of its values are integers but 1: in 'rows.csv' '1.5' in line 23"),
    "a label that is missing": (ID, "category: {column: x, classes: 9}", ["1"] * 20 + ["NA"], "E403", "all of its values are numbers but 1: in 'rows.csv' 'NA' in line 23"),
    "a number that is none": (NUMBER, "array: {column: x, shape: [1]}", ["1.5"] * 20 + ["1,5"], "E402", "all of its values are numbers but 1: in 'rows.csv' '1,5' in line 23"),
    "some that are none": (NUMBER, "array: {column: x, shape: [1]}", ["1", "2", "", "$3", "€4"], "E402", "2 of its 4 values are no numbers: in 'rows.csv' '$3' in line 6, '€4' in line 7"),
    "several numbers": (NUMBER, "numbers: {columns: [x]}", ["1", "2", "n/a", "4"], "E402", "1 of its 4 values are no numbers: in 'rows.csv' 'n/a' in line 5"),
}  # fmt: skip


def made(folder: Path, case: str) -> tuple[str, str]:
    """The code and the words of the error about a spec and its table, whose second line is empty."""
    (input, layers), reader, values, code, words = CASES[case]
    spec = SPEC.replace("INPUT", input).replace("LAYERS", layers).replace("READER", reader)
    (folder / "s.yaml").write_text(spec)
    quoted = [f'"{value}"' if "," in value else value for value in values]
    (folder / "rows.csv").write_text("x,y\n\n" + "".join(f"{value},1\n" for value in quoted), encoding="utf-8")
    return code, words


@pytest.mark.parametrize("case", CASES)
def test_the_values_that_make_a_column_what_it_is_are_named(tmp_path: Path, case: str) -> None:
    code, words = made(tmp_path, case)
    for command in (("validate", "--data", "s.yaml"), ("train", "s.yaml")):
        ended = modelc(*command, cwd=tmp_path)
        said = " ".join((ended.out + ended.err).split())
        assert ended.code != 0 and said.count("error[") == 1 and f"error[{code}]" in said and words in said, said


def test_few_fractions_are_not_looked_for_in_large_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "LOOKED_THROUGH", 20)
    made(tmp_path, "an integer with a fraction")
    said = modelc("validate", "--data", "s.yaml", cwd=tmp_path).out
    assert "error[E402]" in said and "has float64" in said and "line 23" not in said


def test_a_new_row_with_a_fraction_is_named(tmp_path: Path) -> None:
    made(tmp_path, "an integer with a fraction")
    (tmp_path / "rows.csv").write_text("x,y\n" + "1,1\n" * 20)
    assert modelc("train", "s.yaml", "--run-dir", "run", cwd=tmp_path).code == 0
    (tmp_path / "new.csv").write_text("x\n1\n\n2.5\n".replace("\n", ",0\n").replace("x,0", "x,z").replace("\n,0", "\n"))
    ended = modelc("predict", "run", "new.csv", "-o", "out.csv", cwd=tmp_path)
    said = " ".join(ended.err.split())
    assert ended.code == 4 and "the cast would lose values, the first in row 1, line 4 of 'new.csv'" in said, said
