"""Windows: the value of `data.windows`, how a series is cut into pairs of a context and the horizon behind it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

END, PREVIOUS = "end", "previous"
"""What becomes of a gap: it ends windows; and what missing rows are filled with: the values of the row before."""
ANY = "any"
"""The value of `freq` that says that each row follows the one before it, whatever time lies between."""
UNITS = {
    "microsecond": ("us",),
    "millisecond": ("ms",),
    "second": ("s", "sec"),
    "minute": ("min",),
    "hour": ("h",),
    "day": ("d",),
    "week": ("w",),
    "month": ("mo",),
    "year": ("y",),
}
"""How `freq` writes each unit of time; messages show the first."""
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
MICROSECONDS = {"microsecond": 1, "millisecond": 1000, **{name: 1_000_000 * count for name, count in SECONDS.items()}}
MONTHS = {"month": 1, "year": 12}
SpanName = Literal["context", "horizon", "next", "static"]


class Step(NamedTuple):
    """How far each row of a series is from the one before it: so many microseconds or months, or so much of a number."""

    amount: float
    unit: Literal["microsecond", "month", "number"]

    def __str__(self) -> str:
        if self.unit == "number":
            return f"{self.amount:g}"
        units = MONTHS if self.unit == "month" else MICROSECONDS
        name = max((name for name, size in units.items() if self.amount % size == 0), key=lambda name: units[name])
        return f"{int(self.amount) // units[name]}{UNITS[name][0]}"


class Gaps(NamedTuple):
    """How rows that are missing between two of a series are filled, at most `limit` of them: each has the values of the row before
    it, but in these columns of `numbers`.
    """

    limit: int
    numbers: Mapping[str, float] = MappingProxyType({})


class WindowsSpec(NamedTuple):
    """`context` rows of a series, and the `horizon` rows behind them, as often as they fit, `stride` rows apart. A series is the
    rows with one value of the column `group_by`, in the order of the column `time`, `freq` apart; `freq` as it is written. Without
    `gaps`, missing rows end windows.
    """

    context: int
    horizon: int
    stride: int = 1
    time: str | None = None
    group_by: str | None = None
    freq: str | float | None = None
    gaps: Gaps | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The columns that it goes by, each with the key that names it."""
        named = {"group_by": self.group_by, "time": self.time}
        return {column: key for key, column in named.items() if column is not None}

    @property
    def size(self) -> int:
        """The number of rows of a window."""
        return self.context + self.horizon

    def steps(self, span: SpanName) -> int | None:
        """How many rows of a window are read over a span; None for one value, without an axis of its own."""
        return {"context": self.context, "horizon": self.horizon, "next": self.context, "static": None}[span]


def read_step(freq: Any) -> Step | None:
    """What `freq` says, which is not `any`; None where it is no step."""
    if isinstance(freq, int | float) and not isinstance(freq, bool):
        return Step(freq, "number") if 0 < freq < float("inf") else None
    found = re.fullmatch(r"(\d{0,9}) ?([a-z]+)", freq) if isinstance(freq, str) else None
    unit = next((name for name, words in UNITS.items() if found and found[2] in words), None)
    count = int(found[1] or 1) if found else 0
    if unit is None or not count:
        return None
    return Step(count * MONTHS[unit], "month") if unit in MONTHS else Step(count * MICROSECONDS[unit], "microsecond")
