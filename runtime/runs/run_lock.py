"""The lock of a run directory: which process trains in it, and whether one does."""

import errno
import fcntl
import os
import stat
import time
from pathlib import Path

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import file_kind
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_layout import LOCK

PAUSE, PATIENCE = 0.01, 5.0
"""Seconds until a lock is tried again that others only ask about, and until they are taken for one that trains."""


def lock(folder: OpenFolder, advice: str) -> int:
    """The lock of a run directory: held until the descriptor is closed, at the latest by the end of the process.

    Raises OSError if the file cannot be created, RunError E601 with an `advice` if another process holds the lock.
    """
    if folder.has(LOCK):
        folder.refuse_link(LOCK)
    descriptor = os.open(
        LOCK, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder.descriptor
    )
    try:
        if not stat.S_ISREG(mode := os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, f"its `{LOCK}` is {file_kind(mode)}")
        take(descriptor)
    except OSError as error:
        os.close(descriptor)
        if not isinstance(error, BlockingIOError):
            raise
        message = f"another process is training in the run directory `{folder.path}`"
        raise RunError("E601", message, helps=(advice,)) from None
    return descriptor


def take(descriptor: int) -> None:
    """Lock the file, whoever asks about it at this moment. Raises BlockingIOError if another process has locked it."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
        else:
            return
        # Who asks shares it for that moment: so can this process then, but not with one that trains.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(PAUSE)


def is_locked(folder: Path) -> bool:
    """Whether a process is training in a run directory; one whose lock cannot be asked is taken for one in use."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
