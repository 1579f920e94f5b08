"""Files that are opened beneath a folder while its entries are swapped: what is outside is never read."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax import beneath
from modelc.compiler.syntax.file_root import Root

INSIDE, SECRET = b"inside", b"secret content"
SWAPPING = """
import os, sys, time
folder, pause, *parts = sys.argv[1:]
os.chdir(folder)
print("ready", flush=True)
while True:
    for part in parts:
        os.rename(part, part + ".real")
        os.rename(part + ".link", part)
        time.sleep(float(pause))
        os.rename(part, part + ".link")
        os.rename(part + ".real", part)
        time.sleep(float(pause))
"""
"""Makes each of the entries a link that leads out of the folder, and takes that back, without end."""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "rows").write_bytes(INSIDE)
    (folder / "link").symlink_to("data/rows")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "rows").write_bytes(SECRET)
    return Root(folder, tmp_path / "cache")


def read(root: Root, path: str) -> bytes:
    with root.open(path) as file:
        return file.read()


@pytest.mark.parametrize("path", ["data/rows", "./data//rows", "link"])
def test_files_and_links_beneath_the_folder_are_read(root: Root, path: str) -> None:
    assert read(root, path) == INSIDE


@pytest.mark.skipif(not hasattr(os, "O_PATH") and not hasattr(os, "O_SEARCH"), reason="the system has no such way")
def test_a_folder_that_may_be_entered_but_not_listed_is_gone_through(root: Root) -> None:
    (root.folder / "data").chmod(0o100)
    try:
        assert read(root, "data/rows") == INSIDE
    finally:
        (root.folder / "data").chmod(0o700)


def test_no_descriptor_is_left_open(root: Root) -> None:
    (root.folder / "out").symlink_to("../outside")
    before = os.listdir("/dev/fd")
    for path in ("data/rows", "link", "data", "missing", "out/rows", "data/rows/x"):
        with suppress(RunError):
            read(root, path)
    assert os.listdir("/dev/fd") == before


def link_folder(folder: Path) -> None:
    (folder / "data").rename(folder / "old")
    (folder / "data").symlink_to("../outside")


def link_file(folder: Path) -> None:
    (folder / "data" / "rows").unlink()
    (folder / "data" / "rows").symlink_to("../../outside/rows")


def make_pipe(folder: Path) -> None:
    (folder / "data" / "rows").unlink()
    os.mkfifo(folder / "data" / "rows")


def make_folder(folder: Path) -> None:
    (folder / "data" / "rows").unlink()
    (folder / "data" / "rows").mkdir()


@pytest.mark.parametrize("swap", [link_folder, link_file, make_pipe, make_folder])
@pytest.mark.parametrize("path", ["data/rows", "link"])
def test_what_changes_between_looking_and_opening_is_refused(
    root: Root, path: str, swap: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    look, calls = beneath.real_path_beneath, list[str]()

    def look_then_swap(folder: Path, path: str) -> tuple[Path, Path]:
        found = look(folder, path)
        if not calls:
            swap(root.folder)
        calls.append(path)
        return found

    monkeypatch.setattr(beneath, "real_path_beneath", look_then_swap)
    with pytest.raises(RunError) as caught:
        read(root, path)
    assert caught.value.code == "E405" and calls


def test_a_root_that_becomes_a_link_between_looking_and_opening_is_looked_at_again(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, calls = beneath.real_path_beneath, list[str]()

    def look_then_swap(folder: Path, path: str) -> tuple[Path, Path]:
        found = look(folder, path)
        if not calls:
            root.folder.rename(root.folder.with_name("moved"))
            root.folder.symlink_to("moved")
        calls.append(path)
        return found

    monkeypatch.setattr(beneath, "real_path_beneath", look_then_swap)
    assert read(root, "data/rows") == INSIDE and len(calls) == 2


def test_what_turns_into_a_link_each_time_is_given_up(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    target = root.folder / "data" / "rows"
    link_file(root.folder)
    monkeypatch.setattr(beneath, "real_path_beneath", lambda *_: (root.folder, target))
    with pytest.raises(RunError, match="changes while it is opened"):
        read(root, "data/rows")


@contextmanager
def swapping(folder: Path, links: dict[str, str], pause: float = 0.0) -> Iterator[None]:
    """While the block runs, another process turns each entry of `folder` into a link, and back."""
    for name, target in links.items():
        (folder / f"{name}.link").symlink_to(target)
    command = [sys.executable, "-c", SWAPPING, str(folder), str(pause), *links]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.kill()


def test_a_link_that_is_swapped_in_all_the_time_is_never_followed_out_of_the_folder(
    root: Root, request: pytest.FixtureRequest
) -> None:
    reads = request.config.getoption("--swaps")
    found = {"inside": 0, "refused": 0}
    with swapping(root.folder, {"data": "../outside"}):
        for _ in range(reads):
            try:
                content = read(root, "data/rows")
            except RunError:
                found["refused"] += 1
            else:
                assert content == INSIDE, "what is outside was read"
                found["inside"] += 1
    print(f"{reads} reads: {found}")
    assert min(found.values()) > 0, "nothing was swapped, or nothing was read"


def test_hard_links_are_read_and_counted_since_nothing_tells_where_the_others_are(root: Root, tmp_path: Path) -> None:
    os.link(tmp_path / "outside" / "rows", root.folder / "hard")
    assert read(root, "hard") == SECRET
    assert root.hard_links("hard") == 2
