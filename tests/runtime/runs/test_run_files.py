"""The one reader of the files of a run: what is wrong is said in the same words, whichever file it is of."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs.checkpoints import CHECKPOINTS, Stored, newest_checkpoint, write_checkpoint
from modelc.runtime.runs.metrics_log import NO_LINES
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import content_of, read_bytes
from modelc.runtime.runs.run_record import read_record
from modelc.runtime.runs.sealed_json import sealed
from modelc.runtime.runs.unsound import INTACT, UnsoundError
from modelc.runtime.runs.verification import verify
from modelc.runtime.runs.weights import read_weights
from modelc.runtime.training.observer import Checkpoint
from tests.runtime.runs.made_weights import made_snapshot
from tests.runtime.runs.test_run_directory import TASK, epoch, finish, recorder

FILES = ("run.json", "weights/last/manifest.json", f"{CHECKPOINTS}/step-000000010/manifest.json")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with a checkpoint."""
    with recorder(tmp_path / "run") as recording:
        recording.epoch(epoch(1, 0.5), lambda: made_snapshot(TASK))
        checkpoint = Checkpoint(1, 10, {"params": {"y:kernel": np.zeros(2, np.float32)}}, {})
        with recording.opened.below(CHECKPOINTS) as below:
            write_checkpoint(below, "a", Stored(checkpoint, None, NO_LINES), 1)
        finish(recording)
    return tmp_path / "run"


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def large(path: Path) -> None:
    os.truncate(path, 2**27)


def of_a_later_version(path: Path) -> None:
    found = {key: value for key, value in json.loads(path.read_bytes()).items() if key != "seal"}
    path.write_bytes(sealed({**found, "format": 9}))


def read(run: Path, name: str) -> None:
    """Read what the file `name` belongs to, as the commands do."""
    if name == "run.json":
        read_record(run)
    elif name.startswith("weights"):
        read_weights(run / "weights", "last", "a", TASK)
    else:
        newest_checkpoint(run, "a")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("damage", "said", "help"),
    [
        (Path.unlink, "is missing", INTACT[0]),
        (pipe, "is a pipe, expected a regular file", INTACT[0]),
        (folder, "is a folder, expected a regular file", INTACT[0]),
        (link, "cannot be read: it is a symbolic link, and none is followed in a run", INTACT[0]),
        (large, "has 134,217,728 bytes, expected at most ", INTACT[0]),
        (of_a_later_version, "is in format 9, this version of modelc reads format ", "use the version of modelc that "),
    ],
)
def test_a_file_that_cannot_be_used_is_said_alike_by_all_that_read_it(
    run: Path, name: str, damage: Callable[[Path], None], said: str, help: str
) -> None:
    damage(run / name)
    with pytest.raises(RunError) as caught:
        read(run, name)
    assert said in caught.value.message and Path(name).name in caught.value.message
    assert caught.value.helps[0].startswith(help)
    found = {file.path: file for file in verify(run).files}
    assert said in found[name].reason and not verify(run).is_whole
    assert found[name].state == ("newer" if damage is of_a_later_version else "wrong")


@pytest.mark.parametrize("name", FILES)
def test_what_the_system_forbids_is_to_be_allowed(run: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(folder: OpenFolder, entry: str) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(OpenFolder, "reading", forbidden)
    with pytest.raises(RunError) as caught:
        read(run, name)
    assert "cannot be read: permission denied" in caught.value.message
    assert caught.value.helps == ("allow yourself to read the files of the run",)


def test_a_run_whose_folder_is_gone_cannot_be_read(run: Path) -> None:
    shutil.rmtree(run)
    with pytest.raises(RunError, match=r"`.*run\.json` of the run cannot be read: no such file"):
        read_bytes(run, "run.json", 10)


def test_only_a_file_of_the_right_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    with OpenFolder.at(tmp_path) as opened:
        assert (
            content_of(opened, "file") == content_of(opened, "file", 5) == content_of(opened, "file", 9, 5) == b"12345"
        )
        with pytest.raises(UnsoundError, match=r"has 5 bytes, expected at most 4$"):
            content_of(opened, "file", 4)
        with pytest.raises(UnsoundError, match=r"has 5 bytes, expected 6 to 9$"):
            content_of(opened, "file", 9, 6)
