"""The progress of a training in words: numbers, values and times as the lines of epochs have them, in a terminal and in a notebook."""

import time
from collections.abc import Iterable, Mapping

from modelc.compiler.binding.task import is_of_class
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.render.printable import printable
from modelc.runtime.training.observer import EpochRecord, Outcome, Progress

BEST = "   best"
"""What the line of an epoch ends with that was never better before."""
WIDE = 160
"""Characters of a line that is not printed on a terminal, and may still be read as one."""


def show_number(value: float) -> str:
    """Four significant digits, enough to compare epochs."""
    return f"{value:.4f}" if 0.001 <= abs(value) < 1000 or value == 0 else f"{value:.3e}"


def show_values(values: Mapping[str, float], monitor: str = "", room: int | None = None) -> str:
    """`train: loss 0.2101, accuracy 0.9375   validation: loss 0.1802, accuracy 0.9501`, without values of classes, which would be too
    many, but for the `monitor`.

    Where that is longer than the `room`, in characters: the monitor, what else there is room for, of this the total losses first and
    then the rows of the monitor, and how many more there are.
    """
    keys = keys_shown(values, monitor)
    whole = in_parts(values, keys)
    if room is None or len(whole) <= room:
        return whole
    part = f"{monitor.partition('/')[0]}/"

    def weight(key: str) -> tuple[bool, ...]:
        return key == monitor, key.partition("/")[2] == "loss", key.startswith(part)

    chosen, text = set[str](), ""
    for key in sorted(keys, key=weight, reverse=True):
        chosen.add(key)
        longer = f"{in_parts(values, [one for one in keys if one in chosen])}   and {len(keys) - len(chosen):,} more"
        if text and len(longer) > room:
            break
        text = longer
    return text


def keys_shown(values: Mapping[str, float], monitor: str) -> list[str]:
    """The keys of the values that are shown, where there is room for all."""
    return [key for key in values if key == monitor or not is_of_class(key, values)]


def in_parts(values: Mapping[str, float], keys: Iterable[str]) -> str:
    """The values of `keys`, by the part of the rows that they are of."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        part, _, name = key.partition("/")
        groups.setdefault(part, []).append(f"{name} {show_number(values[key])}")
    return "   ".join(f"{part}: {', '.join(shown)}" for part, shown in groups.items())


def best_lines(values: Mapping[str, float], monitor: str, begin: str, room: int | None) -> list[str]:
    """The values of the best epoch behind the `begin` of their line; where they are wider than the `room`, or than a terminal mostly is,
    those of each part and of each output in a line of their own.
    """
    keys = keys_shown(values, monitor)
    whole = f"{begin}:   {in_parts(values, keys)}"
    if len(whole) <= (room or WIDE):
        return [whole]
    lines = dict[str, list[str]]()
    for key in keys:
        # What is of an output has its name before it: `train/kind/accuracy`.
        *before, name = key.split("/")
        lines.setdefault("/".join(before), []).append(f"{name} {show_number(values[key])}")
    width = max(map(len, lines))
    return [
        f"{begin}: {show_number(values[monitor])}",
        *(f"  {of:<{width}}  {', '.join(said)}" for of, said in lines.items()),
    ]


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


def counted_of(epoch: int, epochs: int) -> str:
    """` 3/20`; the epoch alone where it is not known how many there are, 0."""
    return f"{epoch:>{len(str(epochs))}}/{epochs}" if epochs else str(epoch)


def epoch_text(record: EpochRecord, epochs: int, monitor: str = "", width: int | None = None) -> str:
    """The line of an epoch, with the value of the `monitor`; values are left out where it is wider than `width`, if there is one."""
    phase = f"   {printable(record.phase)}" if record.phase else ""
    begin = f"epoch {counted_of(record.epoch, epochs)}{phase}   "
    skipped = f"   {counted(record.skipped, 'update')} skipped" if record.skipped else ""
    end = f"{skipped}   {show_seconds(record.seconds)}{BEST if record.best else ''}"
    room = None if width is None else width - len(begin) - len(end)
    return f"{begin}{show_values(record.values, monitor, room)}{end.removesuffix(BEST)}"


def unscored_text(record: EpochRecord, monitor: str) -> str:
    """That the monitor is NaN in an epoch, and what follows."""
    follows = "such an epoch is never the best, and `early_stopping` does not count it"
    return f"`{monitor}` is NaN in epoch {record.epoch}: {follows}"


def reduced_text(rate: float, why: str) -> str:
    """That the learning rate is lower from here on, and why."""
    return f"learning rate {rate:.3g}: {why}"


def ended_text(outcome: Outcome, epochs: int, seconds: float) -> str:
    """`finished 20 epochs; 42 s`: why a training of so many epochs ended, and how long it took."""
    done = counted(epochs, "epoch")
    reason = {
        "finished": f"finished {done};",
        "early_stopping": f"stopped early after {done}, {outcome.impatience};",
        "interrupted": f"interrupted at step {outcome.step:,}, the weights are saved;",
    }[outcome.reason]
    return f"{reason} {show_seconds(seconds)}"


def best_of(best: EpochRecord, monitor: str, room: int | None) -> list[str]:
    """Which epoch was the best by `monitor`, and its values, as `best_lines` has them."""
    return best_lines(best.values, monitor, f"best epoch {best.epoch} by {monitor}", room)


class LiveText:
    """What is known inside an epoch, as one line: the values so far, the speed and the time that is left."""

    def __init__(self) -> None:
        self.values = ""
        self.next_values = 0.0

    def of(self, progress: Progress) -> str:
        speed = f"{progress.steps_per_second:,.0f} steps/s" if progress.steps_per_second else ""
        left = f"{show_seconds(progress.seconds_left)} left" if progress.seconds_left else ""
        return "   ".join(part for part in (self.values_of(progress), speed, left) if part)

    def values_of(self, progress: Progress) -> str:
        """The values so far, computed again in at most a twentieth of the time."""
        begun = time.monotonic()
        if begun >= self.next_values or progress.step == progress.steps:
            self.values = show_values(progress.values())
            self.next_values = time.monotonic() + 20 * (time.monotonic() - begun)
        return self.values
