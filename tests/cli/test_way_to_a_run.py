"""What stands in the way of a new run directory: named, before anything is computed."""

import os
from pathlib import Path

import pytest

from tests.cli.commands import modelc
from tests.cli.conftest import Project


@pytest.fixture
def folder(project: Project, tmp_path: Path) -> Path:
    for name in ("tiny.yaml", "train.npz", "test.npz"):
        (tmp_path / name).symlink_to(project.folder / name)
    return tmp_path


@pytest.mark.parametrize("way", ["runs", "runs/tiny"])
@pytest.mark.parametrize("what", ["a file", "a broken link", "a pipe"])
def test_the_part_of_the_way_that_is_no_folder_is_named(folder: Path, way: str, what: str) -> None:
    (folder / way).parent.mkdir(exist_ok=True)
    match what:
        case "a file":
            (folder / way).touch()
        case "a pipe":
            os.mkfifo(folder / way)
        case _:
            (folder / way).symlink_to("/nowhere/at/all")
    ended = modelc("train", "tiny.yaml", cwd=folder)
    assert ended.code == 4 and ended.out == "", ended
    assert "error[E604]: cannot write `runs/tiny/" in ended.err and f": `{way}` is {what}\n" in ended.err
    assert f"help: move or remove `{way}`, or choose another folder with `--run-dir`" in ended.err


def test_a_run_directory_that_is_a_link_to_nothing_is_named(folder: Path) -> None:
    (folder / "own").symlink_to("/nowhere/at/all")
    ended = modelc("train", "tiny.yaml", "--run-dir", "own", cwd=folder)
    assert ended.code == 4 and ended.out == ""
    assert "error[E601]: the run directory `own` is a broken link\n" in ended.err
