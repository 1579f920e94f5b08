"""What is found in the bytes of csv files, compared with what the text as a whole says; and that sound files are read by the engine
alone.
"""

import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelc.compiler.library.sources.tables import csv_bytes, csv_reading
from modelc.compiler.library.sources.tables.csv_bytes import delimiters_in, look_at
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.tables.test_csv import read, refused, root  # noqa: F401  # a fixture

PIECES = st.lists(
    st.sampled_from([b",", b"\n", b"\r", b"\r\n", b",\r\n", b'"', b"_", b"\v", b"\f", b"1", "é😀".encode(), b"\xc3", b"\0"]),
    max_size=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, width=st.integers(1, 2), size=st.integers(1, 5))
def test_what_is_found_does_not_depend_on_the_parts(
    pieces: list[bytes], width: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_bytes, "CHUNK", size)
    content = b"".join(pieces)
    found = look_at(io.BytesIO(content), ",", width)
    alone = bool(re.search(rb"\r(?!\n)", content))
    both_kinds = b"\r\n" in content and bool(re.search(rb"(?<!\r)\n", content))
    assert found.mixes_line_ends == ((b"\n" in content and alone) or (width == 1 and both_kinds))
    assert found.ends_with_delimiter == bool(re.search(rb",(?:\r|\n|\Z)", content))
    assert set(found.signs) == {
        sign for sign in "_\n\r\v\f" if sign.encode() in content and (sign not in "\r\n" or b'"' in content)
    }
    try:
        assert found.is_no_text == ("\0" in content.decode())
    except UnicodeDecodeError:
        assert found.is_no_text
    assert delimiters_in(io.BytesIO(content), ",") == content.count(b",")


SOUND: dict[str, str | bytes] = {
    "a last column of missing values": "a,b\n1,\n2,x\n",
    "delimiters in fields": 'a,b\n1,\n"2, 3","x,\n, y"\n',
    "delimiters in names": '"a,","b\'"\n1,\n',
    "the end": "a,b\n1,x\n2,",
    "CRLF": 'a,b\r\n1,\r\n"x,",2\r\n',
    "empty lines": "a,b\n\n1,\n\n",
    "UTF-16": "a,b\n1,\n".encode("utf-16"),
}


@pytest.mark.parametrize("case", SOUND)
def test_sound_files_are_not_read_row_by_row(
    root: Root,  # noqa: F811
    case: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(csv_reading, "fault_of")
    encoding = {"encoding": "utf-16"} if case == "UTF-16" else {}
    columns = read(root, SOUND[case], **encoding)
    assert None in [*columns.values()][1]


@pytest.mark.parametrize("case", [case for case in SOUND if case != "UTF-16"])
def test_an_empty_field_too_many_is_found_in_each_of_these(root: Root, case: str) -> None:  # noqa: F811
    text = str(SOUND[case])
    end = "\r\n" if "\r" in text else "\n"
    said = refused(root, text + ("" if text.endswith(end) else end) + f"5,,{end}", delimiter=",")
    assert "are not of 2 fields" in said or "is not of 2 fields" in said
    assert "has 3 fields ('5', '', '')" in said


def test_signs_that_the_engine_takes_in_numbers_are_text_in_every_file(root: Root) -> None:  # noqa: F811
    for value in ("1_000", "1\v", "1\f", '"1\n"', '"\r1"', '"1\r"', "01", "-01", "+01", " 01", "inf", "-nan", "0_1"):
        columns = read(root, f"a,b\n{value},1\n2,2\n")
        assert [type(item) for item in columns["a"]] == [str, str], value
        assert columns["b"] == [1, 2]
