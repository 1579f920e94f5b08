"""Progress display of `modelc train`: a line for each epoch, and on a terminal a live line."""

import time
from collections.abc import Callable, Mapping
from math import isfinite
from typing import TextIO

from modelc.cli.console import Line, Part, Styled, coloured, remarks, rendered, say
from modelc.compiler.binding.task import is_of_class
from modelc.runtime.training.observer import EpochRecord, Fitted, Observer, Progress, Snapshot

WHY_NAN = (
    "a value is NaN where no row counts, and where the rows do not determine it: `r2` of a single row, `auc` of a "
    "single class"
)


def show_number(value: float) -> str:
    """Four significant digits, enough to compare epochs."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.3e}"


def show_values(values: Mapping[str, float]) -> str:
    """`train: loss 0.2101, accuracy 0.9375   validation: loss 0.1802, accuracy 0.9501`; values of classes would be too many."""
    groups: dict[str, list[str]] = {}
    for key, value in values.items():
        if is_of_class(key):
            continue
        part, _, name = key.partition("/")
        groups.setdefault(part, []).append(f"{name} {show_number(value)}")
    return "   ".join(f"{part}: {', '.join(shown)}" for part, shown in groups.items())


def show_seconds(seconds: float) -> str:
    """`8 ms`, `0.8 s`, `42 s`, `3:07 min`, `2:15 h`."""
    whole = round(seconds)
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


class Lines:
    """Prints a line when the first step has run, and one for each of the `epochs`."""

    def __init__(self, stream: TextIO, epochs: int) -> None:
        self.stream = stream
        self.epochs = epochs

    def fitted(self, fitted: Fitted) -> None:
        what = f"{fitted.path} ({fitted.layer})" if fitted.path != fitted.layer else fitted.path
        line = f"{what} fitted to {fitted.rows:,} training rows in {show_seconds(fitted.seconds)}"
        self.say(Styled("dim", line))

    def compiled(self, seconds: float) -> None:
        self.say(Styled("dim", f"first step after {show_seconds(seconds)}"))

    def progress(self, progress: Progress) -> None:
        """Nothing is printed inside an epoch."""

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        mark: tuple[Part, ...] = (Styled("good", "   best"),) if record.best else ()
        count = f"epoch {record.epoch:>{len(str(self.epochs))}}/{self.epochs}"
        self.say((f"{count}   {show_values(record.values)}   {show_seconds(record.seconds)}", *mark))

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        """Warn that the monitor is NaN, and say what could be monitored instead."""
        part = monitor.partition("/")[0]
        others = [key for key, value in record.values.items() if isfinite(value) and key.startswith(f"{part}/")]
        found = f"`{monitor}` is NaN in epoch {record.epoch}"
        follows = "such an epoch is never the best, and `early_stopping` does not count it"
        helps = [f"monitor a value that exists, such as `monitor: {others[0]}`"] if others else []
        self.say((Styled("strong", "warning"), f": {found}: {follows}"))
        for line in remarks(notes=[WHY_NAN], helps=helps):
            self.say(line)

    def reduced(self, rate: float, monitor: str, epochs: int) -> None:
        waited = "1 epoch" if epochs == 1 else f"{epochs:,} epochs"
        self.say(Styled("dim", f"learning rate {rate:.3g}: no better {monitor} in {waited}"))

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        """The command itself prints how training ended."""

    def close(self) -> None:
        """Nothing to clean up."""

    def say(self, line: Line) -> None:
        say(line, stream=self.stream)


class Screen(Lines):
    """The same lines above a live line: progress of the epoch, its means so far, steps per second, time left."""

    def __init__(self, stream: TextIO, epochs: int) -> None:
        super().__init__(stream, epochs)
        self.waiting: list[str] = []
        self.next_show = 0.0
        self.values = ""
        self.next_values = 0.0
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
        speed = f"{progress.steps_per_second:,.0f} steps/s" if progress.steps_per_second else ""
        left = f"{show_seconds(progress.seconds_left)} left" if progress.seconds_left else ""
        self.bar.update(
            self.task,
            description=f"epoch {progress.epoch}/{progress.epochs}",
            completed=progress.step,
            total=progress.steps,
            shown=rendered("   ".join(part for part in (self.values_of(progress), speed, left) if part), False),
        )

    def values_of(self, progress: Progress) -> str:
        """The values so far, computed again in at most a twentieth of the time."""
        begun = time.monotonic()
        if begun >= self.next_values or progress.step == progress.steps:
            self.values = show_values(progress.values())
            self.next_values = time.monotonic() + 20 * (time.monotonic() - begun)
        return self.values

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


class Several:
    """An observer that forwards to several others, in order."""

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers

    def fitted(self, fitted: Fitted) -> None:
        for observer in self.observers:
            observer.fitted(fitted)

    def compiled(self, seconds: float) -> None:
        for observer in self.observers:
            observer.compiled(seconds)

    def progress(self, progress: Progress) -> None:
        for observer in self.observers:
            observer.progress(progress)

    def epoch(self, record: EpochRecord, snapshot: Callable[[], Snapshot]) -> None:
        for observer in self.observers:
            observer.epoch(record, snapshot)

    def unscored(self, record: EpochRecord, monitor: str) -> None:
        for observer in self.observers:
            observer.unscored(record, monitor)

    def reduced(self, rate: float, monitor: str, epochs: int) -> None:
        for observer in self.observers:
            observer.reduced(rate, monitor, epochs)

    def interrupted(self, snapshot: Callable[[], Snapshot]) -> None:
        for observer in self.observers:
            observer.interrupted(snapshot)
