"""Ctrl-C and signals that end a program, while `modelc.train` trains: the run is saved first, then the program ends as it would."""

import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any, Self

ASKED = b"\nstopping: the weights of this moment are saved first; once more stops at once\n"
REPEATED = 1.0
"""Seconds in which a further signal is the same request: what runs a command may pass on what its terminal sends as well."""
USUAL: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
"""The signals that end a program, and the handlers by which they do; a program that has others means something by them."""


class Interruption:
    """Inside its `with` block, calling it returns whether a signal has asked to stop; a second one, a moment later, ends at once.

    Only Python's main thread receives signals: in another one nothing is asked.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.asked_at = 0.0
        self.before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        return self.number is not None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number, usual in USUAL.items():
                if signal.getsignal(number) is usual:
                    self.before[number] = signal.signal(number, self.receive)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def receive(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        now = time.monotonic()
        if self.number is not None and now - self.asked_at < REPEATED:
            return
        if self.number is not None:
            self.deliver(number)
            return
        self.number, self.asked_at = number, now
        with suppress(OSError):
            # Not through Python's streams: the signal may have come while one of them was writing.
            os.write(2, ASKED)

    def pass_on(self, said: str) -> None:
        """What the signal that has asked does to the program, outside of the block: KeyboardInterrupt with what is `said`, or its end."""
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt(said)
        if self.number is not None:
            self.deliver(self.number)

    def deliver(self, number: int) -> None:
        """Do what `number` would have done. Raises KeyboardInterrupt for Ctrl-C."""
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
