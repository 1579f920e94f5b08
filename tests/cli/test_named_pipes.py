"""What the user names as a text: a pipe or device is not waited for, and what is passed on stays as it is."""

import os
import threading
from pathlib import Path

import pytest

from tests.cli.commands import modelc, start
from tests.cli.test_targets import GOOD, TYPO


@pytest.mark.parametrize("command", [("validate",), ("validate", "--fix"), ("format",), ("summary",)])
@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_a_pipe_or_device_as_a_spec_is_refused(tmp_path: Path, command: tuple[str, ...], kind: str) -> None:
    if kind == "a pipe":
        os.mkfifo(tmp_path / "f.yaml")
    else:
        (tmp_path / "f.yaml").symlink_to("/dev/zero")
    process = start(*command, "f.yaml", cwd=tmp_path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert f"error[E009]: `f.yaml` cannot be read: it is {kind}, expected a regular file" in out + err


def test_a_folder_as_a_spec_is_refused(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    ended = modelc("summary", "specs", cwd=tmp_path)
    assert ended.code == 2
    assert "error[E009]: `specs` cannot be read: it is a folder, expected a regular file" in ended.err
    assert "= help: name a file in it" in ended.err


def write_late(pipe: int) -> None:
    os.write(pipe, GOOD.encode())
    os.close(pipe)


@pytest.mark.parametrize("command", ["validate", "format"])
def test_the_pipe_of_a_command_is_read(tmp_path: Path, command: str) -> None:
    reading, writing = os.pipe()
    # Later than it is opened: an open that does not wait must not take that for the end.
    late = threading.Timer(0.5, write_late, (writing,))
    late.start()
    ended = modelc(command, f"/dev/fd/{reading}", cwd=tmp_path)
    late.join()
    os.close(reading)
    assert ended.code == 0 and ended.out in ("1 file is valid\n", "1 unchanged\n")


def test_a_folder_is_searched_past_pipes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.yaml")
    (tmp_path / "a.yaml").write_text(GOOD)
    for where in (".", "*.yaml"):
        assert modelc("validate", where, cwd=tmp_path).out == "1 file is valid\n"


@pytest.mark.parametrize(
    ("target", "words"),
    [("/dev/zero", "is a device, expected a Python file"), ("large", "has more than 16,777,216 bytes")],
)
def test_a_plug_in_is_a_file_of_bounded_size(tmp_path: Path, target: str, words: str) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**34)
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "p.py").symlink_to(target)
    ended = modelc("validate", "a.yaml", "--plugin", "p.py", cwd=tmp_path)
    assert ended.code == 2 and f"error[E605]: the plug-in `p.py` {words}" in ended.err


def test_a_file_that_cannot_be_written_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelc.runtime.runs.open_folder import OpenFolder

    replacing = OpenFolder.replacing

    def refusing(self: OpenFolder, name: str) -> object:
        if name == "a.yaml":
            raise PermissionError(13, "Permission denied")
        return replacing(self, name)

    monkeypatch.setattr(OpenFolder, "replacing", refusing)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(TYPO)
    ended = modelc("validate", "--fix", ".", cwd=tmp_path)
    assert ended.code == 4 and "error[E604]: cannot write `a.yaml`: permission denied" in ended.err
    assert "choose a folder" not in ended.err and "fixed 1 in 1 file" in ended.out and "unknown layer" in ended.out
    assert ((tmp_path / "a.yaml").read_text(), (tmp_path / "b.yaml").read_text()) == (TYPO, GOOD)


def test_completion_of_shells_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MODELC_COMPLETE", "bash_source")
    assert modelc("--version", cwd=tmp_path).code == 0
