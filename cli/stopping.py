"""Ctrl-C and SIGTERM during training: the first one asks training to stop and save, the second ends the process."""

import os
import signal
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ASKED = b"\nstopping: the weights of this moment are saved first; once more stops at once\n"
SHOW_CURSOR = b"\x1b[?25h"


class Stopping:
    """Inside its `with` block, calling it returns whether a signal has asked to stop; `code` is then the exit code."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        return self.code is not None

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self.before[number] = signal.signal(number, self.receive)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if self.code is not None:
            if os.isatty(1):
                os.write(1, SHOW_CURSOR)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self.code = 128 + number
        try:
            # Not through Python's streams: the signal may have come while one of them was writing.
            os.write(2, ASKED)
        except OSError:
            return
