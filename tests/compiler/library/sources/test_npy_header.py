"""The parser of .npy headers, against numpy's own, and on what is no header."""

import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.compiler.library.sources.npy_header import MAX_AXES, BadHeader, Header, read_header

TEXT = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"


def file_of(text: str, version: bytes = b"\1\0") -> io.BytesIO:
    raw = text.encode("latin-1")
    return io.BytesIO(b"\x93NUMPY" + version + len(raw).to_bytes(2 if version[0] == 1 else 4, "little") + raw)


def refusal(text: str, version: bytes = b"\1\0") -> str:
    with pytest.raises(BadHeader) as caught:
        read_header(file_of(text, version))
    return str(caught.value)


dtypes = st.sampled_from(["<f4", ">f8", "<f2", "|b1", "|u1", "<i8", ">u4", "<U7", "|S3", ">U2"])


@given(st.lists(st.integers(0, 5), max_size=6), dtypes, st.booleans())
def test_every_header_that_numpy_writes_is_read(shape: list[int], dtype: str, fortran: bool) -> None:
    array = np.zeros(shape, dtype, order="F" if fortran else "C")
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    header = read_header(file)
    assert header.shape == array.shape
    assert np.dtype(header.code) == array.dtype and header.itemsize == array.dtype.itemsize
    assert (header.start, header.bytes) == (file.tell(), array.nbytes)
    file.seek(8)
    assert header.fortran_order == np.lib.format.read_array_header_1_0(file)[1]


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace(" ", ""),
        TEXT.replace("'", '"'),
        TEXT.replace(", }", "}"),
        TEXT.replace("(3, 4)", "(3, 4,)"),
        TEXT.replace("3, 4", "3L, 4L"),
        TEXT.replace(" ", "\n"),
        "{'shape': (3, 4), 'fortran_order': False, 'descr': 'float32'}" + " " * 50 + "\n",
    ],
)
@pytest.mark.parametrize("version", [b"\1\0", b"\2\0"])
def test_headers_of_other_writers_are_read_as_numpy_reads_them(text: str, version: bytes) -> None:
    header = read_header(file_of(text, version))
    file = file_of(text, version)
    np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the L, which Python 2 wrote
        assert (header.shape, header.fortran_order, np.dtype(header.code)) == read(file)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "}", "{}", "[]", "None", "{{}}", "{1: 2, 'a': 3}", "{[]: 1}", "\n  x\n y", "{" * 9000, "-" * 9000),
        *("{'descr': '<f4', 'shape': (3,)}", TEXT + "x", TEXT + TEXT, "{'a': 1, " + TEXT[1:], TEXT[:-1], TEXT[1:]),
        *("{'shape': (3,), 'shape': (3,), 'descr': '<f4', 'fortran_order': False}", "__import__('os')", "\0", "'" * 99),
        *(TEXT.replace("False", word) for word in ("0", "None", "'False'", "not True", "Falsehood")),
        *(TEXT.replace("'<f4'", word) for word in ("None", "4", "b'<f4'", "u'<f4'", "'<f4", "'<f4' '4'", "'\\x3cf4'")),
    ],
)
def test_what_is_no_header_is_refused(text: str) -> None:
    assert refusal(text) == "does not have the header of an array"


@pytest.mark.parametrize(
    "shape",
    [
        *(
            "3",
            "[3]",
            "(3)",
            "(-1, 4)",
            "(True, 4)",
            "(3.0,)",
            "('3',)",
            "(3, None)",
            "(,)",
            "(3,,4)",
            "(3 4)",
            "(03, 4)",
        ),
        *("((3,), 4)", "(0x3,)", "(1_0,)", "(3 + 1,)", "(" * 500, "(" + "9" * 5000 + ",)"),
    ],
)
def test_shapes_are_tuples_of_sizes(shape: str) -> None:
    refusal(TEXT.replace("(3, 4)", shape))


def test_shapes_have_at_most_the_axes_of_numpy() -> None:
    sizes = "1, " * MAX_AXES
    assert len(read_header(file_of(TEXT.replace("3, 4", sizes))).shape) == MAX_AXES
    assert refusal(TEXT.replace("3, 4", sizes + "1")) == "has more than 64 axes"


@pytest.mark.parametrize(
    ("descr", "words"),
    [
        *(
            ("'|O'", "never unpickled"),
            ("'O8'", "never unpickled"),
            ("'<M8[s]'", "dates"),
            ("'<c8'", "complex numbers"),
        ),
        *(
            ("[('a', '<f4')]", "structured"),
            ("('<f4', (2,))", "structured"),
            ("'|V4'", "bytes without"),
            ("'<f16'", "128 bits"),
        ),
        *(("'<U0'", "no length"), ("'|S'", "no length"), ("'f4,f4'", "unknown type"), ("'(2,2)f4'", "unknown type")),
        *(
            ("'<i3'", "24 bits"),
            ("'f'", "unknown type"),
            ("''", "unknown type"),
            ("'<f-4'", "unknown type"),
            ("'b8'", "unknown type"),
        ),
        *(("'bfloat16'", "unknown type"), ("'int'", "unknown type"), ("'<f4\0'", "unknown type")),
    ],
)
def test_only_numbers_and_strings_are_taken(descr: str, words: str) -> None:
    assert words in refusal(TEXT.replace("'<f4'", descr))


@pytest.mark.parametrize("version", [b"\3\0", b"\0\0", b"\1\1", b"\xff\xff"])
def test_other_versions_are_refused(version: bytes) -> None:
    assert "format" in refusal(TEXT, version)


def test_a_header_is_as_long_as_it_says() -> None:
    whole = file_of(TEXT).getvalue()
    assert isinstance(read_header(io.BytesIO(whole)), Header)
    for length in range(len(whole)):
        with pytest.raises(BadHeader):
            read_header(io.BytesIO(whole[:length]))
    assert "more than 10,000 bytes" in refusal(TEXT + " " * 10_000)
    with pytest.raises(BadHeader, match="more than 10,000 bytes"):
        read_header(io.BytesIO(b"\x93NUMPY\2\0\xff\xff\xff\x7f" + TEXT.encode()))
