"""What `modelc.train` shows while it trains: lines in a terminal, and in a notebook one output that is brought up to date in its place."""

import html
import shutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from modelc.compiler.diagnostics.render.printable import printable
from modelc.runtime.training.observer import EpochRecord, Fitted, NoObserver, Outcome, Progress, Snapshot
from modelc.runtime.training.progress_text import (
    BEST,
    LiveText,
    best_of,
    counted_of,
    ended_text,
    epoch_text,
    reduced_text,
    show_seconds,
    unscored_text,
)

SHOWN = 12
"""How many lines of epochs a notebook shows; of more, the last ones, and the best one above them."""
EVERY = 0.2
"""Seconds between two changes of the output of a notebook."""
BAR = 20
CELL = 120
"""Characters of a line of a notebook."""


class Printed(NoObserver):
    """Has a line printed for each of the `epochs`, by `line_out`, with the value of the `monitor`, no wider than `width`."""

    def __init__(
        self, epochs: int, line_out: Callable[[str], None], monitor: str = "", width: int | None = None
    ) -> None:
        self.epochs, self.line_out, self.monitor, self.width = epochs, line_out, monitor, width

    def fitted(self, fitted: Fitted) -> None:
        self.say(f"{fitted.path} fitted to {fitted.rows:,} training rows in {show_seconds(fitted.seconds)}")

    def compiled(self, seconds: float) -> None:
        self.say(f"first step after {show_seconds(seconds)}")

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        self.say(epoch_text(record, self.epochs, self.monitor, self.width) + (BEST if record.best else ""))

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        self.say(f"warning: {unscored_text(record, monitor)}")

    def reduced(self, rate: float, why: str) -> None:
        self.say(reduced_text(rate, why))

    def ended(self, outcome: Outcome, epochs: int, seconds: float, run: str) -> None:
        """Say how it ended after so many epochs, which was the best, and where the `run` is."""
        self.say(ended_text(outcome, epochs, seconds))
        if outcome.best is not None:
            for line in best_of(outcome.best, self.monitor, self.width):
                self.say(line)
        self.say(f"run: {run}")

    def close(self) -> None:
        """Nothing to clean up."""

    def say(self, line: str) -> None:
        self.line_out(line)


class Cell(Printed):
    """The output of a cell of a notebook: a line with a bar for the epoch that runs, above it the last epochs and the best one."""

    def __init__(self, epochs: int, monitor: str = "") -> None:
        self.lines: list[str] = []
        super().__init__(epochs, self.keep, monitor, CELL)
        self.best = ""
        self.live, self.live_text = "compiling", LiveText()
        self.handle: Any = None
        self.next_show = 0.0
        self.show()

    def compiled(self, seconds: float) -> None:
        self.live = ""
        super().compiled(seconds)

    def progress(self, progress: Progress) -> None:
        if time.monotonic() < self.next_show:
            return
        done = BAR * progress.step // max(progress.steps, 1)
        bar = f"[{'=' * done}{' ' * (BAR - done)}] {progress.step:,}/{progress.steps:,}"
        self.live = f"epoch {counted_of(progress.epoch, progress.epochs)}   {bar}   {self.live_text.of(progress)}"
        self.show()

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        super().epoch(record, snapshot)
        if record.best:
            self.best = self.lines[-1]

    def ended(self, outcome: Outcome, epochs: int, seconds: float, run: str) -> None:
        """Nothing: the best epoch stands above, and a cell shows the run that it ends with."""

    def close(self) -> None:
        self.live = ""
        self.show()

    def keep(self, line: str) -> None:
        self.lines = [*self.lines, line][-SHOWN:]
        if time.monotonic() >= self.next_show:
            self.show()

    def show(self) -> None:
        """Bring the output up to date."""
        shown = [*self.lines, *([self.live] if self.live else [])]
        if self.best and self.best not in self.lines:
            shown = [self.best, "...", *shown]
        text = "\n".join(printable(line) for line in shown)
        data = {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}
        if self.handle is None:
            # There only where a notebook runs.
            self.handle = import_module("IPython.display").display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)
        self.next_show = time.monotonic() + EVERY


def display_of(
    asked: bool | None, epochs: int, line_out: Callable[[str], None], *, on_terminal: bool, monitor: str = ""
) -> Printed | None:
    """What shows the progress of so many epochs, if it is `asked` for; where nothing is said, in a notebook and on a terminal."""
    if asked is False:
        return None
    if in_notebook():
        return Cell(epochs, monitor)
    width = shutil.get_terminal_size().columns if on_terminal else None
    return Printed(epochs, line_out, monitor, width) if asked or on_terminal else None


def in_notebook() -> bool:
    """Whether this program runs in a notebook, whose outputs can be brought up to date: it then has a kernel."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
