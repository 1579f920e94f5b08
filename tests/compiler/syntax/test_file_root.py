"""What a spec may read: attacks on `Root.resolve`, and where the cache is."""

import os
import socket
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.file_root import Root, cache_folder, open_regular


@pytest.fixture
def root(tmp_path: Path) -> Root:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.npz").write_bytes(b"inside")
    (tmp_path / "secret.npz").write_bytes(b"secret content")
    return Root(folder, tmp_path / "cache")


def code_of(root: Root, path: str) -> str:
    with pytest.raises(RunError) as caught:
        root.resolve(path)
    assert "secret content" not in str(caught.value)
    assert str(root.folder) not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("path", ["data/train.npz", "./data/train.npz", "data//train.npz"])
def test_files_below_the_root_are_found(root: Root, path: str) -> None:
    assert root.resolve(path) == (root.folder / "data/train.npz").resolve()


def test_links_that_stay_inside_are_followed(root: Root) -> None:
    (root.folder / "link.npz").symlink_to("data/train.npz")
    (root.folder / "linked").symlink_to("data")
    assert root.resolve("link.npz").name == "train.npz"
    assert root.resolve("linked/train.npz").name == "train.npz"


def test_a_root_that_is_itself_a_link_works(root: Root, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root.folder)
    assert Root(tmp_path / "alias", root.cache).resolve("data/train.npz").is_file()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "//server/share",
        "../secret.npz",
        "data/../../secret.npz",
        "data/../data/train.npz",
        "..",
        "~/secret.npz",
        "~root/x",
        "C:\\x.npz",
        "C:x.npz",
        "c:/x.npz",
        "\\\\server\\share",
        "data\\train.npz",
        "..\\secret.npz",
        "http://example.org/x.npz",
        "file:///etc/passwd",
        "s3://bucket/x",
        "data/train.npz\0",
        "a\nb",
        "\x1b[31mred",
        ".",
        "data",
        "/dev/zero",
    ],
)
def test_paths_that_leave_the_root_or_name_no_file_are_refused(root: Root, path: str) -> None:
    assert code_of(root, path) == "E405"


@pytest.mark.parametrize("path", ["missing.npz", "missing/train.npz"])
def test_a_missing_file_is_said_to_be_missing(root: Root, path: str) -> None:
    with pytest.raises(RunError, match="there is no file") as caught:
        root.resolve(path)
    assert caught.value.code == "E405"


def test_a_file_in_the_place_of_a_folder_is_refused(root: Root) -> None:
    assert code_of(root, "data/train.npz/x") == "E405"


def test_an_overlong_name_is_refused(root: Root) -> None:
    assert code_of(root, "x" * 5000) == "E405"


@pytest.mark.parametrize("target", ["../secret.npz", "/etc/passwd", "/dev/zero", "/proc/self/environ"])
def test_links_that_lead_outside_are_refused(root: Root, target: str) -> None:
    (root.folder / "link.npz").symlink_to(target)
    assert code_of(root, "link.npz") == "E405"


def test_a_linked_folder_that_leads_outside_is_refused(root: Root) -> None:
    (root.folder / "out").symlink_to("..")
    assert code_of(root, "out/secret.npz") == "E405"


def test_a_folder_whose_name_begins_like_the_root_is_outside(root: Root, tmp_path: Path) -> None:
    (tmp_path / "project-other").mkdir()
    (tmp_path / "project-other" / "x.npz").write_bytes(b"secret content")
    (root.folder / "link.npz").symlink_to("../project-other/x.npz")
    assert code_of(root, "link.npz") == "E405"


def test_links_in_a_circle_are_refused(root: Root) -> None:
    (root.folder / "a").symlink_to("b")
    (root.folder / "b").symlink_to("a")
    assert code_of(root, "a") == "E405"


def test_pipes_and_sockets_are_refused_without_waiting(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root.folder / "pipe")
    assert code_of(root, "pipe") == "E405"
    monkeypatch.chdir(root.folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        assert code_of(root, "sock") == "E405"


def test_a_pipe_that_took_the_place_of_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RunError, match="is a pipe") as caught:
        open_regular(tmp_path / "pipe", "pipe")
    assert caught.value.code == "E405"


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("MODELC_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/someone/.cache/modelc")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/someone/.cache/modelc")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/someone")
    assert cache_folder() == Path("/var/cache/someone/modelc")
    monkeypatch.setenv("MODELC_CACHE", "/data/models")
    assert cache_folder() == Path("/data/models")
