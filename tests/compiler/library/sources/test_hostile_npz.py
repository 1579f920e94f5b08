"""The npz source on hostile and damaged files, which end in a coded error and in nothing else."""

import io
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources import SOURCES, archive
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.npz_files import header, npy, refused, write


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache")


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
