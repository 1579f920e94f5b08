"""Rows of tables that cannot be read are left out where a spec asks for it: all others are as in a table without these."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.bad_row import NO_SKIPS, skips_of
from modelc.compiler.library.contracts.data_source import Source
from modelc.compiler.library.sources.tables.csv import Csv
from modelc.compiler.library.sources.tables.csv_faults import longest_row
from modelc.compiler.library.sources.tables.headers import Dialect
from modelc.compiler.library.sources.tables.jsonl import Jsonl
from modelc.compiler.syntax.file_root import Root

NUMBERS = {"a": "number", "b": "number"}


def loaded(folder: Path, source: Source, wanted: dict[str, str | None] | None = None) -> dict[str, np.ndarray]:
    """The columns of the training rows."""
    return dict(source.skipping(NUMBERS if wanted is None else wanted).load(Root(folder, folder)).train)


def left_out(folder: Path, source: Source, wanted: dict[str, str | None] | None = None) -> list[str]:
    """What is said of the rows that are left out."""
    columns = source.skipping(NUMBERS if wanted is None else wanted).load(Root(folder, folder)).train
    return [str(row) for row in skips_of(columns).rows]


GOOD = [(place, place / 4) for place in range(30)]
BAD_LINES = {
    b"1": "it has 1 field, and there are 2 columns",
    b"1,2,3": "it has 3 fields, and there are 2 columns",
    b"1,2,": "it has 3 fields, and there are 2 columns",
    b"x,2": "`a` 'x' is no number",
    b'"a, b",2': "`a` 'a, b' is no number",
    b"1,\xff": "it has bytes that are no text in the encoding of the file",
    b"1,\0": "it has a character that is 0",
    "1,早い".encode(): "`b` '早い' is no number",
    b"1,inf": "`b` 'inf' is no number",
    b"1,1e999": "`b` '1e999' is no number",
}


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("seed", range(6))
def test_bad_rows_of_csv_are_left_out_wherever_they_stand(tmp_path: Path, seed: int, ends: bytes) -> None:
    draw = random.Random(seed)
    lines: list[tuple[bytes, str]] = [(f"{a},{b}".encode(), "") for a, b in GOOD]
    for _ in range(draw.randrange(1, 8)):
        bad = draw.choice([*BAD_LINES])
        lines.insert(draw.randrange(len(lines) + 1), (bad, BAD_LINES[bad]))
    (tmp_path / "a.csv").write_bytes(ends.join([b"a,b", *(line for line, _ in lines)]) + ends)
    source = Csv(train=("a.csv",))
    columns = source.skipping(NUMBERS).load(Root(tmp_path, tmp_path)).train
    assert [*zip(columns["a"].tolist(), columns["b"].tolist(), strict=True)] == GOOD
    skips = skips_of(columns)
    expected = [f"line {place + 2} of 'a.csv': {fault}" for place, (_, fault) in enumerate(lines) if fault]
    assert [str(row) for row in skips.rows] == expected
    assert [row.row for row in skips.rows] == [place for place, (_, fault) in enumerate(lines) if fault]
    assert skips.numbers is not None
    assert skips.numbers.tolist() == [place for place, (_, fault) in enumerate(lines) if not fault]
    places = source.skipping(NUMBERS).places_of(Root(tmp_path, tmp_path), skips.numbers.tolist())
    assert [line for _, line in places.values()] == [place + 2 for place, (_, fault) in enumerate(lines) if not fault]


def test_a_table_without_bad_rows_is_read_as_without_the_key(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n" + "".join(f"{a},{b},{a % 3}\n" for a, b in GOOD))
    source = Csv(train=("a.csv",))
    columns, plain = (
        source.skipping(NUMBERS).load(Root(tmp_path, tmp_path)).train,
        source.load(Root(tmp_path, tmp_path)).train,
    )
    assert skips_of(columns) == NO_SKIPS and columns.keys() == plain.keys()
    for name, column in plain.items():
        assert columns[name].dtype == column.dtype and (columns[name] == column).all()


def test_only_columns_that_are_read_make_rows_bad(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in GOOD) + "x,1\n1,x\n")
    source = Csv(train=("a.csv",))
    assert left_out(tmp_path, source, {"b": "number"}) == ["line 33 of 'a.csv': `b` 'x' is no number"]
    assert left_out(tmp_path, source, {"b": None}) == []
    columns = loaded(tmp_path, source, {"b": "number"})
    assert columns["a"].dtype.kind == "T" and columns["b"].dtype == "float64" and len(columns["a"]) == 31


@pytest.mark.parametrize(
    ("types", "bad", "said"),
    [
        ({"a": "integer"}, "1.5", "is no integer of 64 bits"),
        ({"a": "integer"}, "9223372036854775808", "is no integer of 64 bits"),
        ({"a": "integer"}, "one", "is no integer of 64 bits"),
        ({"a": "number"}, "one", "is no number"),
    ],
)
def test_declared_types_say_which_rows_are_bad(tmp_path: Path, types: dict[str, str], bad: str, said: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in GOOD) + f"{bad},1\n")
    source = Csv.model_validate({"train": "a.csv", "types": types})
    assert left_out(tmp_path, source, {"a": None}) == [f"line 32 of 'a.csv': `a` {bad!r} {said}"]
    assert loaded(tmp_path, source, {"a": None})["a"].tolist() == [a for a, _ in GOOD]


def test_test_rows_are_bad_where_they_are_not_as_training_was(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in GOOD))
    (tmp_path / "t.csv").write_text("a,b\n1,2\nx,3\n4,5,6\n7,8\n")
    found = Csv(train=("a.csv",), test=("t.csv",)).skipping({"a": None, "b": None}).load(Root(tmp_path, tmp_path))
    assert found.test is not None and found.test["a"].tolist() == [1, 7]
    assert [str(row) for row in skips_of(found.test).rows] == [
        "line 3 of 't.csv': `a` 'x' is no number",
        "line 4 of 't.csv': it has 3 fields, and there are 2 columns",
    ]


@pytest.mark.parametrize("text", ['a,b\n1,2\n3,"4\n5,6\n', 'a,b\n1,2\n3,"4"5\n5,6\n'])
def test_what_no_row_can_be_told_to_have_stays_an_error_that_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(RunError) as caught:
        loaded(tmp_path, Csv(train=("a.csv",)))
    assert caught.value.code == "E405" and "where a row ends is not known" in caught.value.notes[0]


def test_rows_of_several_files_are_numbered_on(tmp_path: Path) -> None:
    for name, text in {"a": "1,1\n2\n3,3\n", "b": "x,4\n5,5\n", "c": "6,6\n"}.items():
        (tmp_path / f"{name}.csv").write_text("a,b\n" + text)
    columns = Csv(train=("a.csv", "b.csv", "c.csv")).skipping(NUMBERS).load(Root(tmp_path, tmp_path)).train
    assert columns["a"].tolist() == [1, 3, 5, 6]
    skips = skips_of(columns)
    assert [(row.row, row.file, row.line) for row in skips.rows] == [(1, "a.csv", 3), (3, "b.csv", 2)]
    assert skips.numbers is not None and skips.numbers.tolist() == [0, 2, 4, 5]


BAD_JSON = {
    b'{"a": 1': "it is no JSON: expecting ',' delimiter, at its character 8",
    b"[1, 2]": "it is a list, not an object",
    b"null": "it is null, not an object",
    b'{"a": 1, "a": 2, "b": 3}': "it has the key `a` twice",
    b'{"a": "1", "b": 2}': "`a` '\"1\"' is no number",
    b'{"a": {"c": 1}, "b": 2}': "`a` '{\"c\": 1}' is no number",
    b'{"a": [1, 2], "b": 2}': "`a` '[1, 2]' has shape [2], and others []",
    b'{"a": "\xff", "b": 2}': "it is not in UTF-8: it has b'\\xff'",
}


@pytest.mark.parametrize("seed", range(6))
def test_bad_rows_of_json_lines_are_left_out_wherever_they_stand(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    lines: list[tuple[bytes, str]] = [(json.dumps({"a": a, "b": b}).encode(), "") for a, b in GOOD]
    for _ in range(draw.randrange(1, 4)):
        bad = draw.choice([*BAD_JSON])
        lines.insert(draw.randrange(1, len(lines) + 1), (bad, BAD_JSON[bad]))
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(line for line, _ in lines) + b"\n")
    columns = Jsonl(train=("a.jsonl",)).skipping(NUMBERS).load(Root(tmp_path, tmp_path)).train
    assert [*zip(columns["a"].tolist(), columns["b"].tolist(), strict=True)] == GOOD
    expected = [f"line {place + 1} of 'a.jsonl': {fault}" for place, (_, fault) in enumerate(lines) if fault]
    assert [str(row) for row in skips_of(columns).rows] == expected


def test_lists_of_another_shape_than_nearly_all_are_bad(tmp_path: Path) -> None:
    rows = [json.dumps({"a": [place, place + 1], "b": place}) for place in range(30)]
    bad = ['{"a": [1], "b": 2}', '{"a": null, "b": 2}', '{"a": [1, null], "b": 2}']
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, *bad]) + "\n")
    assert loaded(tmp_path, Jsonl(train=("a.jsonl",)))["a"].shape == (30, 2)
    assert left_out(tmp_path, Jsonl(train=("a.jsonl",))) == [
        "line 31 of 'a.jsonl': `a` '[1]' has shape [1], and others [2]",
        "line 32 of 'a.jsonl': `a` is missing",
        "line 33 of 'a.jsonl': `a` has a missing value in its list",
    ]


def test_a_file_of_bad_rows_alone_is_an_error_with_the_first_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1\n" * 8)
    (tmp_path / "a.jsonl").write_text("1\n" * 8)
    for source in (Csv(train=("a.csv",)), Jsonl(train=("a.jsonl",))):
        with pytest.raises(RunError) as caught:
            loaded(tmp_path, source)
        assert caught.value.code == "E404" and caught.value.message == "of 8 rows 0 can be read"
        assert len(caught.value.notes) == 6 and caught.value.notes[-1] == "and 3 more"


def test_bytes_that_are_no_text_have_a_length(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,\xff\xfe\n1,2\n")
    with (tmp_path / "a.csv").open("rb") as file:
        assert longest_row(file, Dialect(",", "utf-8", lenient=True), 2) == (2, 3)
