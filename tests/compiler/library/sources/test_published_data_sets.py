"""The data sets of others: small ones of the same layout, from a local server, by hand, and with all that can go wrong."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import column_of
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from tests.compiler.library.sources.published import SMALL, Server, Small, publish, serve, serving


@pytest.fixture(scope="module", params=SMALL, ids=lambda make: make.__name__.removeprefix("small_"))
def small(request: pytest.FixtureRequest) -> Small:
    made: Small = request.param()
    return made


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(one_server: Server, small: Small, monkeypatch: pytest.MonkeyPatch) -> Server:
    one_server.files, one_server.cut, one_server.asked = {}, set(), []
    publish(monkeypatch, small, one_server)
    return one_server


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root(tmp_path, tmp_path / "cache" / "modelc")


def put(root: Root, small: Small, **changed: bytes) -> None:
    """Put the files of `small` into the cache, as a user does."""
    for path, content in small.files.items():
        file = root.cache / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(changed.get("content", content))


def load(root: Root, small: Small) -> None:
    """Load the data set, and compare it with what was packed."""
    loaded = SOURCES.build(small.source).load(root)
    assert loaded.test is not None
    for found, wanted in ((loaded.train, small.train), (loaded.test, small.test)):
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert found[name].dtype == wanted[name].dtype
            np.testing.assert_array_equal(found[name], wanted[name])


def failure(root: Root, small: Small) -> RunError:
    with pytest.raises(RunError) as caught:
        SOURCES.build(small.source).load(root)
    return caught.value


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_is_downloaded_once(root: Root, small: Small, server: Server) -> None:
    serve(server, small, "first")
    load(root, small)
    load(root, small)
    assert server.asked == [f"first/{path}" for path in small.files]
    assert files_in(root.cache) == sorted(small.files)


def test_the_second_address_helps_where_the_first_has_nothing(root: Root, small: Small, server: Server) -> None:
    serve(server, small, "second")
    load(root, small)


def test_files_in_the_cache_are_taken_without_asking_anyone(root: Root, small: Small, server: Server) -> None:
    put(root, small)
    load(root, small)
    assert server.asked == []


def test_without_network_the_error_says_which_files_to_put_where(root: Root, small: Small, server: Server) -> None:
    error = failure(root, small)
    assert error.code == "E406"
    first, *_ = small.files
    for path in small.files:
        assert f"{server.base}first/{path}" in error.helps[0]
    assert str((root.cache / first) if len(small.files) == 1 else (root.cache / first).parent) in error.helps[0]
    assert len(error.notes) == 2
    assert "Not Found" in error.notes[0]


def test_only_what_is_missing_is_asked_for(root: Root, small: Small, server: Server) -> None:
    put(root, small)
    *_, last = small.files
    (root.cache / last).unlink()
    error = failure(root, small)
    assert server.asked == [f"first/{last}", f"second/{last}"]
    assert error.helps[0].endswith(f"put it here: {root.cache / last}")


@pytest.mark.parametrize("fault", ["other bytes", "too long", "cut off"])
def test_a_download_that_is_another_file_is_never_kept(root: Root, small: Small, server: Server, fault: str) -> None:
    serve(server, small, "first", "second")
    for path, content in [*server.files.items()]:
        if fault == "cut off":
            server.cut.add(path)
        else:
            server.files[path] = content + b"x" if fault == "too long" else content[:-1] + bytes([content[-1] ^ 1])
    error = failure(root, small)
    assert error.code == "E406"
    words = {"other bytes": "checksum", "too long": "larger", "cut off": ""}
    assert words[fault] in error.notes[0]
    assert files_in(root.cache) == []


@pytest.mark.parametrize("fault", ["cut off", "too long", "other bytes", "empty", "a page"])
def test_a_file_that_is_not_the_published_one_is_refused(root: Root, small: Small, server: Server, fault: str) -> None:
    put(root, small)
    path = root.cache / next(iter(small.files))
    content = path.read_bytes()
    changed = {
        "cut off": content[: len(content) // 2],
        "too long": content + b"\0",
        "other bytes": content[:-1] + bytes([content[-1] ^ 1]),
        "empty": b"",
        "a page": b"<html>",
    }
    path.write_bytes(changed[fault])
    error = failure(root, small)
    assert error.code == "E405"
    assert str(path) in error.message
    assert "remove" in error.helps[0]
    assert path.read_bytes() == changed[fault]


def test_what_is_no_file_is_refused_without_waiting(root: Root, small: Small, server: Server) -> None:
    put(root, small)
    path = root.cache / next(iter(small.files))
    path.unlink()
    os.mkfifo(path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert failure(root, small).code == "E405"


def test_a_full_disk_is_named_and_leaves_nothing(
    root: Root, small: Small, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    serve(server, small, "first")
    monkeypatch.setattr(os, "fsync", full)
    error = failure(root, small)
    assert error.code == "E406"
    assert "No space left" in error.message
    assert "make room" in error.helps[0] and "MODELC_CACHE" in error.helps[0]
    assert files_in(root.cache) == []


def test_a_cache_that_cannot_be_made_is_named(root: Root, small: Small, server: Server) -> None:
    serve(server, small, "first")
    root.cache.parent.write_text("a file where a folder should be")
    error = failure(root, small)
    assert error.code == "E406"
    assert "MODELC_CACHE" in error.helps[0]


def test_what_is_said_without_reading_is_true(root: Root, small: Small, server: Server) -> None:
    put(root, small)
    source = SOURCES.build(small.source)
    columns, train = source.columns(), source.load(root).train
    assert columns is not None and source.inspect(root).columns == columns
    assert columns.keys() == train.keys()
    for name, column in columns.items():
        assert (column.type, column.rows) == (column_of(train[name]).type, len(train[name]))
        if isinstance(column.classes, tuple):
            assert len(set(column.classes)) == len(column.classes)
            assert train[name].max() < len(column.classes)


def test_the_digests_are_of_the_right_form() -> None:
    from modelc.compiler.library.sources import cifar, fashion_mnist, imdb

    files = [*fashion_mnist.FILES.values(), cifar.CIFAR10, cifar.CIFAR100, imdb.FILE]
    assert len({file.digest for file in files}) == len(files)
    for file in files:
        assert len(bytes.fromhex(file.digest)) == 32
        assert all(url.startswith("https://") and url.endswith(file.path.rpartition("/")[2]) for url in file.urls)
