"""Runs and folders that take no writes: what would write says so and leaves all as it is, what only reads works."""

import errno
from pathlib import Path

import pytest

from tests.attacks.signalled_at import sending
from tests.attacks.test_every_step import folder_of
from tests.attacks.test_failing_writes import failing
from tests.attacks.test_signals import contents
from tests.cli.commands import modelc

REFUSALS = [errno.EROFS, errno.EACCES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was stopped."""
    folder = folder_of("dense", tmp_path_factory.mktemp("read-only"))
    with sending(5):
        assert (
            modelc("train", "small.json", "--run-dir", "run", "--checkpoint-every", "5 steps", cwd=folder).code == 143
        )
    return folder


@pytest.mark.parametrize("error", REFUSALS)
@pytest.mark.parametrize("options", [(), ("--run-dir", "new"), ("--run-dir", "far/away")])
def test_a_run_that_cannot_be_made_is_none(folder: Path, options: tuple[str, ...], error: int) -> None:
    before = contents(folder)
    with failing(1, error, once=False):
        ended = modelc("train", "small.json", *options, cwd=folder)
    assert ended.code == 4 and "error[E604]: cannot write `" in ended.err and "choose a folder" in ended.err, ended
    assert contents(folder) == before and not (folder / "runs").exists() and not (folder / "new").exists()


@pytest.mark.parametrize("error", REFUSALS)
def test_a_run_that_cannot_be_written_does_not_go_on(folder: Path, error: int) -> None:
    before = contents(folder)
    with failing(1, error, once=False):
        ended = modelc("train", "--resume", "run", cwd=folder)
    assert ended.code == 4 and "error[E604]: cannot write `run" in ended.err, ended
    assert contents(folder) == before


@pytest.mark.parametrize("command", ["evaluate", "verify", "debug"])
def test_what_only_reads_a_run_needs_no_leave_to_write(folder: Path, command: str) -> None:
    before = contents(folder)
    with failing(1, errno.EROFS, once=False) as system:
        ended = modelc(command, "run", cwd=folder)
    assert (ended.code, system.calls) == (0, 0), ended
    assert contents(folder) == before
