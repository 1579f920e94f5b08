"""Signals that ask a training to stop: Ctrl-C, SIGTERM, and SIGHUP, which comes when a terminal is closed.

Before there is a run, one ends the command at once. From then on the first one asks training to stop and save, and the
second one, a moment later, ends the process.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Any, Self

from modelc.runtime.interruption import ASKED, REPEATED

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOTHING = b"\nerror: interrupted before training began: there is no run\n"
UNTOUCHED = b"\nerror: interrupted before training went on: the run is as it was\n"
SHOW_CURSOR = b"\x1b[?25h"


class Stopping:
    """Inside its `with` block, calling it returns whether a signal has asked to stop; `code` is then the exit code.

    Until `begin` is called, when there is a run that is to be saved, a signal ends the process. `asked` and `nothing` are what
    it says then and before.
    """

    def __init__(self, asked: bytes = ASKED, nothing: bytes = NOTHING) -> None:
        self.asked, self.nothing = asked, nothing
        self.code: int | None = None
        self.has_run = False
        self.asked_at = 0.0
        self.before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        return self.code is not None

    def begin(self) -> None:
        """Only ask from now on: there is a run."""
        self.has_run = True

    def __enter__(self) -> Self:
        for number in SIGNALS:
            # What ignores a signal, as `nohup` does, means it.
            if signal.getsignal(number) != signal.SIG_IGN:
                self.before[number] = signal.signal(number, self.receive)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        now = time.monotonic()
        if self.code is not None and now - self.asked_at < REPEATED:
            return
        if self.code is not None:
            with suppress(OSError, ValueError):
                if os.isatty(screen := sys.stdout.fileno()):
                    os.write(screen, SHOW_CURSOR)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.code, self.asked_at = 128 + number, now
        with suppress(OSError):
            # Not through Python's streams: the signal may have come while one of them was writing.
            os.write(2, self.asked if self.has_run else self.nothing)
        if not self.has_run:
            # Not by an exception: what is imported or compiled just now could catch it, or print it as its own.
            os._exit(self.code)
