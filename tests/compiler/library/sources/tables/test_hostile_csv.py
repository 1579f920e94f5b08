"""Csv files that are strange, and yet what people have: read as the standard library reads them, or refused with the line."""

from typing import Any

import pytest

from modelc.compiler.library.sources.tables import csv_reading
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.tables.test_csv import read, refused, root, source  # noqa: F401  # a fixture

MANY = "1,x\n" * 300_000
"""More rows than the beginning of a file that is looked at before."""
READ: dict[str, tuple[str | bytes, dict[str, Any], dict[str, list[Any]]]] = {
    "CRLF, then LF": ("a,b\r\n1,x\n2,y\r\n", {}, {"a": [1, 2], "b": ["x", "y"]}),
    "LF, then CRLF": ('a,b\n1,"x\r\nz"\r\n2,"y, ""\n"\n', {}, {"a": [1, 2], "b": ["x\r\nz", 'y, "\n']}),
    "LF, then CR": ("a,b\n1,\r\r2,y\r", {}, {"a": [1, 2], "b": [None, "y"]}),
    "line ends, semicolons, cp1252": ("a;b\r\n1,5;5 €\n2;\r\n".encode("cp1252"), {"encoding": "cp1252", "decimal": ","}, {"a": [1.5, 2.0], "b": ["5 €", None]}),
    "line ends, no header": ("1,x\r\n2,y\n", {"column_names": ["a", "b"]}, {"a": [1, 2], "b": ["x", "y"]}),
    "line ends, one column": ("a\r\n1\n\n3\r\n", {}, {"a": [1, None, 3]}),
    "empty lines above": ("\n\r\n\na,b\n1,x\n", {}, {"a": [1], "b": ["x"]}),
    "empty lines above, CR": ("\r\ra,b\r1,x\r", {}, {"a": [1], "b": ["x"]}),
    "empty lines above, UTF-16": ("\r\na,b\r\n1,é\r\n".encode("utf-16"), {"encoding": "utf-16"}, {"a": [1], "b": ["é"]}),
    "empty lines above one column": ("\n\na\n1\n\n", {}, {"a": [1, None]}),
    "empty lines above no header": ("\n\n1,x\n", {"column_names": ["a", "b"]}, {"a": [1], "b": ["x"]}),
    "an empty line is a value of a single column": ("a\nx\n\ny\n", {}, {"a": ["x", None, "y"]}),
    "UTF-16 without a mark": ("a,b\n1,é\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, {"a": [1], "b": ["é"]}),
    "UTF-16, the other order": ("a,b\n1,é\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, {"a": [1], "b": ["é"]}),
    "UTF-32": ("a,b\n1,😀\n".encode("utf-32"), {"encoding": "utf-32"}, {"a": [1], "b": ["😀"]}),
    "signs that end lines elsewhere": ("a,b\n1,x\x85\u2028y\n2,\x0c\x0b\x1c\n", {}, {"a": [1, 2], "b": ["x\x85\u2028y", "\x0c\x0b\x1c"]}),
    "digits of other scripts are text": ("a,b\n\u0661\u0662,\u22125\n\u0663,\u00a05\n", {}, {"a": ["\u0661\u0662", "\u0663"], "b": ["\u22125", "\u00a05"]}),
    "beyond float64": (f"a,b\n{'9' * 400},1e400\n1,2\n", {}, {"a": ["9" * 400, "1"], "b": ["1e400", "2"]}),
    "thousands of digits": (f"a,b\n{'9' * 9_000},1\n1,2\n", {}, {"a": ["9" * 9_000, "1"], "b": [1, 2]}),
    "thousands of zeros in front": (f"a,b\n{'0' * 9_000}1,1\n1,2\n", {}, {"a": ["0" * 9_000 + "1", "1"], "b": [1, 2]}),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_strange_files_are_read(root: Root, case: str) -> None:  # noqa: F811
    text, arguments, columns = READ[case]
    assert read(root, text, **arguments) == columns


LONG = "'" + "9" * 36 + "... in line 2"
REFUSED: dict[str, tuple[str | bytes, str, dict[str, Any], list[str]]] = {
    "a zero": ("a,b\n1,x\n2,y\0\n", "E405", {}, ["'a.csv' is no text: line 3 has a character that is 0"]),
    "a zero far behind": (f"a,b\n{MANY}1,y\0z\n{MANY}", "E405", {}, ["no text: line 300002 has a character"]),
    "a zero in quotes far behind": (f'a,b\n{MANY}1,"\n\0"\n', "E405", {}, ["no text: line 300002 has"]),
    "a zero in UTF-16": ("a,b\n1,\0\n".encode("utf-16"), "E405", {"encoding": "utf-16"}, ["line 2 has a character that is 0"]),
    "UTF-16 without a mark, not said": ("a,b\n1,2\n".encode("utf-16-be"), "E405", {}, ["seems to be in UTF-16", "encoding: utf-16-be"]),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), "E405", {"encoding": "utf-16"}, ["does not begin with the mark of UTF-16", "utf-16-le"]),
    "a line for Excel": ("sep=;\na;b\n1;2\n", "E405", {}, ["the first line of 'a.csv' is no header: it tells Excel", "remove this line"]),
    "zeros at the beginning": ("\0" * 9 + ",b\n1,2\n", "E405", {}, ["no text: line 1 has a character that is 0"]),
    "UTF-32 not said": ("a,b\n1,2\n".encode("utf-32"), "E405", {}, ["is in UTF-32", "encoding: utf-32"]),
    "half a character of UTF-16": ("a,b\n1,2\n".encode("utf-16") + b"x", "E405", {"encoding": "utf-16"}, ["is not in utf-16"]),
    "half a pair of UTF-16": ("a,b\n1,".encode("utf-16") + b"\x3d\xd8\n\0", "E405", {"encoding": "utf-16"}, ["is not in utf-16"]),
    "a late byte that cp1252 has not": (f"a,b\n{MANY}".encode() + b"1,\x81\n", "E405", {"encoding": "cp1252"}, ["not in cp1252: line 300002 has b'\\x81'"]),
    "a ragged row between line ends": ("a,b\r\n1,2\n3\r\n", "E405", {}, ["line 3 has 1 field ('3')"]),
    "declared, beyond float64": (f"a,b\n{'9' * 400},1\n", "E402", {"types": {"a": "number"}}, ["`a` is declared as `number`", LONG]),
    "declared, thousands of digits": (f"a,b\n{'9' * 9_000},1\n", "E402", {"types": {"a": "integer"}}, ["`a` is declared as `integer`", LONG]),
    "integers beside one of thousands of digits": (f"a,b\n{'9' * 200},1\n0.5,1\n", "E402", {}, ["integers that float64 would round", LONG]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_strange_files_are_refused_with_the_line(root: Root, case: str) -> None:  # noqa: F811
    text, code, arguments, words = REFUSED[case]
    found = refused(root, text, code, ["a", "b"], **arguments)
    assert [word for word in words if word not in found] == [], found


def test_a_row_that_is_too_long_is_named(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(csv_reading, "LINE", 2**20)
    found = refused(root, 'a,b\n1,x\n2,"\n' + "y" * 2**21 + '"\n3,z\n')
    assert "a row of 'a.csv' is too long: in line 3, it has 2,097,154 bytes" in found and "at most 1,048,576" in found


def test_rows_of_a_single_column_are_counted_as_they_are_read(root: Root) -> None:  # noqa: F811
    (root.folder / "a.csv").write_text("price\n1\n\nfive\n")
    assert source().load(root).train["price"].tolist() == ["1", None, "five"]
    assert [source().place_of(root, row) for row in range(3)] == [f"line {line} of 'a.csv'" for line in (2, 3, 4)]
    assert "'five' in line 4" in refused(root, "price\n1\n\nfive\n", "E402", ["price"], types={"price": "number"})
