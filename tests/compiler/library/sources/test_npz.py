"""The npz source: what it reads, and what it says of files that have no columns, or others than were meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.npz_files import header, npy, refused, write


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


COLUMNS: dict[str, Any] = {
    "pixels": np.arange(24, dtype=np.uint8).reshape(3, 2, 4),
    "price": np.array([1.5, -2.0, 3.25]),
    "count": np.array([1, 2**40, -3]),
    "flag": np.array([True, False, True]),
    "name": np.array(["cat", "dög", ""]),
    "code": np.array([b"a", b"bc", b""]),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_columns_come_back_as_they_were(root: Root, save: Any) -> None:
    save(root.folder / "a.npz", **COLUMNS)
    loaded = SOURCES.build({"npz": "a.npz"}).load(root)
    assert loaded.test is None
    assert loaded.train.keys() == COLUMNS.keys()
    for name, array in COLUMNS.items():
        np.testing.assert_array_equal(loaded.train[name], array)
        assert loaded.train[name].dtype == array.dtype


def test_headers_tell_the_type_and_number_of_rows(root: Root) -> None:
    np.savez_compressed(root.folder / "a.npz", **COLUMNS)
    source = SOURCES.build({"npz": "a.npz"})
    assert source.columns() is None
    assert source.inspect(root).columns == {
        "pixels": Column(TensorType((2, 4), "uint8"), rows=3),
        "price": Column(TensorType((), "float64"), rows=3),
        "count": Column(TensorType((), "int64"), rows=3),
        "flag": Column(TensorType((), "bool"), rows=3),
        "name": Column(TensorType((), "str"), rows=3),
        "code": Column(TensorType((), "bytes"), rows=3),
    }


def test_fortran_order_and_foreign_byte_order_change_nothing(root: Root) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    write(root, {"f.npy": npy(np.asfortranarray(array)), "b.npy": npy(array.astype(">f4"))})
    train = SOURCES.build({"npz": "a.npz"}).load(root).train
    for column in train.values():
        np.testing.assert_array_equal(column, array)
        assert column.dtype == np.dtype("float32")
        assert column.dtype.isnative
        assert column.flags.c_contiguous


def test_bools_other_than_0_and_1_become_plain_bools(root: Root) -> None:
    write(root, {"x.npy": header("(3,)", "'|b1'") + bytes([0, 2, 255])})
    column = SOURCES.build({"npz": "a.npz"}).load(root).train["x"]
    assert column.view(np.uint8).tolist() == [0, 1, 1]


def test_test_rows_come_from_a_file_of_their_own(root: Root) -> None:
    np.savez(root.folder / "a.npz", x=np.zeros((5, 2)))
    np.savez(root.folder / "b.npz", x=np.ones((3, 2)))
    loaded = SOURCES.build({"npz": {"train": "a.npz", "test": "b.npz"}}).load(root)
    assert loaded.test is not None
    assert len(loaded.train["x"]) == 5
    assert len(loaded.test["x"]) == 3


@pytest.mark.parametrize(
    ("test", "words"),
    [({"y": np.zeros((3, 2))}, ("`x`", "missing")), ({"x": np.zeros((3, 4))}, ("`x`", "[2]", "[4]"))],
)
def test_test_columns_must_be_like_those_for_training(root: Root, test: Any, words: tuple[str, ...]) -> None:
    np.savez(root.folder / "a.npz", x=np.zeros((5, 2)))
    np.savez(root.folder / "b.npz", **test)
    error = refused(root, "E404", {"npz": {"train": "a.npz", "test": "b.npz"}})
    assert all(word in error.message for word in words)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x": np.zeros(5), "y": np.zeros(4)}, ("`x` has 5 rows", "`y` has 4")),
        ({"x": np.zeros((0, 3))}, ("`x`", "no rows")),
        ({"x": np.float32(3)}, ("`x`", "single value")),
    ],
)
def test_lengths_that_do_not_fit_are_refused(root: Root, columns: Any, words: tuple[str, ...]) -> None:
    np.savez(root.folder / "a.npz", **columns)
    message = refused(root, "E404").message
    assert all(word in message for word in words)
    with pytest.raises(RunError):
        SOURCES.build({"npz": "a.npz"}).inspect(root)


@pytest.mark.parametrize(
    ("content", "said", "cure"),
    [
        (npy(np.zeros((3, 2))), "is an .npy file of one array", "x=numpy.load("),
        (b"rooms,price\n3,100\n", "is a text, not an .npz file", "{csv: a.npz}"),
        ("stra\u00dfe;preis\n3;1\n".encode(), "is a text, not an .npz file", "{csv: a.npz}"),
        (bytes(range(64)), "is damaged or not an .npz file", "numpy.savez_compressed"),
    ],
)
def test_a_file_of_another_kind_is_called_by_it(root: Root, content: bytes, said: str, cure: str) -> None:
    (root.folder / "a.npz").write_bytes(content)
    error = refused(root)
    assert said in error.message and cure in error.helps[0]


@pytest.mark.parametrize(("name", "sign"), [("train/x", "/"), ("a\\x", "\\")])
def test_an_array_with_a_path_for_a_name_is_called_by_it(root: Root, name: str, sign: str) -> None:
    write(root, {f"{name}.npy": npy(np.zeros(3))})
    error = refused(root)
    assert error.message == f"the array `{name}` in 'a.npz' has a `{sign}` in its name" and "train_x" in error.helps[0]


NAMED: dict[str, bytes] = {
    f"{name}.npy": npy(np.zeros((7, 2))) for name in ("train/x", "../x", "/x", "a\\x", ".x", "C:\\x")
}
FILES: dict[str, bytes] = {"notes.txt": b"made in May", "folder/": b"", "z": npy(np.zeros(2))}
OTHERS: dict[str, bytes] = {
    "object.npy": npy(np.array([{}], object), allow_pickle=True),
    "complex.npy": npy(np.zeros(3, "c8")),
    "dates.npy": npy(np.zeros(3, "M8[D]")),
    "fields.npy": npy(np.zeros(3, [("a", "f4")])),
    "axes.npy": header("(" + "1, " * 70 + ")") + bytes(4),
}


@pytest.mark.parametrize("first", [True, False])
def test_what_can_be_no_column_leaves_the_others_of_its_file_as_they_are(root: Root, first: bool) -> None:
    good = {"x.npy": npy(np.arange(6.0)), "y.npy": npy(np.arange(6))}
    others = {**NAMED, **OTHERS}
    write(root, {**FILES, **others, **good} if first else {**good, **others, **FILES})
    source = SOURCES.build({"npz": "a.npz"})
    columns = source.inspect(root).columns
    assert columns == {"x": Column(TensorType((), "float64"), rows=6), "y": Column(TensorType((), "int64"), rows=6)}
    refused = refused_arrays(columns or {})
    assert refused.keys() == {name.removesuffix(".npy") for name in others}
    assert all(error.code == "E405" and "'a.npz'" in error.message for error in refused.values())
    assert "has a `/` in its name" in refused["../x"].message and "never unpickled" in refused["object"].message
    train = source.load(root).train
    assert train.keys() == {"x", "y"}
    np.testing.assert_array_equal(train["x"], np.arange(6.0))


def test_an_archive_of_other_files_is_called_one(root: Root) -> None:
    write(root, FILES)
    assert refused(root).message == "'a.npz' contains something other than arrays: the member 'notes.txt'"


@pytest.mark.parametrize("content", [b"", header("(3,)") + bytes(11), b"nothing of the kind", header("(-1,)")])
def test_a_damaged_array_makes_its_file_a_damaged_one_whatever_is_read(root: Root, content: bytes) -> None:
    write(root, {"x.npy": npy(np.zeros(3)), "other.npy": content})
    assert "`other`" in refused(root).message


def test_a_column_that_can_be_none_in_the_test_file_is_called_by_it(root: Root) -> None:
    write(root, {"x.npy": npy(np.zeros(3))})
    write(root, {"x.npy": npy(np.zeros(3, "c8")), "y.npy": npy(np.zeros(3))}, "b.npz")
    assert "complex numbers" in refused(root, "E405", {"npz": {"train": "a.npz", "test": "b.npz"}}).message


@pytest.mark.parametrize(
    ("array", "cure"),
    [
        (np.zeros(3, "c8"), "array.real"),
        (np.zeros(3, "m8[s]"), "numpy.timedelta64"),
        (np.zeros(3, "M8[D]"), "numpy.datetime64"),
        (np.zeros(3, [("x", "f4"), ("y", "f4")]), "each field"),
    ],
)
def test_values_that_are_no_column_come_with_what_to_save(root: Root, array: np.ndarray, cure: str) -> None:
    np.savez(root.folder / "a.npz", x=array)
    assert cure in refused(root).helps[0]


def test_the_advised_conversions_of_times_are_right() -> None:
    days = (np.array(["2000-01-03"], "M8[D]") - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")
    assert days.tolist() == [2.0]
    assert (np.array([90], "m8[s]") / np.timedelta64(1, "s")).tolist() == [90.0]
