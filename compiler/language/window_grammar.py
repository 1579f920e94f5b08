"""The grammar of windows: what may stand under `data.windows`, and `span` beside a reader."""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.shapes import Keys, Need, Shape, Value, integer, text
from modelc.compiler.language.windows import UNITS

EXAMPLE = "{context: 72, horizon: 24, time: date, group_by: store}"
FREQ = f"a number and a unit ({', '.join(words[0] for words in UNITS.values())}), a number alone for a column of numbers, or `any`"
LONGEST = 10**6
"""Rows of a context, or of a horizon."""


def as_windows(key: str, value: Any, spec: Mapping[str, Any]) -> str:
    """How windows of a length alone are written."""
    context = value if type(value) is int and value > 0 else "72"
    return f"write `{key}: {{context: {context}, horizon: 1}}`, the rows that the inputs and the targets read"


WINDOWS = Keys(
    "`windows`",
    {
        "context": integer("How many rows of a series the inputs read.", 1, LONGEST),
        "horizon": integer("How many rows behind the context the targets read.", 1, LONGEST),
        "stride": integer("How many rows one window begins behind another; by default 1.", 1, LONGEST),
        "time": text(
            "The column by which the rows of a series are ordered: numbers, or dates as ISO 8601 writes them."
        ),
        "group_by": text("The column whose equal values make a series; without it all rows are one."),
        "freq": Value(
            {"type": ["string", "number"]},
            f"How far one row is from the next: {FREQ}; by default the distance that is found most often.",
        ),
    },
    (
        Need(("context",), f"write `windows: {EXAMPLE}`"),
        Need(("horizon",), "add `horizon: 1`, the rows behind the context that the targets read"),
        Need(("time",), "add `time: date`, the column that `freq` is about, or remove `freq`", beside="freq"),
    ),
    f"How series are cut into windows: `{EXAMPLE}`.",
    help=as_windows,
)
SPANS: Mapping[str, Shape] = {
    "span": Value(
        {"type": "string", "enum": ["context", "horizon", "static"]},
        "With `windows`, what is read of one: the context, the horizon for what is known ahead, or one value a series.",
    )
}
"""What may stand beside the reader of an input, of a target, or of the sample weights."""
