"""The npz source: what it reads, and hostile or damaged files, which end in a coded error and in nothing else."""

import io
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, refused_arrays
from modelc.compiler.library.sources import SOURCES, archive
from modelc.compiler.syntax.file_root import Root


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


def npy(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def header(shape: str, dtype: str = "'<f4'", version: bytes = b"\x01\x00") -> bytes:
    """A .npy header that declares whatever it likes."""
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    size = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + text


def write(root: Root, members: dict[str, bytes], name: str = "a.npz", method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(root.folder / name, "w", method) as file:
        for member, content in members.items():
            file.writestr(member, content)


def refused(root: Root, code: str = "E405", notation: Any = None) -> RunError:
    """The error with which the source refuses to load."""
    source = SOURCES.build(notation or {"npz": "a.npz"})
    with pytest.raises(RunError) as caught:
        source.load(root)
    assert caught.value.code == code
    return caught.value


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


def test_nothing_is_ever_unpickled(root: Root) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (root.folder / "sprung",))

    np.savez(root.folder / "a.npz", x=np.array([Trap()], dtype=object), allow_pickle=True)
    assert "never unpickled" in refused(root).message
    write(root, {"x.npy": pickle.dumps(Trap())})
    refused(root)
    (root.folder / "a.npz").write_bytes(pickle.dumps(Trap()))
    refused(root)
    assert not (root.folder / "sprung").exists()


@pytest.mark.parametrize(
    "member", ["../x.npy", "/x.npy", "a/../../x.npy", "a\\x.npy", "x", "x.pkl", ".npy", "a\nb.npy"]
)
def test_members_with_other_names_than_arrays_are_refused(root: Root, member: str) -> None:
    write(root, {member: npy(np.zeros(3))})
    refused(root)


def test_an_array_that_comes_twice_is_refused(root: Root) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(root.folder / "a.npz", "w") as file:
        warnings.simplefilter("ignore")
        file.writestr("x.npy", npy(np.zeros(3)))
        file.writestr("x.npy", npy(np.ones(3)))
    assert "twice" in refused(root).message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        header("(1000000000000,)"),
        header("(3,)") + bytes(11),
        header("(3,)") + bytes(13),
        header("(-1,)") + bytes(12),
        header("(0, -5)"),
        header("(10**9,)"),
        header("(99999999999999999999999999,)"),
        header("(4611686018427387904, 4)"),
        header("(1000000000000000000,)", "'<U0'"),
        header("(3,)", "'|O'") + bytes(24),
        header("(3,)", "[('a', '<f4'), ('b', '<f4')]") + bytes(24),
        header("(3,)", "'<c8'") + bytes(24),
        header("(3,)", "'<M8[s]'") + bytes(24),
        header("(3,)", "'nonsense'") + bytes(24),
        header("(3,)", "__import__('os')") + bytes(24),
        header("(3,)", version=b"\x03\x00") + bytes(12),
        header("(3,)", version=b"\x09\x00") + bytes(12),
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{",
    ],
)
def test_headers_that_lie_or_hold_no_numbers_are_refused(root: Root, content: bytes) -> None:
    write(root, {"x.npy": content})
    refused(root)


def test_columns_that_do_not_fit_into_memory_are_refused_before_it_is_taken(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "available_memory", lambda: 10**9)
    monkeypatch.setattr(archive, "read_array", lambda *_: pytest.fail("memory was taken"))
    write(root, {"x.npy": header("(4, 1000)") + bytes(16_000), "y.npy": header("(4, 100000000)") + bytes(16)})
    claim(root, 1, 1_600_000_000 + 128)
    error = refused(root, "E502")
    assert error.message == ("the columns that are read of 'a.npz' take 1.6 GB of memory, but 1.0 GB are available")
    assert error.notes == ("the largest is `y`: [4, 100000000] float32",)


def test_a_column_that_nothing_reads_takes_no_memory(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "available_memory", lambda: 10_000)
    np.savez_compressed(root.folder / "a.npz", x=np.arange(6), bomb=np.zeros((6, 10_000)))
    train = SOURCES.build({"npz": "a.npz"}).load(root, ("x", "missing")).train
    assert train.keys() == {"x"}
    np.testing.assert_array_equal(train["x"], np.arange(6))
    refused(root, "E502")


def test_zeros_that_compress_a_thousand_times_are_read(root: Root) -> None:
    np.savez_compressed(root.folder / "a.npz", x=np.zeros((4, 250_000)))
    assert (root.folder / "a.npz").stat().st_size < 10_000
    column = SOURCES.build({"npz": "a.npz"}).load(root).train["x"]
    assert column.shape == (4, 250_000) and not column.any()


def test_an_array_in_the_order_of_fortran_needs_room_to_be_turned(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "available_memory", lambda: 1000)
    write(root, {"x.npy": npy(np.zeros((10, 10)))})
    SOURCES.build({"npz": "a.npz"}).load(root)
    write(root, {"x.npy": npy(np.zeros((10, 10), order="F"))})
    refused(root, "E502")


def claim(root: Root, place: int, size: int) -> None:
    """Let the directory declare `size` bytes for its member at `place`, and enough that they could come of."""
    raw = bytearray((root.folder / "a.npz").read_bytes())
    entries = [at for at in range(len(raw)) if raw.startswith(b"PK\x01\x02", at)]
    raw[entries[place] + 20 : entries[place] + 28] = (size // 1000).to_bytes(4, "little") + size.to_bytes(4, "little")
    (root.folder / "a.npz").write_bytes(raw)


def test_what_no_compression_can_have_made_of_so_few_bytes_is_refused(root: Root) -> None:
    write(root, {"x.npy": header("(4, 100000000)") + bytes(16)})
    raw = bytearray((root.folder / "a.npz").read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (1_600_000_000 + 128).to_bytes(4, "little")
    (root.folder / "a.npz").write_bytes(raw)
    assert "does not have the length in its header" in refused(root).message


def test_more_members_than_any_table_has_columns_are_refused(root: Root) -> None:
    write(root, dict.fromkeys((f"{n}.npy" for n in range(archive.MAX_ARRAYS + 1)), b""), method=zipfile.ZIP_STORED)
    assert "contains 10,001 arrays, more than the limit of 10,000" in refused(root).message


def test_a_list_of_members_of_many_bytes_is_not_read(root: Root) -> None:
    write(root, dict.fromkeys((f"{n}{'x' * 60_000}.npy" for n in range(40)), b""), method=zipfile.ZIP_STORED)
    assert "is damaged or not an .npz file" in refused(root).message


def test_a_directory_that_declares_more_than_there_is_is_refused(root: Root) -> None:
    write(root, {"x.npy": header("(100,)") + bytes(400)})
    raw = bytearray((root.folder / "a.npz").read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (2**31).to_bytes(4, "little")
    (root.folder / "a.npz").write_bytes(raw)
    refused(root)


def test_strange_compression_and_encryption_are_refused(root: Root) -> None:
    write(root, {"x.npy": npy(np.zeros(3))}, method=zipfile.ZIP_LZMA)
    refused(root)
    write(root, {"x.npy": npy(np.zeros(3))})
    raw = bytearray((root.folder / "a.npz").read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    (root.folder / "a.npz").write_bytes(raw)
    assert "encrypted" in refused(root).message


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip", npy(np.zeros(3)), b"PK\x05\x06" + bytes(18)])
def test_other_files_are_refused(root: Root, content: bytes) -> None:
    (root.folder / "a.npz").write_bytes(content)
    message = refused(root).message
    assert "a.npz" in message
    assert "not a zip" not in message


def test_an_archive_behind_other_bytes_is_refused(root: Root) -> None:
    write(root, {"x.npy": npy(np.zeros(3))})
    path = root.folder / "a.npz"
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    assert zipfile.is_zipfile(path)
    assert "is damaged or not an .npz file" in refused(root).message


def test_a_file_that_is_not_there_is_missing(root: Root) -> None:
    assert "there is no file 'a.npz'" in refused(root).message
    assert "points outside the spec's folder" in refused(root, "E405", {"npz": "../a.npz"}).message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_random_damage_never_gives_other_numbers_or_another_error(root: Root, save: Any) -> None:
    file = io.BytesIO()
    save(file, x=np.arange(60, dtype=np.int16).reshape(20, 3), y=np.linspace(0, 1, 20))
    whole = file.getvalue()
    source = SOURCES.build({"npz": "a.npz"})
    (root.folder / "a.npz").write_bytes(whole)
    wanted = source.load(root).train
    random = np.random.default_rng(0)
    refusals = 0
    for _ in range(400):
        raw = bytearray(whole)
        for place in random.integers(0, len(raw), size=random.integers(1, 4)):
            raw[place] = random.integers(256)
        if random.random() < 0.2:
            raw = raw[: random.integers(len(raw))]
        (root.folder / "a.npz").write_bytes(raw)
        try:
            found = source.load(root).train
        except RunError:
            refusals += 1
            continue
        # A name may change (columns are then missing by name); under the same name stand the same numbers.
        for name in found.keys() & wanted.keys():
            np.testing.assert_array_equal(found[name], wanted[name])
    assert refusals > 200
