"""The source `csv`: what columns are read as, and files that people have, each with what is read or with the error that names
the place.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.contracts.data_source import Column, Source, refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


def source(train: Any = "a.csv", **arguments: Any) -> Source:
    return SOURCES.build({"csv": {"train": train, **arguments}})


def read(root: Root, text: str | bytes, **arguments: Any) -> dict[str, Any]:
    """The columns of a file with this text, as lists; None for what is missing."""
    (root.folder / "a.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    loaded = source(**arguments).load(root).train
    return {name: column.tolist() for name, column in loaded.items()}


def refused(root: Root, text: str | bytes, code: str = "E405", names: Any = None, **arguments: Any) -> str:
    """The error with which a file with this text is refused, with its helps."""
    (root.folder / "a.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(RunError) as caught:
        source(**arguments).load(root, names)
    assert caught.value.code == code
    return "\n".join([caught.value.message, *caught.value.helps, *caught.value.notes])


READ: dict[str, tuple[str | bytes, dict[str, Any], dict[str, list[Any]]]] = {
    "integers, numbers, text": ("a,b,c\n1,1.5,x\n-2,2,y\n", {}, {"a": [1, -2], "b": [1.5, 2.0], "c": ["x", "y"]}),
    "no line end": ("a,b\n1,2", {}, {"a": [1], "b": [2]}),
    "quoted": ('a,b\n"x, ""y""\nz",1\n', {}, {"a": ['x, "y"\nz'], "b": [1]}),
    "quoted header": ('"a ""1""","b\nc"\n1,2\n', {}, {'a "1"': [1], "b\nc": [2]}),
    "a mark": (b"\xef\xbb\xbfa,b\n1,2\n", {}, {"a": [1], "b": [2]}),
    "CRLF": ('a,b\r\n1,"x\r\ny"\r\n', {}, {"a": [1], "b": ["x\r\ny"]}),
    "CR": ("a,b\r1,x\r2,y\r", {}, {"a": [1, 2], "b": ["x", "y"]}),
    "empty lines": ("a,b\n\n1,2\n\n\n3,4\n\n", {}, {"a": [1, 3], "b": [2, 4]}),
    "semicolons, decimal comma": ("a;b\n1,5;x,y\n2;z\n", {"decimal": ","}, {"a": [1.5, 2.0], "b": ["x,y", "z"]}),
    "decimal comma not said": ("a;b\n1,5;1\n", {}, {"a": ["1,5"], "b": [1]}),
    "tabs": ("a\tb\n1\tx, y\n", {}, {"a": [1], "b": ["x, y"]}),
    "bars": ("a|b\n1|2\n", {}, {"a": [1], "b": [2]}),
    "a delimiter of one's own": ("a:b\n1:2\n", {"delimiter": ":"}, {"a": [1], "b": [2]}),
    "one column": ("price\n1\n2\n", {}, {"price": [1, 2]}),
    "names with commas": ('"a, b";c\n1;2\n', {}, {"a, b": [1], "c": [2]}),
    "missing": ("a,b\n1,\n,x\n", {}, {"a": [1, None], "b": [None, "x"]}),
    "quoted nothing": ('a,b\n1,""\n2,x\n', {}, {"a": [1, 2], "b": [None, "x"]}),
    "markers": ("a,b\n1,NA\nNA,?\n?,x\n", {"missing_values": ["NA", "?"]}, {"a": [1, None, None], "b": [None, None, "x"]}),
    "one marker": ("a,b\n1,-\n2,x\n", {"missing_values": "-"}, {"a": [1, 2], "b": [None, "x"]}),
    "nothing is a text": ("a,b\n1,\n2,x\n", {"missing_values": []}, {"a": [1, 2], "b": ["", "x"]}),
    "no marker": ("a,b\n1,NA\n2,3\n", {}, {"a": [1, 2], "b": ["NA", "3"]}),
    "leading zeros": ("zip,b\n00712,1\n12345,2\n", {}, {"zip": ["00712", "12345"], "b": [1, 2]}),
    "declared as text": ("zip,b\n712,1\n12345,2\n", {"types": {"zip": "text"}}, {"zip": ["712", "12345"], "b": [1, 2]}),
    "declared as numbers": ("a,b\n1,1\n2,2\n", {"types": {"a": "number"}}, {"a": [1.0, 2.0], "b": [1, 2]}),
    "dates": (
        "a,b,c\n2020-01-02,31.12.2020,12/31/2020\n2021-01-02,01.12.2020,01/31/2020\n",
        {},
        {"a": ["2020-01-02", "2021-01-02"], "b": ["31.12.2020", "01.12.2020"], "c": ["12/31/2020", "01/31/2020"]},
    ),
    "yes and no": ("a,b\nyes,true\nno,false\n", {}, {"a": ["yes", "no"], "b": ["true", "false"]}),
    "words for numbers": ("a,b\nnan,inf\n1,2\n", {}, {"a": ["nan", "1"], "b": ["inf", "2"]}),
    "underscores, hexadecimal": ("a,b\n1_000,0x10\n2,3\n", {}, {"a": ["1_000", "2"], "b": ["0x10", "3"]}),
    "spaces around numbers": ("a,b\n 1, 1.5 \n2 ,2\n", {}, {"a": [1, 2], "b": [1.5, 2.0]}),
    "spaces around text": ("a,b\n x, y \n", {}, {"a": [" x"], "b": [" y "]}),
    "signs and exponents": ("a,b\n+1,1e3\n-0,-2.5E-3\n", {}, {"a": [1, 0], "b": [1000.0, -0.0025]}),
    "points": ("a,b\n1.,.5\n2,3\n", {}, {"a": [1.0, 2.0], "b": [0.5, 3.0]}),
    "2**53 + 1": ("a,b\n9007199254740993,1\n-9223372036854775808,2\n", {}, {"a": [2**53 + 1, -(2**63)], "b": [1, 2]}),
    "beyond int64, exact as numbers": ("a,b\n1e22,18446744073709551616\n1,2\n", {}, {"a": [1e22, 1.0], "b": [2.0**64, 2.0]}),
    "beyond int64, as text": ("a,b\n9223372036854775808123,1\n", {"types": {"a": "text"}}, {"a": ["9223372036854775808123"], "b": [1]}),
    "nearest numbers asked for": ("a,b\n9007199254740993,1\n0.5,1\n", {"types": {"a": "number"}}, {"a": [2.0**53, 0.5], "b": [1, 1]}),
    "emoji, right to left": ("a,b\n😀,\u202e\u05d0\u05d1\n", {}, {"a": ["😀"], "b": ["\u202e\u05d0\u05d1"]}),
    "latin-1": ("a,b\né,1\n".encode("latin-1"), {"encoding": "latin-1"}, {"a": ["é"], "b": [1]}),
    "cp1252": ("a,b\n5 €,1\n".encode("cp1252"), {"encoding": "cp1252"}, {"a": ["5 €"], "b": [1]}),
    "UTF-16": ("a,b\né😀,1\n".encode("utf-16"), {"encoding": "utf-16"}, {"a": ["é😀"], "b": [1]}),
    "Shift JIS": ("a,b\n日本,1\n".encode("shift_jis"), {"encoding": "shift_jis"}, {"a": ["日本"], "b": [1]}),
    "without a header, counted": ("1,x\n2,y\n", {"column_names": 2}, {"column_1": [1, 2], "column_2": ["x", "y"]}),
    "without a header": ("1,x\n2,y\n", {"column_names": ["a", "b"]}, {"a": [1, 2], "b": ["x", "y"]}),
    "a very long field": ("a,b\n" + "x" * 5_000_000 + ",1\ny,2\n", {}, {"a": ["x" * 5_000_000, "y"], "b": [1, 2]}),
    "hashes are no comments": ("a,b\n#1,2\n", {}, {"a": ["#1"], "b": [2]}),
    "names that are SQL": (
        "a\"); drop table result; --,' or 1=1,c0\n1,2,3\n".replace('"', "'"),
        {},
        {"a'); drop table result; --": [1], "' or 1=1": [2], "c0": [3]},
    ),
    "names that differ in case": ("a,A\n1,2\n", {}, {"a": [1], "A": [2]}),
    "a missing value that is SQL": ("a,b\n' or 1=1,1\nx,2\n", {"missing_values": ["' or 1=1"]}, {"a": [None, "x"], "b": [1, 2]}),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_files_are_read_as_they_are(root: Root, case: str) -> None:
    text, arguments, columns = READ[case]
    assert read(root, text, **arguments) == columns


REFUSED: dict[str, tuple[str | bytes, dict[str, Any], list[str]]] = {
    "an empty file": ("", {}, ["'a.csv' is empty"]),
    "a row too long": ("a,b\n1,2\n3,4,5\n", {}, ["1 row of 'a.csv' is not of 2 fields", "line 3 has 3 fields ('3', '4', '5')"]),
    "a row too short": ("a,b\n1,2\n3\n", {}, ["line 3 has 1 field ('3')"]),
    "an empty field too many": ("a,b\n1,2,\n3,4\n", {}, ["line 2 has 3 fields ('1', '2', '')"]),
    "many ragged rows": (
        "a,b\n" + '"x\ny",1\n' * 3 + "1\n" * 5,
        {},
        ["5 rows of 'a.csv' are not of 2 fields", "line 8 has 1 field", "line 9", "line 10", ", ..."],
    ),
    "an open quote": ('a,b\n1,2\n"x,3\n4,5\n', {}, ["a quote in 'a.csv' does not end: it begins behind the row of line 2"]),
    "a quote within": ('a,b\n1,2\n"x"y,3\n', {}, ["ends within a field, behind the row of line 2", '"5"" pipe"']),
    "no UTF-8": (b"a,b\nx,1\ncaf\xe9,2\n", {}, ["'a.csv' is not in utf-8: line 3 has b'\\xe9', behind 'caf'", "encoding: latin-1"]),
    "no UTF-8 in the header": (b"caf\xe9,b\nx,1\n", {}, ["line 1 has b'\\xe9'"]),
    "not the encoding": ("a,b\né,1\n".encode("latin-1"), {"encoding": "shift_jis"}, ["'a.csv' is not in shift_jis"]),
    "UTF-16 not said": ("a,b\n1,2\n".encode("utf-16"), {}, ["is in UTF-16", "encoding: utf-16"]),
    "names twice": ("a,b,a,c,c\n1,2,3,4,5\n", {}, ["the header of 'a.csv' names a, c twice"]),
    "no name": ("a,,c\n1,2,3\n", {}, ["has no name for column 2 of 3, after 'a'"]),
    "no names": (",a,\n1,2,3\n", {}, ["has no name for columns 1, 3 of 3"]),
    "no header": ("5.1,3.5,setosa\n4.9,3.0,setosa\n", {}, ["has numbers in place of names: 5.1, 3.5, setosa", "column_names: [a, b, c]", "`column_names: 3` they are `column_1`"]),
    "fewer than column names": ("1,2\n3,4\n", {"column_names": 3}, ["2 rows of 'a.csv' are not of 3 fields, as `column_names` has: line 1 has 2 fields", "if all lines have 2 fields, say so in `column_names`"]),
    "more than column names": ("1,2,3\n3,4\n", {"column_names": ["a", "b"]}, ["1 row of 'a.csv' is not of 2 fields, as `column_names` has: line 1 has 3 fields"]),
    "spaces for delimiters": ("a b c\n1 2 3\n4 5 6\n", {}, ["no delimiter found in 'a.csv'", 'delimiter: " "']),
    "gzip": (b"\x1f\x8b\x08\0\0\0", {}, ["is packed with gzip"]),
    "another kind of file": (b"\x93NUMPY\x01\0v\0", {}, ["is no text"]),
    "mixed line ends": ("a,b\n1,x\ry\n2,3\n", {}, ["'a.csv'"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_not_well_formed_are_refused_with_the_place(root: Root, case: str) -> None:
    text, arguments, words = REFUSED[case]
    found = refused(root, text, **arguments)
    assert [word for word in words if word not in found] == [], found


def test_a_header_alone_has_no_rows(root: Root) -> None:
    assert refused(root, "a,b\n", "E404").startswith("'a.csv' has no rows")


MISFITS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "declared integers": (
        'a,b\n1,"x\ny"\n1.5,y\nn/a,z\n2,z\n',
        {"types": {"a": "integer"}},
        ["`a` is declared as `integer`", "2 values, in 'a.csv' '1.5' in line 4, 'n/a' in line 5", "types: {a: text}"],
    ),
    "declared numbers": ("a,b\n1,x\nNA,y\n", {"types": {"a": "number"}}, ["1 value, in 'a.csv' 'NA' in line 3", "missing_values"]),
    "integers beside fractions": (
        "a,b\n9007199254740993,x\n0.5,y\n",
        {},
        ["`a` has integers that float64 would round, beside numbers", "'9007199254740993' in line 2", "types: {a: text}"],
    ),
    "integers beyond int64": (
        "a,b\n9223372036854775809,x\n5,y\n",
        {},
        ["`a` has integers that float64 would round, or that int64 has no room for: 1 value", "in line 2"],
    ),
    "declared integers beyond int64": ("a,b\n9223372036854775808,x\n", {"types": {"a": "integer"}}, ["beyond int64"]),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_values_that_do_not_fit_are_named_with_their_lines(root: Root, case: str) -> None:
    text, arguments, words = MISFITS[case]
    found = refused(root, text, "E402", ["a"], **arguments)
    assert [word for word in words if word not in found] == [], found
    # It is an error of what reads this column, of nothing else.
    assert source(**arguments).load(root, ["b"]).train["b"][0].startswith("x")
    columns = source(**arguments).survey(root, ["a", "b"]).columns
    assert columns is not None and list(refused_arrays(columns)) == ["a"]


def test_a_fraction_in_a_late_row_makes_numbers_of_the_whole_column(root: Root) -> None:
    found = read(root, "a,b\n" + "1,x\n" * 300_000 + "1.5,x\n")
    assert found["a"][-1] == 1.5 and found["a"][0] == 1.0 and len(found["a"]) == 300_001


def test_types_and_rows_are_known_from_all_rows(root: Root) -> None:
    (root.folder / "a.csv").write_text("a,b,c\n1,1.5,x\n2,3,\n")
    columns = source().survey(root, ["a", "c"]).columns
    assert columns is not None
    assert {name: (column.type and column.type.dtype, column.rows) for name, column in columns.items()} == {
        "a": ("int64", 2),
        "b": (None, 2),
        "c": ("str", 2),
    }


def test_the_header_alone_tells_the_names(root: Root) -> None:
    (root.folder / "a.csv").write_text("a,b\nthis is, no row, of it\n")
    assert source().inspect(root).columns == {"a": Column(None), "b": Column(None)}


def test_columns_are_masked_only_where_values_are_missing(root: Root) -> None:
    (root.folder / "a.csv").write_text("a,b\n1,x\n2,\n")
    loaded = source().load(root).train
    assert type(loaded["a"]) is np.ndarray and loaded["a"].dtype == np.int64
    assert isinstance(loaded["b"], np.ma.MaskedArray) and loaded["b"].dtype.kind == "T"
    assert loaded["b"].mask.tolist() == [False, True]


def test_a_column_without_any_value_is_one_of_numbers(root: Root) -> None:
    (root.folder / "a.csv").write_text("a,b\n,x\n,y\n")
    column = source().load(root).train["a"]
    assert column.dtype == np.float64 and np.ma.getmaskarray(column).all()


def test_several_files_are_one_table(root: Root) -> None:
    (root.folder / "data").mkdir()
    for name, text in {"b": "x,y\n2.5,B\n", "a": "y,x\nA,1\n", "c": "x,y\n3,\n"}.items():
        (root.folder / "data" / f"{name}.csv").write_text(text)
    for paths in ("data/*.csv", ["data/a.csv", "data/b.csv", "data/c.csv"], ["data/a.csv", "data/[bc].csv"]):
        loaded = source(paths).load(root).train
        assert {name: column.tolist() for name, column in loaded.items()} == {
            "y": ["A", "B", None],
            "x": [1.0, 2.5, 3.0],
        }


def test_files_of_one_table_have_the_same_columns(root: Root) -> None:
    (root.folder / "a.csv").write_text("x,y\n1,2\n")
    (root.folder / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(
        RunError, match=r"'a.csv' has the column `y`, and 'b.csv' has not; they differ in 1 more"
    ) as caught:
        source("*.csv").load(root)
    assert caught.value.code == "E404"


def test_errors_name_the_file_among_several(root: Root) -> None:
    (root.folder / "a.csv").write_text("x,y\n1,2\n")
    (root.folder / "b.csv").write_text("x,y\n1,2\nz,3\n")
    with pytest.raises(RunError, match=r"in 'b.csv' 'z' in line 3"):
        source("*.csv", types={"x": "integer"}).load(root, ["x"])


def test_a_pattern_without_a_file_is_an_absent_file(root: Root) -> None:
    with pytest.raises(AbsentFile, match=r"no file fits the pattern 'data/\*.csv'"):
        source("data/*.csv").load(root)
    assert [error.path for error in source("data/*.csv").inspect(root).absent] == ["data/*.csv"]


@pytest.mark.parametrize(
    "name", ["data[1].csv", "a*b.csv", "what?.csv", "a b é.csv", 'it\'s "x".csv', "{a,b}.csv", "$HOME.csv"]
)
def test_files_with_odd_names_are_these_files(root: Root, name: str) -> None:
    (root.folder / name).write_text("x,y\n1,2\n")
    (root.folder / "data1.csv").write_text("x,y\n9,9\n")
    (root.folder / "whatx.csv").write_text("x,y\n9,9\n")
    assert source(name).load(root).train["x"].tolist() == [1]


def test_test_rows_are_read_by_the_types_of_training(root: Root) -> None:
    (root.folder / "a.csv").write_text("zip,n\n00712,1\n10115,2\n")
    (root.folder / "b.csv").write_text("n,zip\n1.5,712\n2,99\n")
    loaded = source(test="b.csv").load(root)
    assert loaded.test is not None
    assert loaded.test["zip"].tolist() == ["712", "99"]
    # Whether numbers have fractions decides no meaning.
    assert loaded.test["n"].tolist() == [1.5, 2.0]
    (root.folder / "b.csv").write_text("n,zip\nNA,712\n")
    with pytest.raises(
        RunError, match=r"`n` was numbers in the training rows, and is no number here: 1 value, in 'b.csv' 'NA'"
    ):
        source(test="b.csv").load(root, ["n", "zip"])


def test_a_column_that_the_test_rows_lack_is_an_error(root: Root) -> None:
    (root.folder / "a.csv").write_text("x,y\n1,2\n")
    (root.folder / "b.csv").write_text("x\n1\n")
    with pytest.raises(RunError, match=r"the column `y` of 'a.csv' is missing in 'b.csv'"):
        source(test="b.csv").inspect(root)


def test_a_type_for_a_column_that_is_not_there_is_an_error(root: Root) -> None:
    found = refused(root, "price,b\n1,2\n", "E401", types={"prize": "integer"})
    assert "`types` names the column `prize`" in found and "did you mean `price`?" in found


def test_two_thousand_columns(root: Root) -> None:
    names = [f"x{index}" for index in range(2_000)]
    rows = ["\n".join(",".join(str(index * row) for index in range(2_000)) for row in range(3))]
    found = read(root, ",".join(names) + "\n" + rows[0] + "\n")
    assert list(found) == names and found["x1999"] == [0, 1999, 3998]


@pytest.mark.parametrize("path", ["../a.csv", "/etc/passwd", "link.csv", "folder", "https://x.org/a.csv", "/dev/stdin"])
def test_only_regular_files_beneath_the_root_are_read(root: Root, path: str) -> None:
    inner = Root(root.folder / "inner", root.cache)
    inner.folder.mkdir()
    (inner.folder / "folder").mkdir()
    (root.folder / "a.csv").write_text("x,y\n1,2\n")
    (inner.folder / "link.csv").symlink_to(root.folder / "a.csv")
    with pytest.raises(RunError) as caught:
        source(path).load(inner)
    assert caught.value.code == "E405"


def test_a_pattern_leads_to_no_file_outside_of_the_root(root: Root) -> None:
    inner = Root(root.folder / "inner", root.cache)
    inner.folder.mkdir()
    (root.folder / "a.csv").write_text("x,y\n1,2\n")
    (inner.folder / "out").symlink_to(root.folder)
    for pattern in ("out/*.csv", "*/a.csv", "../*.csv"):
        with pytest.raises(RunError, match="points outside") as caught:
            source(pattern).load(inner)
        assert caught.value.code == "E405"


def test_a_file_that_changes_while_it_is_read_is_refused(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelc.compiler.library.sources.tables import csv_reading

    file = root.folder / "a.csv"
    file.write_text("x,y\n1,2\n")
    engine = vars(csv_reading)["engine"]

    def changing(opened: Any) -> Any:
        file.write_text("x,y\n1,2\n3,4\n")
        return engine(opened)

    monkeypatch.setattr(csv_reading, "engine", changing)
    with pytest.raises(RunError, match="changed while it was read"):
        source().load(root)


def test_a_file_that_has_changed_is_read_again(root: Root) -> None:
    assert read(root, "a,b\n1,2\n") == {"a": [1], "b": [2]}
    assert read(root, "a,b\n1.5,2\n") == {"a": [1.5], "b": [2]}
    os.utime(root.folder / "a.csv", ns=(0, 0))
    assert read(root, "a,b\n2.5,2\n") == {"a": [2.5], "b": [2]}


@pytest.mark.parametrize("names", [0, -1, 100_001, 1.5, True, "", [], ["a", ""], ["a", 1], {"a": 1}])
def test_what_is_no_names_of_columns_is_one_error(names: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        source(column_names=names)
    (error,) = caught.value.errors()
    assert error["msg"].startswith("expected the names of the columns, or how many there are")


@pytest.mark.parametrize("names", [["a", "b", "a"], ["a", "a"]])
def test_column_names_that_are_there_twice_are_an_error_of_the_spec(names: list[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        source(column_names=names)
    (error,) = caught.value.errors()
    assert error["msg"] == "`column_names` has a twice"


def test_an_empty_file_needs_no_header_where_columns_have_names(root: Root) -> None:
    assert "begins with a line of column names" in refused(root, "")
    assert "begins with a line of column names" not in refused(root, "", column_names=["a", "b"])
