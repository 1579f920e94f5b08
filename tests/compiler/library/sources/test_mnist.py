"""MNIST from the cache and from mirrors that a test stands in for; nothing here touches the network."""

import gzip
import io
import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources import SOURCES, download, mnist
from modelc.compiler.syntax.file_root import Root

# As large as MNIST, but blank, which compresses to a few kilobytes.
ARRAYS = {name: np.zeros(shape, np.uint8) for name, shape in mnist.SHAPES.items()}
ARRAYS["y_train"][:10] = range(10)
ARRAYS["x_test"][0] = 255


def npz(**changes: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **{name: array for name, array in {**ARRAYS, **changes}.items() if array is not None})
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes(), compresslevel=1)


class Mirrors:
    """Stands in for `urlopen`: `files` by url; every other url fails as without network."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []

    def __call__(self, url: str, timeout: float) -> io.BytesIO:
        assert timeout == download.TIMEOUT
        self.asked.append(url)
        if url not in self.files:
            raise URLError("no network in this test")
        return io.BytesIO(self.files[url])


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache" / "modelc")


def serve(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> Mirrors:
    mirrors = Mirrors(files)
    monkeypatch.setattr("urllib.request.urlopen", mirrors)
    return mirrors


def serve_idx(monkeypatch: pytest.MonkeyPatch) -> Mirrors:
    packed = {name: idx(array) for name, array in ARRAYS.items()}
    names = {name: file for name, (file, _) in mnist.IDX_FILES.items()}
    monkeypatch.setattr(
        mnist, "IDX_FILES", {name: (names[name], sha256(content).hexdigest()) for name, content in packed.items()}
    )
    return serve(monkeypatch, {mnist.IDX + names[name]: content for name, content in packed.items()})


def assert_loaded(root: Root) -> None:
    source = SOURCES.build("mnist")
    loaded = source.load(root)
    assert loaded.test is not None
    for part, rows in ((loaded.train, "train"), (loaded.test, "test")):
        np.testing.assert_array_equal(part["image"], ARRAYS[f"x_{rows}"])
        np.testing.assert_array_equal(part["label"], ARRAYS[f"y_{rows}"])
    columns = source.inspect(root).columns
    assert columns is not None
    assert {name: (column.rows, column.type and column.type.shape) for name, column in columns.items()} == {
        "image": (60_000, (28, 28)),
        "label": (60_000, ()),
    }
    assert os.listdir(root.cache) == ["mnist.npz"]


def test_a_file_in_the_cache_is_taken_without_asking_anyone(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors = serve(monkeypatch, {})
    root.cache.mkdir(parents=True)
    (root.cache / "mnist.npz").write_bytes(npz())
    assert_loaded(root)
    assert mirrors.asked == []


def test_it_is_downloaded_once(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    content = npz()
    monkeypatch.setattr(mnist, "NPZ_DIGEST", sha256(content).hexdigest())
    mirrors = serve(monkeypatch, {mnist.NPZ: content})
    assert_loaded(root)
    assert_loaded(root)
    assert mirrors.asked == [mnist.NPZ]


@pytest.mark.parametrize("first", [None, b"a login page", b"x" * (mnist.LIMIT + 1)], ids=["dead", "wrong", "endless"])
def test_the_second_mirror_helps_where_the_first_fails(
    root: Root, monkeypatch: pytest.MonkeyPatch, first: bytes | None
) -> None:
    mirrors = serve_idx(monkeypatch)
    if first is not None:
        mirrors.files[mnist.NPZ] = first
    assert_loaded(root)
    assert len(mirrors.asked) == 5


def test_without_network_the_error_says_which_file_to_put_where(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, {})
    with pytest.raises(RunError) as caught:
        SOURCES.build("mnist").load(root)
    assert caught.value.code == "E406"
    assert mnist.NPZ in caught.value.helps[0]
    assert str(root.cache / "mnist.npz") in caught.value.helps[0]
    assert "no network in this test" in caught.value.notes[0]


@pytest.mark.parametrize("failure", [TimeoutError("timed out"), ConnectionResetError(), ValueError("unknown url")])
def test_every_failure_of_the_network_ends_in_that_error(
    root: Root, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(url: str, timeout: float) -> None:
        raise failure

    monkeypatch.setattr("urllib.request.urlopen", fail)
    with pytest.raises(RunError) as caught:
        SOURCES.build("mnist").load(root)
    assert caught.value.code == "E406"


def test_a_file_with_a_wrong_checksum_is_never_kept(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, {mnist.NPZ: npz()})
    with pytest.raises(RunError) as caught:
        SOURCES.build("mnist").load(root)
    assert "checksum" in caught.value.notes[0]
    assert not root.cache.exists()


def test_a_cache_that_cannot_be_written_is_named(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    content = npz()
    monkeypatch.setattr(mnist, "NPZ_DIGEST", sha256(content).hexdigest())
    serve(monkeypatch, {mnist.NPZ: content})
    root.cache.parent.write_text("a file where a folder should be")
    with pytest.raises(RunError, match="cannot write") as caught:
        SOURCES.build("mnist").load(root)
    assert caught.value.code == "E406"
    assert "MODELC_CACHE" in caught.value.helps[0]


def test_half_a_download_leaves_nothing_behind(tmp_path: Path) -> None:
    def break_off(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.write_whole(tmp_path / "x", break_off)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x_test": None}, "no array `x_test`"),
        ({"y_train": np.zeros(100, np.uint8)}, "[100] uint8 as `y_train`"),
        ({"y_test": np.zeros(10_000, np.int64)}, "int64 as `y_test`"),
        ({"x_test": np.zeros((10_000, 28, 28), np.int8)}, "int8 as `x_test`"),
        ({"y_train": np.full(60_000, 10, np.uint8)}, "the label 10"),
    ],
)
def test_a_file_in_the_cache_that_is_not_mnist_is_refused(root: Root, changes: Any, words: str) -> None:
    root.cache.mkdir(parents=True)
    (root.cache / "mnist.npz").write_bytes(npz(**changes))
    with pytest.raises(RunError) as caught:
        SOURCES.build("mnist").load(root)
    assert caught.value.code == "E405"
    assert words in caught.value.message
    assert any("remove" in text for text in caught.value.helps)


def test_a_damaged_file_in_the_cache_is_refused(root: Root) -> None:
    root.cache.mkdir(parents=True)
    (root.cache / "mnist.npz").write_bytes(npz()[:5000])
    with pytest.raises(RunError) as caught:
        SOURCES.build("mnist").load(root)
    assert caught.value.code == "E405"
