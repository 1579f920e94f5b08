"""The lock of a run directory: one process has it, and who only asks about it keeps nobody from taking it."""

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.runs import run_lock
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_layout import LOCK
from modelc.runtime.runs.run_lock import is_locked, lock


def taken(folder: Path) -> int:
    with OpenFolder.at(folder) as opened:
        return lock(opened, "wait")


def shared(folder: Path) -> int:
    """The lock as who asks about it has it for a moment."""
    descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def test_one_has_it(tmp_path: Path) -> None:
    held = taken(tmp_path)
    assert is_locked(tmp_path)
    begun = time.monotonic()
    with pytest.raises(RunError, match="another process is training") as caught:
        taken(tmp_path)
    assert (caught.value.code, caught.value.helps) == ("E601", ("wait",))
    assert time.monotonic() - begun < run_lock.PATIENCE / 2
    os.close(held)
    assert not is_locked(tmp_path)


def test_who_asks_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    asking = shared(tmp_path)
    threading.Timer(0.2, os.close, [asking]).start()
    os.close(taken(tmp_path))


def test_who_asks_all_the_time_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    os.close(taken(tmp_path))
    is_done = threading.Event()

    def ask() -> None:
        while not is_done.is_set():
            is_locked(tmp_path)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            os.close(taken(tmp_path))
    finally:
        is_done.set()
        for thread in threads:
            thread.join()


def test_who_shares_it_for_long_is_taken_for_one_that_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "PATIENCE", 0.05)
    asking = shared(tmp_path)
    with pytest.raises(RunError, match="another process is training"):
        taken(tmp_path)
    os.close(asking)
