"""Prediction files: what a person looks for, names as they are, complete or not there."""

import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelc.compiler.binding.task import Output
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.runtime.prediction_files import without_formula
from modelc.runtime.predictions import misfit, write_predictions


def outputs(name: str, shape: tuple[int, ...], **fields: Any) -> dict[str, Output]:
    return {name: Output(name, Edge(name), TensorType(shape), **fields)}


def table(path: Path) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def written(tmp_path: Path, outputs: dict[str, Output], values: Any, *, raw: bool = False) -> list[list[str]]:
    path = tmp_path / "out.csv"
    write_predictions(path, outputs, {next(iter(outputs)): np.asarray(values, np.float32)}, raw=raw)
    return table(path)


def test_classes_are_named_with_a_probability_each(tmp_path: Path) -> None:
    animals = outputs("animal", (2,), link="softmax", classes=("cat", "dög"))
    assert written(tmp_path, animals, [[0.25, 0.75], [0.5, 0.5]]) == [
        ["animal", "animal/probability/cat", "animal/probability/dög"],
        ["dög", "0.25", "0.75"],
        ["cat", "0.5", "0.5"],
    ]


def test_classes_without_names_are_numbers(tmp_path: Path) -> None:
    for classes in (3, None):
        digits = outputs("digit", (3,), link="softmax", classes=classes)
        assert written(tmp_path, digits, [[0, 0.5, 0.5]]) == [
            ["digit", "digit/probability/0", "digit/probability/1", "digit/probability/2"],
            ["1", "0.0", "0.5", "0.5"],
        ]


def test_yes_or_no_is_yes_above_one_half(tmp_path: Path) -> None:
    spam = outputs("spam", (1,), link="sigmoid")
    assert written(tmp_path, spam, [[0.5], [0.75]]) == [
        ["spam", "spam/probability"],
        ["false", "0.5"],
        ["true", "0.75"],
    ]


def test_yes_or_no_between_two_named_classes_gives_the_name(tmp_path: Path) -> None:
    spam = outputs("kind", (1,), link="sigmoid", classes=("ham", "spam"))
    assert written(tmp_path, spam, [[0.75]]) == [
        ["kind", "kind/probability/ham", "kind/probability/spam"],
        ["spam", "0.25", "0.75"],
    ]


def test_several_answers_are_columns_by_number(tmp_path: Path) -> None:
    assert written(tmp_path, outputs("tags", (2,), link="sigmoid"), [[0.25, 0.75]]) == [
        ["tags/0", "tags/1", "tags/probability/0", "tags/probability/1"],
        ["false", "true", "0.25", "0.75"],
    ]


def test_numbers_come_back_exactly(tmp_path: Path) -> None:
    values = np.array([[1 / 3, 1e-7], [np.float32(0.1), 16777216]], np.float32)
    rows = written(tmp_path, outputs("size", (2,)), values)
    assert rows[0] == ["size/0", "size/1"]
    np.testing.assert_array_equal(np.array(rows[1:], np.float32), values)
    assert rows[2][0] == "0.1"
    assert written(tmp_path, outputs("size", ()), [1.5]) == [["size"], ["1.5"]]


def test_raw_values_are_not_interpreted(tmp_path: Path) -> None:
    animals = outputs("animal", (2,), link="softmax", classes=("cat", "dog"), logits=True)
    assert written(tmp_path, animals, [[-2, 3]], raw=True) == [["animal/0", "animal/1"], ["-2.0", "3.0"]]


def test_many_rows_are_written_in_order(tmp_path: Path) -> None:
    rows = written(tmp_path, outputs("size", ()), np.arange(10_001))
    assert [float(row[0]) for row in rows[1:]] == list(range(10_001))


HOSTILE = [
    "+",
    "-",
    "=cmd|' /C calc'!A1",
    "@x",
    "\tx",
    "\rx",
    "\nx",
    "",
    " x ",
    "'x",
    'b,"c"\r\n',
    "#N/A",
    "\u202ex",
    "\uff1dx",
    "-1",
]


def read_back(folder: Path, names: list[str], *, spreadsheet: bool = False) -> tuple[list[str], list[str], list[str]]:
    """The classes that each row names once, from the header and from the rows of a CSV file, and from an archive."""
    thing = outputs("=thing", (len(names),), link="softmax", classes=tuple(names))
    values = {"=thing": np.eye(len(names), dtype=np.float32)}
    write_predictions(folder / "out.csv", thing, values, spreadsheet=spreadsheet)
    write_predictions(folder / "out.npz", thing, values)
    header, *rows = table(folder / "out.csv")
    start = "'=thing" if spreadsheet else "=thing"
    assert header[0] == start
    with np.load(folder / "out.npz", allow_pickle=False) as arrays:
        archived = arrays["=thing"].tolist()
    return [name.removeprefix(f"{start}/probability/") for name in header[1:]], [row[0] for row in rows], archived


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), min_size=2, max_size=6, unique=True))
def test_names_come_back_as_they_are(names: list[str]) -> None:
    # An array of text in NumPy has no room for a NUL at the end.
    names = [*dict.fromkeys(name.rstrip("\0") for name in names), "one more"]
    with TemporaryDirectory() as folder:
        assert read_back(Path(folder), names) == (names, names, names)


def test_names_that_a_spreadsheet_would_compute_are_escaped_when_asked_for(tmp_path: Path) -> None:
    header, rows, archived = read_back(tmp_path, HOSTILE, spreadsheet=True)
    assert rows == [without_formula(name) for name in HOSTILE]
    # In the header, a class stands behind the name of its output, which is what a cell begins with.
    assert header == archived == HOSTILE


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_begins_a_formula_is_escaped(start: str) -> None:
    assert without_formula(start + "1") == f"'{start}1"
    assert without_formula("a" + start) == "a" + start


@pytest.mark.parametrize("separator", [";", "\t", "|", "\n"])
@pytest.mark.parametrize("between", ["", " ", '"'])
def test_what_begins_a_formula_behind_another_separator_is_escaped(separator: str, between: str) -> None:
    assert without_formula(f"a{separator}{between}=1+1") == f"a{separator}'{between}=1+1"
    assert without_formula(f"a{separator}b-1") == f"a{separator}b-1"


@settings(max_examples=25)
@given(st.lists(st.text('=+-@;\t| ",\na', min_size=1, max_size=6), min_size=2, max_size=3, unique=True))
def test_no_reader_of_the_file_gets_a_formula(names: list[str]) -> None:
    """Of several outputs, so that names stand in any place of a line, read with any separator."""
    things = {name: outputs(name, (len(names),), link="softmax", classes=tuple(names))[name] for name in ("a", "=b")}
    values = dict.fromkeys(things, np.eye(len(names), dtype=np.float32))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        write_predictions(path, things, values, spreadsheet=True)
        for separator in (",", ";", "\t", "|"):
            with open(path, newline="", encoding="utf-8") as file:
                cells = [cell for line in csv.reader(file, delimiter=separator) for cell in line]
            assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("shape", [(), (1,), (2,), (2, 3)])
def test_there_is_neither_yes_nor_no_where_there_is_no_prediction(tmp_path: Path, shape: tuple[int, ...]) -> None:
    spam = outputs("spam", shape, link="sigmoid")
    values = np.full((4, *shape), 0.75, np.float32)
    values[1], values[3] = np.nan, 0.25
    if len(shape) < 2:
        columns = max(values[0].size, 1)
        lines = written(tmp_path, spam, values)[1:]
        assert [line[:columns] for line in lines] == [[word] * columns for word in ("true", "", "true", "false")]
    write_predictions(tmp_path / "out.npz", spam, {"spam": values})
    with np.load(tmp_path / "out.npz") as arrays:
        assert arrays["spam"].shape == values.shape
        assert [set(row.ravel().tolist()) for row in arrays["spam"]] == [{1}, {-1}, {1}, {0}]
    write_predictions(tmp_path / "good.npz", spam, {"spam": values[2:]})
    with np.load(tmp_path / "good.npz") as arrays:
        assert arrays["spam"].dtype == bool


def test_numbers_are_no_formulas(tmp_path: Path) -> None:
    write_predictions(
        tmp_path / "out.csv", outputs("size", ()), {"size": np.array([-1.5], np.float32)}, spreadsheet=True
    )
    assert table(tmp_path / "out.csv") == [["size"], ["-1.5"]]


def test_an_archive_has_whole_arrays_and_no_pickles(tmp_path: Path) -> None:
    animals = outputs("animal", (4, 2), link="softmax", classes=("cat", "dog"))
    values = np.random.default_rng(0).random((3, 4, 2), np.float32)
    write_predictions(tmp_path / "out.npz", animals, {"animal": values})
    with np.load(tmp_path / "out.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"animal", "animal/probability"}
        np.testing.assert_array_equal(arrays["animal"], np.array(["cat", "dog"])[values.argmax(-1)])
        np.testing.assert_array_equal(arrays["animal/probability"], values)


def test_an_output_may_be_called_as_an_argument_of_numpy(tmp_path: Path) -> None:
    write_predictions(tmp_path / "out.npz", outputs("file", (1,)), {"file": np.ones((2, 1), np.float32)})
    assert np.load(tmp_path / "out.npz")["file"].shape == (2, 1)


@pytest.mark.parametrize(
    ("name", "shape", "said"),
    [
        ("out.txt", (1,), "cannot determine the format"),
        ("out", (1,), "cannot determine the format"),
        ("out.csv", (2, 3), "is [2, 3] for each row"),
    ],
)
def test_files_that_cannot_hold_the_outputs_are_refused(name: str, shape: tuple[int, ...], said: str) -> None:
    wrong = misfit(outputs("map", shape), Path(name))
    assert wrong is not None
    assert said in wrong[0]
    assert ".npz" in wrong[1]
    assert misfit(outputs("map", shape), Path("out.NPZ")) is None
    assert misfit(outputs("map", (1,)), Path("out.CSV"), spreadsheet=True) is None


def test_a_file_is_replaced_when_it_is_complete_and_not_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="no space left") as caught:
            written(tmp_path, outputs("size", ()), [1])
    assert caught.value.code == "E604"
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]
    assert written(tmp_path, outputs("size", ()), [1]) == [["size"], ["1.0"]]


def test_a_link_is_followed_and_a_folder_refused(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "out.csv").symlink_to("real.csv")
    written(tmp_path, outputs("size", ()), [1])
    assert (tmp_path / "out.csv").is_symlink()
    assert table(tmp_path / "real.csv") == [["size"], ["1.0"]]
    (tmp_path / "out.csv").unlink()
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(RunError, match="a folder"):
        written(tmp_path, outputs("size", ()), [1])
