"""Random tables, read as the standard library reads them, and numbers as Python reads them."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from modelc.compiler.library.contracts.data_source import refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.tables.column_types import Counts, Notation
from modelc.compiler.library.sources.tables.engine import engine
from modelc.compiler.syntax.file_root import Root

CELLS = st.text(
    st.one_of(
        st.sampled_from(list("ab,;|\t\"'\n 0123456789.-+eE#\\😀é\u202e\u00a0")),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"),
    ),
    max_size=12,
)
WITH_RETURNS = st.text(st.sampled_from(list('a",\n\r 1')), max_size=6)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def written(rows: list[list[str]], delimiter: str, line_end: str, *, quote_all: bool) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerows(rows)
    return text.getvalue()


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    row = st.lists(CELLS, min_size=width, max_size=width)
    return [[f"c{place}" for place in range(width)], *draw(st.lists(row, min_size=1, max_size=6))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_texts_are_those_of_the_standard_library(
    tmp_path: Path, table: list[list[str]], delimiter: str, line_end: str, quote_all: bool
) -> None:
    text = written(table, delimiter, line_end, quote_all=quote_all)
    wanted = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    (tmp_path / "a.csv").write_bytes(text.encode())
    arguments = {"delimiter": delimiter, "missing_values": [], "types": dict.fromkeys(table[0], "text")}
    loaded = SOURCES.build({"csv": {"train": "a.csv", **arguments}}).load(Root(tmp_path, tmp_path)).train
    assert [list(row) for row in zip(*(column.tolist() for column in loaded.values()), strict=True)] == wanted[1:]


@st.composite
def raw_texts(draw: st.DrawFn) -> tuple[int, str]:
    """The width of a table, and its text: in quotes what has to be, and more; with lines that end as the first, or in several ways."""
    width, ends, text = draw(st.integers(1, 3)), draw(st.sampled_from(["\n", "\r\n", "\r", ""])), ""
    for _ in range(draw(st.integers(2, 6))):
        row = draw(st.lists(st.tuples(WITH_RETURNS, st.booleans()), min_size=width, max_size=width))
        fields = [
            '"' + cell.replace('"', '""') + '"' if all or set(cell) & set('",\r\n') else cell for cell, all in row
        ]
        end = ends or draw(st.sampled_from(["\n", "\r\n", "\r"]))
        text += ",".join(fields) + end * draw(st.sampled_from([1, 1, 1, 2]))
    return width, text


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw_texts(), st.booleans())
def test_line_ends_in_and_between_rows_are_those_of_the_standard_library(
    tmp_path: Path, table: tuple[int, str], has_header: bool
) -> None:
    width, text = table
    assume(text.strip("\r\n"))
    names = [f"c{place}" for place in range(width)]
    if has_header:
        # A header is one of names; line ends in it say nothing of those of rows.
        text = ",".join(f'"{name}\n"' for name in names) + text[-1] + text
    wanted = [row or [""] for row in csv.reader(io.StringIO(text, newline="")) if row or width == 1][has_header:]
    (tmp_path / "a.csv").write_bytes(text.encode())
    arguments: dict[str, Any] = {"delimiter": ",", "missing_values": []}
    arguments |= {} if has_header else {"column_names": names}
    arguments["types"] = dict.fromkeys((f"{name}\n" if has_header else name for name in names), "text")
    loaded = SOURCES.build({"csv": {"train": "a.csv", **arguments}}).load(Root(tmp_path, tmp_path)).train
    assert [list(row) for row in zip(*(column.tolist() for column in loaded.values()), strict=True)] == wanted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(INTEGERS, FLOATS, st.integers(-(10**6), 10**6)), min_size=1, max_size=20))
def test_numbers_are_those_of_python(tmp_path: Path, rows: list[tuple[int, float, int]]) -> None:
    text = "i,f,n\n" + "".join(f"{one},{other!r},{small / 8}\n" for one, other, small in rows)
    (tmp_path / "a.csv").write_text(text)
    loaded = SOURCES.build({"csv": "a.csv"}).load(Root(tmp_path, tmp_path)).train
    assert loaded["i"].tolist() == [one for one, _, _ in rows] and loaded["i"].dtype == "int64"
    # The floats of 2**53 and more that Python writes without an exponent have a fraction of 0.
    assert loaded["f"].tolist() == [other for _, other, _ in rows] and loaded["f"].dtype == "float64"
    assert loaded["n"].tolist() == [small / 8 for _, _, small in rows]


NUMBERS = st.one_of(
    INTEGERS.map(str),
    st.integers(-(2**130), 2**130).map(str),
    st.integers(0, 2**70).map(lambda value: str(2 ** value.bit_length())),
    FLOATS.map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text(st.sampled_from(list("0123456789.,-+eE _xinfa")), max_size=9),
    CELLS,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NUMBERS, min_size=1, max_size=40), st.sampled_from([".", ","]))
def test_the_sort_of_a_value_is_the_same_in_the_engine_and_in_messages(
    tmp_path: Path, values: list[str], decimal: str
) -> None:
    notation = Notation(("", "NA"), decimal)
    (tmp_path / "empty").write_bytes(b"")
    with (tmp_path / "empty").open("rb") as file, engine(file) as opened:
        found = [
            opened.rows(
                f"select {notation.code_of('$value', notation.as_float('$value'))}", value=value, missing=["", "NA"]
            )[0][0]
            for value in values
        ]
    assert [Counts._fields[code] for code in found] == [notation.sort_of(value) for value in values]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NUMBERS, min_size=1, max_size=12))
def test_nothing_is_rounded_but_a_fraction(tmp_path: Path, values: list[str]) -> None:
    """Whatever a column becomes, an integer in it is the same integer."""
    rows = [["x", "y"], *([value, "1"] for value in values)]
    (tmp_path / "a.csv").write_bytes(written(rows, ",", "\n", quote_all=True).encode())
    source = SOURCES.build({"csv": {"train": "a.csv", "delimiter": ","}})
    columns = source.survey(Root(tmp_path, tmp_path), ["x"]).columns
    assert columns is not None
    if refused := refused_arrays(columns):
        assert refused["x"].code == "E402"
        return
    column = source.load(Root(tmp_path, tmp_path), ["x"]).train["x"]
    for value, read in zip(values, column.tolist(), strict=True):
        if column.dtype.kind == "T":
            assert read == value or (read is None and value == "")
        elif value == "":
            assert read is None
        elif column.dtype.kind == "i" or float(value).is_integer():
            assert read == (int(value) if value.strip().lstrip("+-").isdecimal() else float(value))
        else:
            assert read == float(value) and math.isfinite(read)


@pytest.mark.parametrize("count", [1, 2])
def test_rows_of_a_single_column_are_those_of_the_standard_library(tmp_path: Path, count: int) -> None:
    (tmp_path / "a.csv").write_text("x\n" + "a b\n" * count)
    loaded = SOURCES.build({"csv": {"train": "a.csv", "delimiter": ","}}).load(Root(tmp_path, tmp_path)).train
    assert loaded["x"].tolist() == ["a b"] * count
