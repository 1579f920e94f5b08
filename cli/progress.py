"""Progress display of `modelc train`: a line for each epoch, and on a terminal a live line."""

import time
from collections.abc import Callable
from math import isfinite
from typing import TextIO

from modelc.cli.console import Line, Part, Styled, coloured, columns, rendered, say
from modelc.compiler.diagnostics.render.remarks import remarks
from modelc.runtime.training.observer import EpochRecord, Fitted, Progress, Snapshot
from modelc.runtime.training.progress_text import (
    BEST,
    LiveText,
    counted_of,
    epoch_text,
    reduced_text,
    show_seconds,
    unscored_text,
)

WHY_NAN = (
    "a value is NaN where no row counts, and where the rows do not determine it: `r2` of a single row, `auc` of a "
    "single class"
)


class Lines:
    """Prints a line when the first step has run, and one for each of the `epochs`, with the value of the `monitor`."""

    def __init__(self, stream: TextIO, epochs: int, monitor: str) -> None:
        self.stream = stream
        self.epochs = epochs
        self.monitor = monitor

    def fitted(self, fitted: Fitted) -> None:
        what = f"{fitted.path} ({fitted.layer})" if fitted.path != fitted.layer else fitted.path
        line = f"{what} fitted to {fitted.rows:,} training rows in {show_seconds(fitted.seconds)}"
        self.say(Styled("dim", line))

    def compiled(self, seconds: float) -> None:
        self.say(Styled("dim", f"first step after {show_seconds(seconds)}"))

    def progress(self, progress: Progress) -> None:
        """Nothing is printed inside an epoch."""

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        mark: tuple[Part, ...] = (Styled("good", BEST),) if record.best else ()
        self.say((epoch_text(record, self.epochs, self.monitor, columns()), *mark))

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        """Warn that the monitor is NaN, and say what could be monitored instead."""
        part = monitor.partition("/")[0]
        others = [key for key, value in record.values.items() if isfinite(value) and key.startswith(f"{part}/")]
        helps = [f"monitor a value that exists, such as `monitor: {others[0]}`"] if others else []
        self.say((Styled("strong", "warning"), f": {unscored_text(record, monitor)}"))
        for line in remarks(notes=[WHY_NAN], helps=helps):
            self.say(line)

    def reduced(self, rate: float, why: str) -> None:
        self.say(Styled("dim", reduced_text(rate, why)))

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        """The command itself prints how training ended."""

    def close(self) -> None:
        """Nothing to clean up."""

    def say(self, line: Line) -> None:
        say(line, stream=self.stream)


class Screen(Lines):
    """The same lines above a live line: progress of the epoch, its means so far, steps per second, time left."""

    def __init__(self, stream: TextIO, epochs: int, monitor: str) -> None:
        super().__init__(stream, epochs, monitor)
        self.waiting: list[str] = []
        self.next_show = 0.0
        self.live = LiveText()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        self.bar: Bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[shown]}", markup=False),
            console=Console(file=stream, highlight=False, markup=False, emoji=False),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.task = self.bar.add_task("compiling", total=None, shown="")
        self.bar.start()

    def progress(self, progress: Progress) -> None:
        self.bar.update(
            self.task,
            description=f"epoch {counted_of(progress.epoch, progress.epochs)}",
            completed=progress.step,
            total=progress.steps,
            shown=rendered(self.live.of(progress), False),
        )

    def close(self) -> None:
        self.show()
        self.bar.stop()

    def say(self, line: Line) -> None:
        self.waiting.append(rendered(line, coloured(self.stream)))
        if time.monotonic() >= self.next_show:
            self.show()

    def show(self) -> None:
        """Print the pending lines at once: redrawing the live line takes longer than many a short epoch."""
        from rich.text import Text

        if self.waiting:
            self.bar.console.print(Text.from_ansi("\n".join(self.waiting)), soft_wrap=True)
        self.waiting.clear()
        self.next_show = time.monotonic() + 0.1
