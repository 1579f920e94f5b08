"""The source `jsonl`: what columns are read as, and faults with their lines."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.library.contracts.data_source import Source, refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


def source(train: Any = "a.jsonl", **arguments: Any) -> Source:
    return SOURCES.build({"jsonl": {"train": train, **arguments}})


def write(root: Root, text: str | bytes, name: str = "a.jsonl") -> None:
    (root.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


READ: dict[str, tuple[str | bytes, dict[str, Any], dict[str, tuple[str, list[Any]]]]] = {
    "numbers, text, booleans": (
        '{"a": 1, "b": 1.5, "c": "x", "d": true}\n{"a": -2, "b": 2, "c": "00712", "d": false}',
        {},
        {"a": ("i", [1, -2]), "b": ("f", [1.5, 2.0]), "c": ("T", ["x", "00712"]), "d": ("b", [True, False])},
    ),
    "missing": ('{"a": 1, "b": null}\n\n{"b": "x"}\n', {}, {"a": ("i", [1, None]), "b": ("T", [None, "x"])}),
    "keys that come later": ('{"a": 1}\n{"b": 2, "a": 3}\n', {}, {"a": ("i", [1, 3]), "b": ("i", [None, 2])}),
    "another order": ('{"a": 1, "b": 2}\r\n{"b": 4, "a": 3}\r\n', {}, {"a": ("i", [1, 3]), "b": ("i", [2, 4])}),
    "2**53 + 1": ('{"a": 9007199254740993}\n{"a": -9223372036854775808}\n', {}, {"a": ("i", [2**53 + 1, -(2**63)])}),
    "beyond int64, exact": ('{"a": 18446744073709551616}\n{"a": 1}\n', {}, {"a": ("f", [2.0**64, 1.0])}),
    "beyond int64, as text": ('{"a": 92233720368547758081}\n', {"types": {"a": "text"}}, {"a": ("T", ["92233720368547758081"])}),
    "nearest asked for": ('{"a": 9007199254740993}\n{"a": 0.5}\n', {"types": {"a": "number"}}, {"a": ("f", [2.0**53, 0.5])}),
    "text asked for": ('{"a": 712}\n{"a": "00712"}\n', {"types": {"a": "text"}}, {"a": ("T", ["712", "00712"])}),
    "lists": ('{"a": [1, 2]}\n{"a": [3, 4]}\n', {}, {"a": ("i", [[1, 2], [3, 4]])}),
    "lists with a late fraction": ('{"a": [1, 2]}\n{"a": [3, 4.5]}\n', {}, {"a": ("f", [[1.0, 2.0], [3.0, 4.5]])}),
    "lists of lists": ('{"a": [[1], [2]]}\n', {}, {"a": ("i", [[[1], [2]]])}),
    "lists of text": ('{"a": ["x", "yz"]}\n', {}, {"a": ("T", [["x", "yz"]])}),
    "a mark, emoji, escapes": (
        b'\xef\xbb\xbf{"a": "\\ud83d\\ude00 \\n", "b\\"c": "\xc3\xa9"}\n',
        {},
        {"a": ("T", ["😀 \n"]), 'b"c': ("T", ["é"])},
    ),
    "dates, words": ('{"a": "2020-01-02", "b": "yes"}\n', {}, {"a": ("T", ["2020-01-02"]), "b": ("T", ["yes"])}),
    "a late fraction": ('{"a": 1}\n' * 50_000 + '{"a": 1.5}\n', {}, {"a": ("f", [1.0] * 50_000 + [1.5])}),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_files_are_read_as_they_are(root: Root, case: str) -> None:
    text, arguments, wanted = READ[case]
    write(root, text)
    loaded = source(**arguments).load(root).train
    assert {name: (column.dtype.kind, column.tolist()) for name, column in loaded.items()} == wanted


def test_values_of_objects_are_columns(root: Root) -> None:
    text = '{"a": {"b": 1, "c": {"d": "x", "e": [1, 2]}}, "f": 1}\n{"f": 2, "a": {"b": 2, "c": {"e": [3, 4]}}}\n{"a": {"c": {"e": [5, 6]}}}\n'
    write(root, text)
    loaded = source().load(root, ["a.b", "a.c.d", "a.c.e", "f"]).train
    assert {name: column.tolist() for name, column in loaded.items()} == {
        "a.b": [1, 2, None],
        "a.c.d": ["x", None, None],
        "a.c.e": [[1, 2], [3, 4], [5, 6]],
        "f": [1, 2, None],
    }
    with pytest.raises(RunError, match=r"`a\.c` has objects"):
        source().load(root, ["a.c"])


def test_objects_in_very_many_objects_are_no_traceback(root: Root) -> None:
    write(root, '{"a": 1, "b": ' + '{"c": ' * 900 + "1" + "}" * 900 + "}\n")
    assert source().load(root, ["a"]).train["a"].tolist() == [1]


def test_a_key_with_a_dot_is_a_column_as_before(root: Root) -> None:
    write(root, '{"a.b": 1, "a": {"b": 2}}\n{"a": {"b": 2}, "a.b": 3}\n')
    assert source().load(root, ["a.b"]).train["a.b"].tolist() == [1, 3]


MISFITS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "text and numbers": ('{"a": 1}\n{"a": "x"}\n', {}, ["has both numbers and text", '"x" in line 2 of \'a.jsonl\'', "types: {a: text}"]),
    "numbers and booleans": ('{"a": 1}\n{"a": true}\n', {}, ["has both", "true in line 2"]),
    "objects": ('{"a": {"b": 1}}\n', {}, ["has objects: 1 value, {\"b\": 1} in line 1", "columns of their own: `a.KEY`"]),
    "objects in lists": ('{"a": [{"b": 1}]}\n', {}, ["has objects"]),
    "lists of two lengths": ('{"a": [1]}\n{"a": [1, 2]}\n', {}, ["different shapes, [1] in line 1 of 'a.jsonl' and [2] in line 2"]),
    "a number and a list": ('{"a": 1}\n{"a": [1]}\n', {}, ["different shapes, [] in line 1"]),
    "ragged lists": ('{"a": [[1], [2, 3]]}\n', {}, ["lists"]),
    "empty lists": ('{"a": []}\n', {}, ["empty lists"]),
    "a missing list": ('{"a": [1]}\n{"b": 1}\n', {}, ["missing values in its lists"]),
    "null in a list": ('{"a": [1, null]}\n', {}, ["missing values in its lists"]),
    "integers beside fractions": ('{"a": 9007199254740993}\n{"a": 0.5}\n', {}, ["float64 would round, beside", "9007199254740993 in line 1"]),
    "integers beyond int64": ('{"a": 9223372036854775809}\n', {}, ["int64 has no room for"]),
    "declared integers": ('{"a": 1.5}\n', {"types": {"a": "integer"}}, ["is declared as `integer` in `types`", "1.5 in line 1"]),
    "declared numbers": ('{"a": "1"}\n', {"types": {"a": "number"}}, ["is declared as `number`", '"1" in line 1']),
    "declared text": ('{"a": 1.50}\n', {"types": {"a": "text"}}, ["is text, and has others"]),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_columns_that_do_not_fit_are_errors_of_what_reads_them(root: Root, case: str) -> None:
    text, arguments, words = MISFITS[case]
    write(root, text.replace("}\n", ', "other": "x"}\n').replace('{"b": 1, "other"', '{"b": 1, "other"'))
    with pytest.raises(RunError) as caught:
        source(**arguments).load(root, ["a"])
    found = "\n".join([caught.value.message, *caught.value.helps])
    assert caught.value.code == "E402" and [word for word in words if word not in found] == [], found
    assert set(source(**arguments).load(root, ["other"]).train["other"].tolist()) == {"x"}
    columns = source(**arguments).survey(root, ["a", "other"]).columns
    assert columns is not None and list(refused_arrays(columns)) == ["a"]


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "no JSON": ('{"a": 1}\n{"a": }\n', "line 2 of 'a.jsonl' is no JSON: expecting value, at its character 7"),
    "cut off": ('{"a": 1}\n{"a": 1', "line 2 of 'a.jsonl' is no JSON"),
    "two in a line": ('{"a": 1} {"a": 2}\n', "line 1 of 'a.jsonl' is no JSON: extra data"),
    "an array": ('[{"a": 1}, {"a": 2}]\n', "line 1 of 'a.jsonl' is a list, not an object"),
    "several lines": ('[\n  {"a": 1},\n', "is JSON of several lines, not of one row in each"),
    "an object of several lines": ('{\n  "a": 1\n}\n', "is JSON of several lines"),
    "a number": ("1\n", "line 1 of 'a.jsonl' is a number, not an object"),
    "null": ('{"a": 1}\nnull\n', "line 2 of 'a.jsonl' is null"),
    "a key twice": ('{"a": 1, "b": 2, "a": 3}\n', "line 1 of 'a.jsonl' has the key `a` twice"),
    "no UTF-8": (b'{"a": "x"}\n{"a": "caf\xe9"}\n', "'a.jsonl' is not in UTF-8: line 2 has b'\\xe9'"),
    "too deep": ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n", "line 1 of 'a.jsonl' cannot be read"),
    "too long a number": ('{"a": ' + "1" * 5_000 + "}\n", "line 1 of 'a.jsonl' cannot be read"),
    "half a character": ('{"a": "\\ud83d"}\n', "`a` has half a character"),
    "cut off in the only line": ('{"a": 1, "b', "line 1 of 'a.jsonl' is no JSON"),
    "UTF-16": ('{"a": 1}\n'.encode("utf-16"), "'a.jsonl' is not in UTF-8: line 1 has b'\\xff'"),
    "UTF-16 without a mark": ('{"a": 1}\n'.encode("utf-16-le"), "is not in UTF-8: line 1 has a character that is 0"),
    "a zero": (b'{"a": "x"}\n{"a": "\0"}\n', "line 2 has a character that is 0"),
    "packed": (b"\x1f\x8b\x08\0", "is packed with gzip"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_json_is_refused_with_its_line(root: Root, case: str) -> None:
    text, words = REFUSED[case]
    write(root, text)
    with pytest.raises(RunError) as caught:
        source().load(root)
    assert caught.value.code == "E405" and words in caught.value.message, caught.value.message


def test_a_column_that_no_row_has_is_none(root: Root) -> None:
    write(root, '{"a": 1}\n{"a": 2, "b": null}\n')
    columns = source().survey(root, ["a", "b", "c"]).columns
    assert columns is not None and set(columns) == {"a", "b"}
    assert set(source().load(root, ["a", "c"]).train) == {"a"}


def test_several_files_are_one_table(root: Root) -> None:
    write(root, '{"a": 1}\n', "a.jsonl")
    write(root, '{"a": 2.5, "b": "x"}\n', "b.jsonl")
    loaded = source("*.jsonl").load(root).train
    assert loaded["a"].tolist() == [1.0, 2.5] and loaded["b"].tolist() == [None, "x"]
    write(root, '{"a": true}\n', "c.jsonl")
    with pytest.raises(RunError, match=r"true in line 1 of 'c.jsonl'"):
        source("*.jsonl").load(root, ["a"])


def test_test_rows_are_read_by_the_types_of_training(root: Root) -> None:
    write(root, '{"zip": "00712", "n": 1}\n')
    write(root, '{"zip": 712, "n": 1.5}\n', "b.jsonl")
    loaded = source(test="b.jsonl").load(root)
    assert loaded.test is not None and loaded.test["zip"].tolist() == ["712"] and loaded.test["n"].tolist() == [1.5]
    write(root, '{"zip": "1", "n": "x"}\n', "b.jsonl")
    with pytest.raises(RunError, match="was numbers in the training rows, and has others"):
        source(test="b.jsonl").load(root, ["zip", "n"])


def test_files_without_rows_and_absent_ones_are_errors(root: Root) -> None:
    write(root, "\n\n")
    with pytest.raises(RunError, match="has no rows") as caught:
        source().load(root)
    assert caught.value.code == "E404"
    with pytest.raises(AbsentFile):
        source("b.jsonl").load(root)


def test_arrays_have_no_mask_where_nothing_is_missing(root: Root) -> None:
    write(root, '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n')
    loaded = source().load(root).train
    assert type(loaded["a"]) is np.ndarray and isinstance(loaded["b"], np.ma.MaskedArray)


@pytest.mark.parametrize("row", ["9" * 400, "[[1, 2], [3, " + "9" * 400 + "]]"])
def test_an_integer_beyond_float64_is_named(root: Root, row: str) -> None:
    write(root, '{"a": ' + row.replace("9" * 400, "1" + "0" * 308) + '}\n{"a": ' + row + "}\n")
    with pytest.raises(RunError, match=r"`a` has an integer beyond all numbers of float64, in line 2 of 'a.jsonl'"):
        source(types={"a": "number"}).load(root, ["a"])
    write(root, '{"a": ' + row.replace("9" * 400, "1" + "0" * 308) + "}\n")
    assert np.max(source(types={"a": "number"}).load(root, ["a"]).train["a"]) == 1e308


def test_lists_have_as_many_axes_as_arrays_can_have(root: Root) -> None:
    for count, ends in ((32, "]"), (33, "more than 32 in each other"), (600, "more than 32 in each other")):
        write(root, '{"a": ' + "[" * count + "1" + "]" * count + "}\n")
        columns = source().survey(root, ["a"]).columns
        assert columns is not None
        if count == 32:
            assert source().load(root).train["a"].shape == (1,) * 33 and ends
        else:
            assert ends in refused_arrays(columns)["a"].message
