"""A pipe in place of anything in a run: it is neither waited for nor written to, whatever command meets it."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.commands import modelc
from tests.cli.conftest import Project

COMMANDS = (
    ["evaluate", "run"],
    ["verify", "run"],
    ["train", "--resume", "run", "--set", "train.epochs=4"],
    ["validate", "run/spec.yaml"],
)
SECONDS = 60


@contextmanager
def without_waiting() -> Iterator[None]:
    """Fail where the block takes longer than any command here does."""

    def late(*_: object) -> None:
        raise AssertionError("a command waits for a pipe")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def entries_of(run: Path) -> list[str]:
    return sorted(str(entry.relative_to(run)) for entry in run.rglob("*"))


def put_pipe(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
    os.mkfifo(path)


def test_no_command_waits_for_a_pipe(project: Project, tmp_path: Path) -> None:
    place = project.copy(tmp_path / "place")
    run = place.folder / "run"
    names = entries_of(place.run)
    assert {"lock", "weights", "checkpoints/step-000000009"} < {*names} and len(names) > 20
    for name in names:
        shutil.copytree(place.run, run)
        put_pipe(run / name)
        for command in COMMANDS:
            with without_waiting():
                ended = modelc(*command, cwd=place.folder)
            assert ended.code in (0, 1, 2, 4) and "bug" not in ended.err, (name, command, ended)
        if "/" not in name and "." in name and name != "metrics.jsonl":
            said = modelc("evaluate", "run", cwd=place.folder)
            assert said.code == 4 and f"`run/{name}` of the run is a pipe, expected a regular file" in said.err, said
        shutil.rmtree(run)


def test_a_lock_that_is_a_pipe_is_refused(project: Project, tmp_path: Path) -> None:
    place = project.copy(tmp_path / "place")
    put_pipe(place.run / "lock")
    ended = modelc("train", "--resume", place.run, "--set", "train.epochs=4", cwd=place.folder)
    assert ended.code == 4 and "error[E604]: cannot write" in ended.err and "its `lock` is a pipe" in ended.err
